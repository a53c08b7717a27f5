#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pecia/comm/communicator.hpp"

namespace pecia::app {

/// `pecia run JOB` as asked for on the command line.
struct RunOptions {
  std::filesystem::path job_file;
  std::vector<std::string> overrides;   ///< "engine.threads=4"
  bool dry_run = false;                 ///< stop after the manifest
  std::vector<std::string> retry;       ///< "failed" or names of reasons; empty: no retry
  std::vector<std::string> documents;   ///< globs that limit the retry
  bool accept_job = false;              ///< a changed job applies to unread pages
  bool break_lock = false;
};

/// Runs or resumes a job on these ranks; collective. Returns the exit status of this rank: rank 0's
/// is that of the run (0, 3, 75, 2, 1), the others' 0 unless the run failed to begin.
[[nodiscard]] int run_job(comm::Communicator& comm, const RunOptions& options);

}  // namespace pecia::app
