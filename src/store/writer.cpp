#include "pecia/store/writer.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <utility>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

/// A segment that is written to no more, and not sealed and deleted yet.
struct ClosedSegment {
  fs::path path;
  std::uint32_t number = 0;
  std::uint64_t committed = 0;  ///< its first outcomes; those behind them are in a later segment
  std::int64_t begun_s = 0, ended_s = 0;  ///< when its first outcome came, and when it was closed; since 1970
  bool sealed = false;          ///< it is only to be deleted
};

}  // namespace

struct Writer::State {
  WriterSettings settings;
  std::optional<SegmentWriter> segment;  ///< made with its first record
  std::uint32_t number = 0;              ///< of `segment`, or of the last there was
  std::uint64_t committed = 0;           ///< outcomes of `segment`
  std::vector<Bytes> unsynced;           ///< encoded outcomes without a good fsync
  bool given_up = false;                 ///< the last segment, and there is no other yet
  Clock::time_point opened;
  std::int64_t begun_s = 0;  ///< the same, since 1970
  std::vector<ClosedSegment> closed;
  OpenPages open;
  std::uint64_t sequence = 0;
  std::uint64_t bytes = 0;  ///< of all outcomes
  Written written;

  /// What is in flight stands at the head of each segment: the ones before it may be gone.
  SegmentWriter& current_segment() {
    if (segment) return *segment;
    segment.emplace(settings.run.journal(), settings.epoch, settings.rank, ++number);
    for (const auto& page : open.list()) segment->started(page);
    return *segment;
  }

  template <class Do>
  void or_give_up(Do act) {
    try {
      act();
    } catch (const StorageError&) {
      close_segment(true);
      given_up = true;
      throw;
    }
  }

  /// Nothing more goes into the segment. One that has nothing committed is no loss, unless it says what
  /// became of pages that were started in segments before it.
  void close_segment(bool broken) {
    if (!segment) return;
    const bool last_words = !broken && !closed.empty();
    closed.push_back({segment->path(), number, std::exchange(committed, 0), begun_s, now_s()});
    segment.reset();
    if (closed.back().committed > 0 || last_words) return;
    if (::unlink(closed.back().path.c_str()) == 0) closed.pop_back();
  }

  void release(const std::vector<PageKey>& ended) {
    if (!ended.empty() && !given_up) or_give_up([&] { current_segment().released(ended); });
  }

  void sync() {
    if (unsynced.empty() && !given_up) return;
    or_give_up([&] {
      auto& to = current_segment();
      if (std::exchange(given_up, false)) {
        for (const auto& outcome : unsynced) to.append(outcome);
      }
      to.sync();
    });
    committed += unsynced.size();
    written.rows += unsynced.size();
    unsynced.clear();
  }

  [[nodiscard]] bool due() const {
    const std::chrono::duration<double> age = Clock::now() - opened;
    const auto outcomes = segment ? segment->records() : 0;
    return outcomes > 0 && (outcomes >= settings.shard_pages || age.count() >= settings.shard_age_s);
  }

  void seal_all() {
    for (auto& one : closed) {
      if (one.committed > 0 && !one.sealed) seal(one);
      remove_file(one.path);  // undone by a crash, it is found beside its shard
    }
    closed.clear();
  }

  void seal(ClosedSegment& one) {
    ShardWriter shard;
    std::uint64_t found = 0;
    const auto replay = replay_segment(one.path, [&](Record&& record, std::uint64_t, std::uint32_t) {
      if (found++ < one.committed) shard.add(record);
    });
    if (found < one.committed)
      throw Error{fmt::format("the journal segment {} has {} of the {} records committed to it ({}). It is kept, for "
                              "the next job; look at the disk",
                              one.path.string(), found, one.committed,
                              replay.problem.empty() ? "it is cut off" : replay.problem)};
    const auto name = fs::path{segment_name(settings.epoch, settings.rank, one.number)}.replace_extension(".h5");
    const auto sealed = one.path.filename().string();
    auto provenance = settings.provenance;
    provenance.epoch = settings.epoch;
    provenance.rank = settings.rank;
    provenance.begun_s = one.begun_s;
    provenance.ended_s = one.ended_s;
    shard.write(settings.run.shards() / name, provenance, {&sealed, 1});
    written.shards.push_back({name.string(), one.committed, fs::file_size(settings.run.shards() / name)});
    one.sealed = true;
  }

