#pragma once

#include <optional>
#include <string>

#include "pecia/report/overview.hpp"

namespace pecia::app {

/// What Slurm says of a job, by scontrol, or squeue where that does not answer; within 5 s. Nothing
/// where there is no Slurm, or it does not answer.
[[nodiscard]] std::optional<report::SlurmJob> ask_slurm(const std::string& job);

}  // namespace pecia::app
