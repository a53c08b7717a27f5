#pragma once

#include <yaml-cpp/yaml.h>

#include <filesystem>
#include <string>

#include "job_value.hpp"
#include "pecia/base/error.hpp"

namespace pecia::app {

/// The text of a job file; `UsageError` for what cannot be one.
[[nodiscard]] std::string read_job_file(const std::filesystem::path& file);
/// The one YAML document in it; `UsageError`.
[[nodiscard]] YAML::Node parse_job(const std::string& text, const JobOrigin& origin);
/// yaml-cpp's message, with place and name of what is not YAML.
[[nodiscard]] UsageError not_yaml(const YAML::Exception& error, const JobOrigin& origin);

}  // namespace pecia::app
