#pragma once

#include <string>

#include "pecia/app/job.hpp"

namespace pecia::app {

/// Reads `passwords.file`, if the job names one, into the job: by those alone who open documents,
/// since a run's own job names the file, too. Returns a warning, or "". Throws `UsageError` with
/// file and line, and never what stands there.
[[nodiscard]] std::string read_password_file(Job& job);

}  // namespace pecia::app
