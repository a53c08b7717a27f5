#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pecia/store/in_flight.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/record.hpp"
#include "pecia/store/run.hpp"

namespace pecia::store {

/// Where shards come from: written as attributes into each of them.
struct Provenance {
  std::string job_name, engine, engine_fingerprint;
  std::string host, slurm_job, slurm_step = {}, slurm_restart = {};
  // Of the records, set by who seals them; times in s since 1970, 0: not known.
  std::uint32_t epoch = 0, rank = 0;
  std::int64_t begun_s = 0, ended_s = 0;
};

struct WriterSettings {
  RunPaths run;
  std::uint32_t epoch = 0;
  std::uint32_t rank = 0;
  std::uint32_t shard_pages = 4096;  ///< a segment with so many records is sealed
  double shard_age_s = 3600;         ///< or one that is so old
  Provenance provenance;
};

/// What a rank wrote in its job.
struct Written {
  std::vector<LedgerFile> shards;
  std::vector<LedgerFile> segments;  ///< that are not sealed
  std::uint64_t rows = 0;            ///< committed outcomes in both
};

/// One rank's journal and shards. Used by one thread (HDF5 too).
///
/// Every failure to write is a `StorageError` that names the file and the cause. It gives the file up,
/// and loses nothing: outcomes without a good fsync behind them are kept in memory, and the next `sync`
/// writes all of them into a new segment. Until then nothing else touches the disk. A segment that was
/// given up keeps what it has committed, and is sealed like the others.
class Writer {
 public:
  explicit Writer(WriterSettings settings);
  ~Writer();  ///< closes without sealing; never throws

  /// Appends to the journal segment; committed once `sync` returned.
  /// Throws `Error` for a reading that makes no sense.
  void append(const PageKey& key, std::uint32_t generation, const result::PageOutcome& outcome);
  /// A page was begun: it is in flight until its outcome is appended or it is released. Written at
  /// once and not synced: it is for whoever finds the journal of a rank that was killed.
  void started(const PageKey& key, std::uint32_t generation, bool alone);
  /// Pages given back unread: the rank's end has nothing to do with them.
  void released(std::span<const PageKey> keys);
  /// Everything that is in flight.
  void release_all();
  /// The same, and it is on record that this rank lived to be told to stop: another that died did so by itself.
  void told_to_stop();
  /// fsync. All appended records are committed. No-op if there is nothing new.
  void sync();
  /// Seals the segment if it is due, and what could not be sealed before: shard written, fsynced,
  /// renamed, segment deleted.
  void seal_if_due();
  /// Syncs, seals if asked to, and says what was written. May be called again where it failed.
  Written close(bool seal);
  /// Last call where the disk takes no more: forgets what is not committed. Never fails.
  Written abandon();
  /// Of outcomes, in the journal: what a page takes there on average; 0 before the first.
  [[nodiscard]] std::uint64_t bytes_per_page() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Seals the segments that earlier epochs left (dead or drained ranks): by rank 0 of a new epoch,
/// before any rank writes. A torn tail is dropped, with a warning that counts its bytes; a damaged
/// segment is kept as `*.damaged` once the records before the damage are sealed. Returns the number
/// of records rescued.
std::uint64_t seal_leftovers(const RunPaths& run, std::uint32_t epoch, const Provenance& provenance);

/// Writes corpus.h5 over all shards, whole and renamed, if `epoch` is still the newest. Compacts
/// small shards first until there are at most `max_sources`; sources of a compaction are deleted by
/// the next job (`delete_superseded`). `expected`: told by ranks, opened by name with retries (stale
/// listings on NFS); throws `Error` where one has other rows or another size than was told. Returns
/// the shards that it was made of.
std::vector<LedgerFile> bind_corpus(const RunPaths& run, std::uint32_t epoch,
                                    const std::vector<LedgerFile>& expected, std::size_t max_sources = 512);
/// Deletes shards that a compaction of an earlier job made superfluous.
void delete_superseded(const RunPaths& run);

}  // namespace pecia::store
