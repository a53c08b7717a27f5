#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pecia/store/run.hpp"

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

/// `pecia simulate` as asked for on the command line.
struct SimulateOptions {
  std::filesystem::path job_or_run;    ///< empty: `synthetic` needs none
  std::string synthetic;               ///< "pages=1e6,loops=0.03"
  bool made_up = false;                ///< `synthetic` was given, if empty
  std::filesystem::path write_trace;   ///< the synthetic corpus, to be replayed
  std::vector<std::string> overrides;  ///< "schedule.stealing=off"
  int ranks = 1;
  int threads = 0;  ///< pages that a rank reads at once; 0: the job's engine.threads, or 1
  std::vector<std::string> slow, stop, lose_engine;
  std::string speeds;       ///< "1,1,0.5"; empty: all 1
  double speed_spread = 0;  ///< standard deviation of ln(speed)
  std::uint32_t seed = 1;
  double latency_us = 20, bandwidth_gb_s = 1;
  std::filesystem::path timeline;
  bool json = false;
};

/// `pecia verify` as asked for on the command line.
struct VerifyVerbOptions {
  std::filesystem::path run;  ///< or the job file that names it
  bool deep = false, repair = false, break_lock = false;
};

/// `pecia read FILE...` as asked for on the command line.
struct ReadVerbOptions {
  std::vector<std::filesystem::path> files;
  std::string pages;               ///< "3-5,8"; empty: all
  std::filesystem::path job_file;  ///< empty: defaults
  std::string engine;              ///< empty: the job's, or tesseract
  std::vector<std::string> overrides;
  std::string format = "txt";      ///< or md, json
};

/// The exit status of a verb that reads pages, or looks at those of a run, where some of them failed.
inline constexpr int some_failed_status = 3;
/// Of a list that a verb prints; of the rest, their number is.
inline constexpr std::size_t documents_listed = 20;

/// The run that a folder is, or that a job file names; throws `UsageError` if there is none.
[[nodiscard]] store::RunPaths existing_run(const std::filesystem::path& named);

// The verbs that need no MPI; each prints to standard output and returns the exit status.

/// 0; 2 if there is no run. `with_slurm`: also what Slurm says of the job.
[[nodiscard]] int status_verb(const std::filesystem::path& run, bool json, bool with_slurm);
/// 0 sound and complete, 3 sound with failed pages, 75 sound and unfinished (pages to read, or corpus.h5
/// to write), 1 damaged. With `repair`: of the run as it then is.
[[nodiscard]] int verify_verb(const VerifyVerbOptions& options);
/// Writes the pages that were read, with their evidence and seconds, as a trace that corpus.trace takes.
/// 0; documents with pages to read are left out, with a warning.
[[nodiscard]] int report_verb(const std::filesystem::path& run, const std::filesystem::path& trace);
/// 0 every page was read; 3 if some page failed, or a file has none; 75 if stopped; 1 if the engine was lost;
/// 2 as for `plan_verb`. What was read until then is printed in every case.
[[nodiscard]] int read_verb(const ReadVerbOptions& options);
/// 0; 2 for a job that could not run either, 75 if stopped while looking into documents.
[[nodiscard]] int plan_verb(const PlanOptions& options);
/// 0, whatever becomes of the simulated run; 1 if it did not end; 2 as for `plan_verb`.
[[nodiscard]] int simulate_verb(const SimulateOptions& options);
/// 0 if pecia can run here; 1 if something that it needs is missing. `folder`: where a run would be;
/// `weights`: of deepseek_ocr2, to read and check whole, or empty.
[[nodiscard]] int doctor_verb(const std::filesystem::path& folder, const std::string& weights);

}  // namespace pecia::app
