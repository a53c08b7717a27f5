#include "pecia/store/writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

/// Writes the records of a segment as a shard; nothing to write is no shard. Returns their number.
std::uint64_t seal_segment(const fs::path& segment, const fs::path& shard, const Provenance& provenance) {
  ShardWriter writer;
  const auto replay = replay_segment(segment, [&](Record&& record, std::uint64_t, std::uint32_t) { writer.add(record); });
  if (!replay.problem.empty())
    throw Error{fmt::format("the journal segment {} is damaged: {}. It is kept; `pecia verify` says what is lost",
                            segment.string(), replay.problem)};
  if (replay.torn_bytes > 0)
    log::warning("{}: the last {} bytes were cut off in writing and are dropped; no committed page was in them",
                 segment.filename().string(), replay.torn_bytes);
  const auto sealed = segment.filename().string();
  if (!writer.empty()) writer.write(shard, provenance, {&sealed, 1});
  return writer.rows();
}

}  // namespace

struct Writer::State {
  WriterSettings settings;
  std::optional<SegmentWriter> segment;  ///< made with its first record
  Clock::time_point opened;
  std::uint32_t next_number = 1;
  std::uint64_t sequence = 0;
  bool unsynced = false;
  bool failed = false;
  Written written;

  template <class Do>
  void guarded(Do act) {
    require(!failed, "the journal was given up after a failure to write");
    failed = true;  // until it is known to have worked
    act();
    failed = false;
  }

  void seal() {
    const auto number = next_number - 1;
    const auto path = segment->path();
    segment.reset();
    auto shard = fs::path{segment_name(settings.epoch, settings.rank, number)}.replace_extension(".h5");
    seal_segment(path, settings.run.shards() / shard, settings.provenance);
    fs::remove(path);
    written.shards.push_back(shard.string());
  }
};

Writer::Writer(WriterSettings settings) : state_{std::make_unique<State>()} { state_->settings = std::move(settings); }
Writer::~Writer() = default;

void Writer::append(const PageKey& key, std::uint32_t generation, const result::PageOutcome& outcome) {
  auto& s = *state_;
  s.guarded([&] {
    if (!s.segment) {
      s.segment.emplace(s.settings.run.journal(), s.settings.epoch, s.settings.rank, s.next_number++);
      s.opened = Clock::now();
    }
    Record record{key, {}, outcome};
    record.order = {generation,     outcome.state,   static_cast<std::uint32_t>(outcome.attempts.size()),
                    s.settings.epoch, s.settings.rank, s.sequence++};
    s.segment->append(record);
    s.unsynced = true;
    ++s.written.rows;
  });
}

void Writer::sync() {
  auto& s = *state_;
  if (!s.unsynced) return;
  s.guarded([&] { s.segment->sync(); });
  s.unsynced = false;
}

void Writer::seal_if_due() {
  auto& s = *state_;
  if (!s.segment) return;
  const std::chrono::duration<double> age = Clock::now() - s.opened;
  if (s.segment->records() < s.settings.shard_pages && age.count() < s.settings.shard_age_s) return;
  sync();
  s.guarded([&] { s.seal(); });
}

Written Writer::close(bool seal) {
  auto& s = *state_;
  if (s.segment && !s.failed) {
    sync();
    if (seal) s.guarded([&] { s.seal(); });
  }
  if (s.segment) s.written.segments.push_back(s.segment->path().filename().string());
  s.segment.reset();
  return s.written;
}

std::uint64_t seal_leftovers(const RunPaths& run, std::uint32_t epoch, const Provenance& provenance) {
  std::uint64_t rescued = 0;
  std::uint32_t number = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{run.shards(), ignored}) {
    if (entry.path().extension() == ".part") fs::remove(entry.path(), ignored);  // of a killed sealing
  }
  for (const auto& name : list_segments(run)) {
    const auto path = run.journal() / name;
    // A shard of the same name holds these records already: it was killed before it deleted this one.
    const auto shard = run.shards() / fmt::format("{:06}-r-{:05}.h5", epoch, ++number);
    rescued += seal_segment(path, shard, provenance);
    fs::remove(path);
  }
  return rescued;
}

}  // namespace pecia::store
