#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "pecia/store/run.hpp"

namespace pecia::store {

/// A shard or journal segment that must be there: the name without folder. Without rows: of a segment that
/// was given up after a failure to write, of which nothing is promised.
struct LedgerFile {
  std::string name;
  std::uint64_t rows = 0, bytes = 0;
};

/// What rank 0 of a job wrote down of it in `epoch/<N>/ledger.json`: first when it knew what was to be
/// read, again at its end. Names that a later listing lacks are lost or not seen yet (NFS).
struct Ledger {
  std::uint32_t epoch = 0;
  std::uint32_t ranks = 1;
  std::string host, slurm_job, slurm_restart;
  std::uint64_t pages = 0;          ///< of the manifest
  std::uint64_t done_at_start = 0;  ///< of them
  std::uint64_t done = 0;           ///< the same at the end; at the start as `done_at_start`
  std::string end;                  ///< complete, unfinished, failed, repaired; empty: it has not ended in order
  std::vector<LedgerFile> shards, segments;
  std::vector<LedgerFile> manifest;  ///< its segments, without rows
};

/// The segments of the manifest as they are now.
[[nodiscard]] std::vector<LedgerFile> list_manifest(const RunPaths& run);
/// Whole and renamed. By the holder of `ledger.epoch` alone.
void write_ledger(const RunPaths& run, const Ledger& ledger);
/// Nothing if that job wrote none; throws `Error` if it is damaged.
[[nodiscard]] std::optional<Ledger> read_ledger(const RunPaths& run, std::uint32_t epoch);
/// Of the newest job that wrote one; one that is damaged counts as none.
[[nodiscard]] std::optional<Ledger> newest_ledger(const RunPaths& run);
/// The newest jobs, counted back from the newest epoch, that began with as many pages done as there
/// are now, or ended before they knew: how often the run was started without progress. Repairs are no starts.
/// `slurm_job`: if not empty, jobs before this one are not counted, so that who mends what was wrong gets as many tries again.
[[nodiscard]] std::uint32_t starts_without_progress(const RunPaths& run, std::uint64_t done_now,
                                                    const std::string& slurm_job = {});

}  // namespace pecia::store
