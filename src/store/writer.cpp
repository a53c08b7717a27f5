#include "pecia/store/writer.hpp"

#include <fmt/format.h>
#include <sys/stat.h>

#include <charconv>
#include <chrono>
#include <filesystem>
#include <optional>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/store/ledger.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::int64_t now_s() { return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count(); }

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
  const auto digits = [&](std::size_t at, std::size_t count) {
    std::uint32_t number = 0;
    if (segment.size() >= at + count) std::from_chars(segment.data() + at, segment.data() + at + count, number);
    return number;
  };
  provenance.epoch = digits(0, 6);
  provenance.rank = digits(7, 5);
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

/// Damage costs the records behind it and not the run: their pages are read again.
void seal_leftover(const fs::path& segment, const fs::path& shard, const Provenance& provenance,
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
    fs::rename(segment, segment.string() + ".damaged");
  else
    fs::remove(segment);
}

}  // namespace

struct Writer::State {
  WriterSettings settings;
  std::optional<SegmentWriter> segment;  ///< made with its first record
  Clock::time_point opened;
  std::int64_t begun_s = 0;  ///< the same, since 1970
  std::uint32_t next_number = 1;
  std::uint64_t sequence = 0;
  bool unsynced = false;
  bool failed = false;
  OpenPages open;
  Written written;

  template <class Do>
  void guarded(Do act) {
    require(!failed, "the journal was given up after a failure to write");
    failed = true;  // until it is known to have worked
    act();
    failed = false;
  }

  /// What is in flight stands at the head of each segment: the ones before it may be gone.
  SegmentWriter& current_segment() {
    if (!segment) {
      segment.emplace(settings.run.journal(), settings.epoch, settings.rank, next_number++);
      for (const auto& page : open.list()) segment->started(page);
    }
    return *segment;
  }

  void release(std::span<const PageKey> keys) {
    std::vector<PageKey> ended;
    for (const auto& key : keys) {
      if (open.end(key)) ended.push_back(key);
    }
    if (!ended.empty()) guarded([&] { current_segment().released(ended); });
  }

  void seal() {
    const auto number = next_number - 1;
    const auto path = segment->path();
    const auto records = segment->records();
    segment.reset();
    if (!open.empty()) current_segment();  // before the other is deleted
    auto provenance = settings.provenance;
    provenance.epoch = settings.epoch;
    provenance.rank = settings.rank;
    provenance.begun_s = begun_s;
    auto shard = fs::path{segment_name(settings.epoch, settings.rank, number)}.replace_extension(".h5");
    seal_segment(path, settings.run.shards() / shard, std::move(provenance),
                 [&](const Replay& replay) {
                   if (replay.records != records || !replay.problem.empty())
                     throw Error{
                         fmt::format("the journal segment {} has {} of the {} records written to "
                                     "it ({}). It is kept, for the "
                                     "next job; look at the disk",
                                     path.string(), replay.records, records,
                                     replay.problem.empty() ? "it is cut off" : replay.problem)};
                 });
    fs::remove(path);
    written.shards.push_back({shard.string(), records, fs::file_size(settings.run.shards() / shard)});
  }
};

Writer::Writer(WriterSettings settings) : state_{std::make_unique<State>()} { state_->settings = std::move(settings); }
Writer::~Writer() = default;

void Writer::append(const PageKey& key, std::uint32_t generation, const result::PageOutcome& outcome) {
  auto& s = *state_;
  s.guarded([&] {
    // Read back it would be refused, and its segment could not be sealed.
    if (const auto problem = result::problem_of(outcome.reading); !problem.empty())
      throw Error{fmt::format("the reading of document {} page {} by {} makes no sense: {}",
                              to_string(key.document), key.page, outcome.engine, problem)};
    auto& segment = s.current_segment();
    if (segment.records() == 0) {
      s.opened = Clock::now();
      s.begun_s = now_s();
    }
    Record record{key, {}, outcome};
    record.order = {generation,     outcome.state,   static_cast<std::uint32_t>(outcome.attempts.size()),
                    s.settings.epoch, s.settings.rank, s.sequence++};
    segment.append(record);
    s.open.end(key);
    s.unsynced = true;
    ++s.written.rows;
  });
}

void Writer::started(const PageKey& key, std::uint32_t generation, bool alone) {
  auto& s = *state_;
  const InFlightPage page{key, generation, alone};
  if (!s.open.start(page)) return;
  s.guarded([&] {
    const bool carried_over = !s.segment;
    auto& segment = s.current_segment();
    if (!carried_over) segment.started(page);
  });
}

void Writer::released(std::span<const PageKey> keys) { state_->release(keys); }

void Writer::release_all() { state_->release(state_->open.keys()); }

void Writer::sync() {
  auto& s = *state_;
  if (!s.unsynced) return;
  s.guarded([&] { s.segment->sync(); });
  s.unsynced = false;
}

void Writer::seal_if_due() {
  auto& s = *state_;
  if (!s.segment || s.segment->records() == 0) return;
  const std::chrono::duration<double> age = Clock::now() - s.opened;
  if (s.segment->records() < s.settings.shard_pages && age.count() < s.settings.shard_age_s) return;
  sync();
  s.guarded([&] { s.seal(); });
}

Written Writer::close(bool seal) {
  auto& s = *state_;
  if (s.segment && !s.failed) {
    release_all();
    sync();
    if (s.segment->records() == 0) {
      fs::remove(s.segment->path());
      s.segment.reset();
    } else if (seal) {
      s.guarded([&] { s.seal(); });
    }
  }
  if (s.segment) {
    // Of one that was given up nobody knows what is on disk.
    const auto& path = s.segment->path();
    s.written.segments.push_back({path.filename().string(), s.failed ? 0 : s.segment->records(),
                                  s.failed ? 0 : fs::file_size(path)});
  }
  s.segment.reset();
  return s.written;
}

std::uint64_t seal_leftovers(const RunPaths& run, std::uint32_t epoch, const Provenance& provenance) {
  std::uint64_t rescued = 0;
  std::uint32_t number = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{run.shards(), ignored}) {
    if (entry.path().extension() != ".part") continue;
    // Of a killed sealing, which had perhaps written the checksum already.
    const auto shard = fs::path{entry.path()}.replace_extension();
    if (shard.extension() == ".h5" && !fs::exists(shard)) fs::remove(shard.string() + ".sum", ignored);
    fs::remove(entry.path(), ignored);
  }
  for (const auto& name : list_segments(run)) {
    const auto path = run.journal() / name;
    // A shard of the same name holds these records already: it was killed before it deleted this one.
    const auto shard = run.shards() / fmt::format("{:06}-r-{:05}.h5", epoch, ++number);
    seal_leftover(path, shard, provenance_of(run, name, provenance), rescued);
  }
  return rescued;
}

}  // namespace pecia::store
