#include "pecia/store/contents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <list>
#include <unordered_set>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
/// A segment may be sealed between listing and reading; a fresh listing then has its shard.
constexpr int snapshot_tries = 10;

struct Source {
  fs::path path;
  bool sealed = false;
};

/// A document's pages may lie in the shards of many ranks; opening one takes a millisecond.
constexpr std::size_t shards_kept_open = 64;

struct OpenShard {
  std::uint32_t source;
  ShardReader reader;
  std::vector<PageRow> rows;
};

/// Place of a record in a segment, packed into Row::at.
std::uint64_t packed(std::uint64_t at, std::uint32_t size) { return at << 32 | size; }

/// Throws `Error` where the file was sealed or joined since it was read, as reading it does.
std::uint64_t bytes_of(const fs::path& path) {
  std::error_code gone;
  const auto bytes = fs::file_size(path, gone);
  if (gone) throw Error{fmt::format("cannot look at {}: {}", path.string(), gone.message())};
  return bytes;
}

}  // namespace

struct Contents::State {
  RunPaths run;
  std::vector<Source> sources;
  std::vector<Row> rows;
  std::vector<std::string> problems, unreadable;
  std::vector<LedgerFile> shard_files, segment_files;
  std::uint64_t superseded = 0;
  std::deque<std::string> strings;           ///< of shards, where rows' texts stand
  std::unordered_set<std::string> interned;  ///< those of journal segments
  mutable std::list<OpenShard> open_shards;  ///< last used first
  mutable std::unique_ptr<Contents> later;   ///< once a file of this snapshot was sealed or joined

  const OpenShard& shard_of(std::uint32_t source) const {
    const auto known = std::ranges::find(open_shards, source, &OpenShard::source);
    if (known != open_shards.end()) {
      open_shards.splice(open_shards.begin(), open_shards, known);
      return open_shards.front();
    }
    OpenShard opened{source, ShardReader{sources.at(source).path}, {}};
    opened.rows = opened.reader.rows();
    open_shards.push_front(std::move(opened));
    if (open_shards.size() > shards_kept_open) open_shards.pop_back();
    return open_shards.front();
  }

  void add_shard(const fs::path& path) {
    const ShardReader shard{path};
    const std::string_view texts = strings.emplace_back(shard.strings());
    const auto text = [&](std::uint64_t begin, std::uint64_t end) {
      require(begin <= end && end <= texts.size(), "a row's range lies outside");
      return texts.substr(begin, end - begin);
    };
    sources.push_back({path, true});
    std::uint64_t at = 0;
    for (const auto& page : shard.rows()) {
      Row row;
      row.key = key_of(page);
      row.order = order_of(page);
      row.reason = static_cast<Reason>(page.reason);
      row.checksum = page.record_crc32c;
      row.detail = text(page.detail_begin, page.detail_end);
      row.engine = text(page.engine_begin, page.engine_end);
      row.languages = text(page.languages_begin, page.languages_end);
      row.confidence = page.confidence;
      row.seconds = page.seconds;
      row.attempts = page.attempt + 1;
      row.source = static_cast<std::uint32_t>(sources.size() - 1);
      row.at = at++;
      rows.push_back(row);
    }
    shard_files.push_back({path.filename().string(), at, bytes_of(path)});
  }

  std::string_view intern(std::string&& text) { return *interned.insert(std::move(text)).first; }

  void add_segment(const fs::path& path) {
    sources.push_back({path, false});
    const auto source = static_cast<std::uint32_t>(sources.size() - 1);
    const auto replay = replay_segment(path, [&](Record&& record, std::uint64_t at, std::uint32_t size) {
      Row row;
      row.key = record.key;
      row.order = record.order;
      row.reason = record.outcome.reason;
      row.checksum = checksum_of(record);
      row.detail = intern(std::move(record.outcome.detail));
      row.engine = intern(std::move(record.outcome.engine));
      row.languages = intern(std::move(record.outcome.languages));
      row.confidence = record.outcome.reading.confidence;
      row.seconds = record.outcome.seconds;
      row.attempts = record.order.attempt + 1;
      row.source = source;
      row.at = packed(at, size);
      rows.push_back(row);
    });
    if (!replay.problem.empty())
      problems.push_back(fmt::format("journal segment {}: {}", path.filename().string(), replay.problem));
    else
      segment_files.push_back({path.filename().string(), replay.records, bytes_of(path)});
  }