  /// The segments that stay, by name.
  Written all_written() const {
    auto all = written;
    for (const auto& one : closed) {
      std::error_code unknown;
      const auto size = fs::file_size(one.path, unknown);
      if (one.committed > 0) all.segments.push_back({one.path.filename().string(), one.committed, unknown ? 0 : size});
    }
    return all;
  }
};

Writer::Writer(WriterSettings settings) : state_{std::make_unique<State>()} { state_->settings = std::move(settings); }
Writer::~Writer() = default;

void Writer::append(const PageKey& key, std::uint32_t generation, const result::PageOutcome& outcome) {
  auto& s = *state_;
  // Read back it would be refused, and its segment could not be sealed.
  if (const auto problem = result::problem_of(outcome.reading); !problem.empty())
    throw Error{fmt::format("the reading of document {} page {} by {} makes no sense: {}",
                            to_string(key.document), key.page, outcome.engine, problem)};
  Record record{key, {}, outcome};
  record.order = {generation,       outcome.state,   static_cast<std::uint32_t>(outcome.attempts.size()),
                  s.settings.epoch, s.settings.rank, s.sequence++};
  s.unsynced.push_back(encode(record));
  s.bytes += s.unsynced.back().size();
  s.open.end(key);
  if (s.given_up) return;
  if (s.committed == 0 && s.unsynced.size() == 1) {
    s.opened = Clock::now();
    s.begun_s = now_s();
  }
  s.or_give_up([&] { s.current_segment().append(s.unsynced.back()); });
}

void Writer::started(const PageKey& key, std::uint32_t generation, bool alone) {
  auto& s = *state_;
  const InFlightPage page{key, generation, alone};
  if (!s.open.start(page) || s.given_up) return;
  s.or_give_up([&] {
    const bool carried_over = !s.segment;
    auto& segment = s.current_segment();
    if (!carried_over) segment.started(page);
  });
}

void Writer::released(std::span<const PageKey> keys) {
  std::vector<PageKey> ended;
  for (const auto& key : keys) {
    if (state_->open.end(key)) ended.push_back(key);
  }
  state_->release(ended);
}

void Writer::release_all() { released(state_->open.keys()); }

void Writer::told_to_stop() {
  release_all();
  auto& s = *state_;
  if (!s.given_up) s.or_give_up([&] { s.current_segment().released({}); });
}

void Writer::sync() { state_->sync(); }

void Writer::seal_if_due() {
  auto& s = *state_;
  if (s.due()) {
    s.sync();
    s.close_segment(false);
    // Before the other is deleted.
    if (!s.open.empty()) s.or_give_up([&] { s.current_segment(); });
  }
  s.seal_all();
}

Written Writer::close(bool seal) {
  auto& s = *state_;
  release_all();
  s.sync();
  s.close_segment(false);
  if (seal && !s.closed.empty()) {
    s.seal_all();
    sync_folder(s.settings.run.journal());  // come back, they would count as unsealed
  }
  return s.all_written();
}

Written Writer::abandon() {
  auto& s = *state_;
  s.unsynced.clear();
  try {
    // They have nothing to do with this rank's end. There may be room for so little.
    if (!s.open.empty()) s.or_give_up([&] { s.current_segment().released(s.open.keys()); });
  } catch (const StorageError&) {
  }
  s.close_segment(false);
  return s.all_written();
}

std::uint64_t Writer::bytes_per_page() const noexcept {
  return state_->sequence == 0 ? 0 : state_->bytes / state_->sequence;
}

}  // namespace pecia::store
