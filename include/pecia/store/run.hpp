#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace pecia::store {

/// The names inside a run directory (docs/formats.md).
struct RunPaths {
  std::filesystem::path root;
  [[nodiscard]] std::filesystem::path job() const { return root / "run.yaml"; }
  [[nodiscard]] std::filesystem::path manifest() const { return root / "manifest"; }
  [[nodiscard]] std::filesystem::path epochs() const { return root / "epoch"; }
  [[nodiscard]] std::filesystem::path journal() const { return root / "journal"; }
  [[nodiscard]] std::filesystem::path shards() const { return root / "shards"; }
  [[nodiscard]] std::filesystem::path corpus_index() const { return root / "corpus.h5"; }
  [[nodiscard]] std::filesystem::path status() const { return root / "status.json"; }
  [[nodiscard]] std::filesystem::path cost_model() const { return root / "cost_model.json"; }
  [[nodiscard]] std::filesystem::path lock() const { return root / "lock.json"; }
};

/// HDF5 locks files by flock, which some shared file systems refuse; the run's own lock guards it.
/// For `main`, before it starts threads: HDF5 reads this from the environment when it is first used,
/// for the sources of virtual datasets too.
void turn_off_hdf5_locking();

/// Makes the run directory and its folders (umask kept), and commits their names. `UsageError` where it
/// cannot be written, with the cause and the path; `StorageError` where there is no room.
void create_run_directory(const RunPaths& run);

/// What the outcomes of the run take so far.
[[nodiscard]] std::uint64_t journal_and_shard_bytes(const RunPaths& run);

/// Takes the next epoch by mkdir (atomic on NFS too): greater than any before.
[[nodiscard]] std::uint32_t take_next_epoch(const RunPaths& run);
/// The newest epoch there is, 0 if none.
[[nodiscard]] std::uint32_t newest_epoch(const RunPaths& run);

/// Whether no newer job has taken the run. A listing that lacks `epoch` is stale (NFS) and tells of none.
[[nodiscard]] bool is_newest(const RunPaths& run, std::uint32_t epoch);
/// Before a file that has one writer is replaced: throws `Error` unless `is_newest`.
void check_newest(const RunPaths& run, std::uint32_t epoch);

/// Ranks whose launcher died live up to 2 s longer and may still write (seen): so long whoever takes a
/// run over waits.
constexpr std::chrono::seconds orphans_end{5};

/// Who holds a run, as written in lock.json.
struct Holder {
  std::string host, boot_id;
  std::int64_t pid = 0;
  std::uint64_t pid_start = 0;   ///< field 22 of /proc/<pid>/stat
  std::string slurm_job, slurm_step, slurm_restart;
  std::uint64_t folder = 0;      ///< inode of the run directory; another one is a copy. 0: not known
  std::uint64_t counter = 0;     ///< renewed every 5 s by its holder
  [[nodiscard]] std::string description() const;  ///< "host h1, pid 123, Slurm job 45"
};
/// Who holds the run now, by the file alone.
[[nodiscard]] std::optional<Holder> read_holder(const RunPaths& run);
/// What this host's process table shows of a holder; nothing of one elsewhere.
enum class HolderLife { unknown, alive, ended };
[[nodiscard]] HolderLife life_here(const Holder& holder);

struct LockSettings {
  bool break_lock = false;
  double renew_s = 5;
  double takeover_s = 60;  ///< of our own clock, without change of the counter
  double settle_s = .5;  ///< two jobs that take it over at once both rename their file into place; the one still there after this has it
  /// Called about once a second while waiting whether the holder still lives; return false to give up.
  std::function<bool(const std::string& message)> waiting;
};

/// The lock on a run, without flock: see design.md, "The lock". Renewed by a thread of its own.
class RunLock {
 public:
  /// Throws `UsageError` naming the holder's host, pid and Slurm job if the run is held by a living
  /// job. Dead holders (same boot id and pid gone; earlier step or restart of the same Slurm job; no
  /// renewal for `takeover_s`) are recognised and taken over from.
  RunLock(const RunPaths& run, const LockSettings& settings);
  ~RunLock();  ///< removes the lock if it is still ours
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

  /// Somebody broke the lock: nothing more may be written to one-writer files.
  [[nodiscard]] bool lost() const noexcept;
  /// The former holder's launcher died (not a clean end): its ranks may live up to 2 s longer.
  [[nodiscard]] bool taken_over() const noexcept;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::store