  /// What `read` gives of a row, or of the row of the same page in the file that its own became part of.
  template <class Read>
  auto found(const Row& row, Read read) const {
    try {
      return read(*this, row);
    } catch (const Error&) {
      if (fs::exists(sources.at(row.source).path)) throw;
    }
    if (!later) later = std::make_unique<Contents>(run);
    const auto* again = later->find(row.key);
    require(again != nullptr, "a record vanished with its file");
    return later->state_->found(*again, read);
  }

  /// False: something vanished between listing and reading, look again.
  bool take_snapshot(bool last_try) {
    sources.clear();
    rows.clear();
    strings.clear();
    problems.clear();
    unreadable.clear();
    shard_files.clear();
    segment_files.clear();
    // Segments first: one that is sealed meanwhile is found again as a shard, never missed.
    const auto segments = list_segments(run);
    for (const auto& name : segments) {
      const auto path = run.journal() / name;
      try {
        add_segment(path);
      } catch (const Error& error) {
        if (!last_try && !fs::exists(path)) return false;
        note_unreadable(path, error);
        problems.push_back(error.what());
      }
    }
    for (const auto& name : list_shards(run)) {
      const auto path = run.shards() / name;
      try {
        add_shard(path);
      } catch (const Error& error) {
        if (!last_try && !fs::exists(path)) return false;
        note_unreadable(path, error);
        problems.push_back(fmt::format("shard {}: {}", name, error.what()));
      }
    }
    return true;
  }

  /// A file that the disk does not give now may be sound.
  void note_unreadable(const fs::path& path, const Error& error) {
    if (!fs::exists(path)) return;
    try {
      if (dynamic_cast<const StorageError*>(&error) != nullptr)
        unreadable.emplace_back(error.what());
      else
        (void)read_file(path);  // HDF5 does not say why it failed
    } catch (const StorageError& refused) {
      unreadable.emplace_back(refused.what());
    }
  }

  /// Of the records of a page, the best one stays.
  void keep_winners() {
    std::ranges::sort(rows, [](const Row& one, const Row& other) {
      return one.key != other.key ? one.key < other.key : wins(one.order, other.order);
    });
    const auto same_page = [](const Row& one, const Row& other) { return one.key == other.key; };
    const auto losers = std::unique(rows.begin(), rows.end(), same_page);
    superseded = static_cast<std::uint64_t>(rows.end() - losers);
    rows.erase(losers, rows.end());
  }
};

Contents::Contents(const RunPaths& run) : state_{std::make_unique<State>()} {
  state_->run = run;
  for (int n = 1; n <= snapshot_tries; ++n) {
    if (state_->take_snapshot(n == snapshot_tries)) break;
  }
  state_->keep_winners();
}

Contents::~Contents() = default;
Contents::Contents(Contents&&) noexcept = default;

std::span<const Row> Contents::rows() const noexcept { return state_->rows; }

const Row* Contents::find(const PageKey& key) const noexcept {
  const auto found = std::ranges::lower_bound(state_->rows, key, {}, &Row::key);
  return found != state_->rows.end() && found->key == key ? &*found : nullptr;
}

result::PageOutcome Contents::load(const Row& row) const {
  return state_->found(row, [](const State& state, const Row& found) {
    const auto& source = state.sources.at(found.source);
    if (!source.sealed) return read_record(source.path, found.at >> 32, static_cast<std::uint32_t>(found.at)).outcome;
    const auto& shard = state.shard_of(found.source);
    return shard.reader.record(shard.rows.at(found.at)).outcome;
  });
}

std::string Contents::text(const Row& row) const {
  return state_->found(row, [](const State& state, const Row& found) {
    const auto& source = state.sources.at(found.source);
    if (!source.sealed)
      return read_record(source.path, found.at >> 32, static_cast<std::uint32_t>(found.at)).outcome.reading.text;
    const auto& shard = state.shard_of(found.source);
    return shard.reader.text(shard.rows.at(found.at));
  });
}

const std::vector<std::string>& Contents::problems() const noexcept { return state_->problems; }
const std::vector<std::string>& Contents::unreadable() const noexcept { return state_->unreadable; }
const std::vector<LedgerFile>& Contents::shards() const noexcept { return state_->shard_files; }
const std::vector<LedgerFile>& Contents::segments() const noexcept { return state_->segment_files; }
std::uint64_t Contents::superseded() const noexcept { return state_->superseded; }

}  // namespace pecia::store
