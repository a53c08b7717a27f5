#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/corpus/manifest.hpp"
#include "pecia/report/status.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/run.hpp"

namespace pecia::report {

/// What Slurm says of a job.
struct SlurmJob {
  std::string job;
  std::string state;   ///< RUNNING, PENDING, ...; empty: Slurm no longer knows the job
  std::string reason;  ///< why it waits or ended so; empty where there is none
  std::string nodes;
  std::optional<std::uint32_t> restarts;
};
/// A line of `scontrol -o show job`; nothing if it is none.
[[nodiscard]] std::optional<SlurmJob> parse_scontrol(std::string_view line);
/// A line of `squeue -h -o "%i|%T|%r|%N"`, which has no restarts; nothing if it is none.
[[nodiscard]] std::optional<SlurmJob> parse_squeue(std::string_view line);

/// Pages of a run by how they ended.
struct Counts {
  struct Why {
    std::string reason;
    std::uint64_t pages = 0;
    std::string example;  ///< "a.pdf page 12"
  };
  std::uint64_t documents = 0, pages = 0, done = 0;
  std::map<std::string, std::uint64_t> by_state;
  std::vector<Why> by_reason;  ///< of failed and skipped pages, the most frequent first
  bool from_files = true;      ///< otherwise they are what the job wrote to status.json
};

[[nodiscard]] Counts count_pages(const corpus::Manifest& manifest, const store::Contents& contents);

/// What can be told of a run from its files.
struct Overview {
  store::RunPaths run;
  /// none (no job yet), starting, running, draining, complete, unfinished, failed, killed (the last
  /// job ended without a word), stale (its job is on another host and silent: it may be dead).
  std::string state;
  bool running = false;  ///< a job works on it now
  std::string life;      ///< the same in words
  std::optional<double> silent_s;  ///< since status.json was written
  std::optional<std::uint64_t> lock_counter;  ///< renewed every 5 s while the holder lives
  Counts counts;
  double pages_per_s = 0;           ///< of the job that runs, else 0
  std::optional<double> left_s;     ///< the same
  std::uint32_t epoch = 0;          ///< of the newest job
  std::uint32_t starts = 0;         ///< jobs so far
  std::uint32_t starts_without_progress = 0;  ///< the newest of them
  std::string slurm_job;            ///< of the newest job, empty outside Slurm
  std::optional<SlurmJob> slurm;    ///< for the caller to fill in
  std::string ranks;                ///< lines on ranks that are out of order
  std::string costs;                ///< lines on the cost model
  std::string problems;             ///< lines on damaged files
};

/// Up to this many pages are counted from manifest, shards and journals in less than a second. Of larger
/// runs status.json is believed where a job lives that writes it, or ended in order and left the files
/// that it wrote down.
constexpr std::uint64_t always_counted_pages = 50'000;

/// At any time, also while a job writes.
[[nodiscard]] Overview look_at(const store::RunPaths& run, std::int64_t now_s,
                               std::uint64_t always_counted = always_counted_pages);
/// What `pecia status RUN` prints.
[[nodiscard]] std::string status_text(const Overview& overview);
/// The same for scripts (docs/formats.md): a key a line.
[[nodiscard]] std::string overview_json(const Overview& overview);

}  // namespace pecia::report
