#include <fmt/format.h>
#include <sys/stat.h>

#include <filesystem>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/writer.hpp"
#include "shard.hpp"

// What earlier jobs left in journal/ and shards/.
namespace pecia::store {
namespace {

namespace fs = std::filesystem;

/// Writes the whole records of a segment as a shard, if there are any and `accept` agrees.
void seal_segment(const fs::path& segment, const fs::path& shard, Provenance provenance,
                  const std::function<void(const Replay&)>& accept) {
  struct stat file {};
  if (::stat(segment.c_str(), &file) == 0) provenance.ended_s = file.st_mtim.tv_sec;
  ShardWriter writer;
  const auto replay = replay_segment(segment, [&](Record&& record, std::uint64_t, std::uint32_t) { writer.add(record); });
  accept(replay);
  const auto sealed = segment.filename().string();
  if (!writer.empty()) writer.write(shard, provenance, {&sealed, 1});
}

/// What is still known of who wrote a segment: its name, and what rank 0 wrote down of that job.
Provenance provenance_of(const RunPaths& run, const std::string& segment, Provenance provenance) {
  const auto name = parse_segment_name(segment);
  if (!name) return provenance;
  provenance.epoch = name->epoch;
  provenance.rank = name->rank;
  try {
    if (const auto ledger = read_ledger(run, provenance.epoch)) {
      provenance.slurm_job = ledger->slurm_job;
      provenance.slurm_restart = ledger->slurm_restart;
    }
  } catch (const Error& error) {
    log::warning("{}: which Slurm job wrote {} is not known", error.what(), segment);
  }
  return provenance;
}

/// Damage costs the records behind it and not the run: their pages are read again. Whether the
/// segment was whole.
bool seal_leftover(const fs::path& segment, const fs::path& shard, const Provenance& provenance,
                   std::uint64_t& rescued) {
  bool damaged = false;
  const auto name = segment.filename().string();
  seal_segment(segment, shard, provenance, [&](const Replay& replay) {
    if (replay.other_version)
      throw Error{fmt::format("the journal segment {} was {}. Let that version finish the run",
                              name, replay.problem)};
    damaged = !replay.problem.empty();
    if (damaged)
      log::error(
          "the journal segment {} is damaged: {}. What stands before that is kept, the other pages "
          "are read again; "
          "the file stays as {}.damaged",
          name, replay.problem, name);
    if (replay.torn_bytes > 0)
      log::warning(
          "{}: the last {} bytes were cut off in writing and are dropped; no committed page was in "
          "them",
          name, replay.torn_bytes);
    rescued += replay.records;
  });
  if (damaged)
    rename_file(segment, segment.string() + ".damaged");
  else
    remove_file(segment);
  return !damaged;
}

/// What processes that were killed in writing left behind, and checksums of shards that never came.
void remove_parts(const RunPaths& run) {
  std::error_code ignored;
  for (const auto& folder : {run.root, run.manifest(), run.shards()}) {
    for (const auto& entry : fs::directory_iterator{folder, ignored}) {
      const auto& file = entry.path();
      // That of the lock is being written, by ourselves.
      const bool part = file.extension() == ".part" && !file.filename().string().starts_with(run.lock().filename().string());
      const bool sum_alone = file.extension() == ".sum" && !fs::exists(fs::path{file}.replace_extension(), ignored);
      if (part || sum_alone) fs::remove(file, ignored);
    }
  }
}

}  // namespace

std::uint64_t seal_leftovers(const RunPaths& run, std::uint32_t epoch, const Provenance& provenance) {
  std::uint64_t rescued = 0;
  std::uint32_t number = 0;
  remove_parts(run);
  // A shard that is seen here may have been named just before its writer was killed.
  sync_folder(run.shards());
  for (const auto& name : list_segments(run)) {
    const auto segment = run.journal() / name;
    // Its own shard, of a rank that was killed before it deleted the segment.
    const auto own_shard = (run.shards() / name).replace_extension(".h5");
    const bool has_shard = fs::exists(own_shard);
    if (has_shard && problem_of_sum(own_shard).empty()) {
      remove_file(segment);
      continue;
    }
    fs::path shard;
    do shard = run.shards() / fmt::format("{:06}-r-{:05}.h5", epoch, ++number);
    while (fs::exists(shard));  // of a try before, which a full disk ended
    const bool whole = seal_leftover(segment, shard, provenance_of(run, name, provenance), rescued);
    if (has_shard && whole) {
      log::warning("the shard {} did not match its checksum; it is made anew from its journal", own_shard.string());
      remove_file(own_shard);
      remove_file(own_shard.string() + ".sum");
    }
  }
  return rescued;
}

}  // namespace pecia::store
