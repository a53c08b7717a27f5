#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "pecia/store/run.hpp"

namespace pecia::report {

/// What rank 0 writes to status.json about every 5 s and at the end, for `pecia status`.
struct Status {
  std::string state = "starting";  ///< starting, running, draining, complete, unfinished, failed
  std::string version, host, slurm_job, message;
  std::int64_t pid = 0;
  std::uint32_t epoch = 0;
  int ranks = 1;
  std::int64_t started_s = 0, written_s = 0;  ///< since 1970
  std::uint64_t documents = 0;
  std::uint64_t pages = 0;                 ///< of the manifest
  std::uint64_t done = 0;                  ///< of them, over all jobs
  std::map<std::string, std::uint64_t> by_state;
  std::map<std::string, std::uint64_t> by_reason;  ///< of failed and skipped pages
  std::map<std::string, std::string> examples;     ///< by reason, a page: "a.pdf page 12"
  double pages_per_s = 0;                  ///< of this job
  std::optional<double> left_s;            ///< expected, once it can be told
  /// A rank of this job, as it was last heard of.
  struct Rank {
    std::string host;
    double speed = 0;   ///< expected seconds of pages that it reads in a second
    double load_s = 0;  ///< expected time for what it has not started
    std::uint64_t queued = 0, held = 0, done = 0, failed = 0, memory_bytes = 0;
    std::string health = "good";  ///< good, no engine (it gets no pages), silent, dead
  };
  std::vector<Rank> per_rank;
  std::vector<std::string> warnings;  ///< about ranks, the last ones
  /// What the schedule did.
  struct Schedule {
    double idle_s = 0;      ///< of rank 0, from the manifest to its first page
    double makespan_s = 0;  ///< from the scatter to the last page known to be committed
    std::uint64_t steals = 0, stolen_pages = 0, copies = 0, duplicates = 0, messages = 0, heartbeats = 0;
  } schedule;
};

[[nodiscard]] std::string to_json(const Status& status);
[[nodiscard]] Status from_json(const std::string& json);  ///< throws `Error`
void write_status(const store::RunPaths& run, const Status& status);
/// Nothing if there is none yet; throws `Error` if it is damaged.
[[nodiscard]] std::optional<Status> read_status(const store::RunPaths& run);

/// The job has said its last word.
[[nodiscard]] bool is_final(const Status& status);

/// "1,234 of 5,678 pages (21.7 %)  1.44 pages/s  51 min left  3 failed" for a terminal or the log.
[[nodiscard]] std::string progress_line(std::uint64_t done, std::uint64_t pages, std::uint64_t failed,
                                        double pages_per_s, std::optional<double> left_s);
/// "51 min", "2 h 5 min", "12 s".
[[nodiscard]] std::string duration_text(double seconds);

}  // namespace pecia::report
