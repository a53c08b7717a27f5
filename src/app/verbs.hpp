#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace pecia::app {

/// `pecia plan JOB` as asked for on the command line.
struct PlanOptions {
  std::filesystem::path job_file;
  std::vector<std::string> overrides;  ///< "engine.threads=4"
  int ranks = 1;
  std::string engine;  ///< empty: the job's
  std::string within;  ///< "4h"; empty: any time
  bool json = false;
};

// The verbs that need no MPI; each prints to standard output and returns the exit status.

/// 0; 2 if there is no run.
[[nodiscard]] int status_verb(const std::filesystem::path& run);
/// 0 sound and complete, 3 sound with failed pages, 75 sound and unfinished (pages to read, or corpus.h5
/// to write), 1 damaged.
[[nodiscard]] int verify_verb(const std::filesystem::path& run);
/// 0; 3 if pages are failed or pending in what was written.
[[nodiscard]] int export_verb(const std::filesystem::path& run, const std::vector<std::string>& formats,
                              const std::filesystem::path& out);
/// Writes the pages that were read, with their evidence and seconds, as a trace that corpus.trace takes.
/// 0; documents with pages to read are left out, with a warning.
[[nodiscard]] int report_verb(const std::filesystem::path& run, const std::filesystem::path& trace);
/// 0; 2 for a job that could not run either, 75 if stopped while looking into documents.
[[nodiscard]] int plan_verb(const PlanOptions& options);
/// 0 if pecia can run here; 1 if something that it needs is missing. `folder`: where a run would be.
[[nodiscard]] int doctor_verb(const std::filesystem::path& folder);

}  // namespace pecia::app
