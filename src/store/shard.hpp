#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "h5.hpp"
#include "pecia/store/record.hpp"
#include "pecia/store/writer.hpp"

// Sealed shards; docs/formats.md defines every dataset.
namespace pecia::store {

constexpr std::int64_t shard_schema = 4;
constexpr std::int64_t first_schema = 1;  ///< of earlier releases: what it lacks reads as zeros, its records as they were
/// In shards/: names of shards that were joined into others.
constexpr const char* superseded_list = "superseded.txt";

/// A row of /pages. Ranges are positions in the datasets beside it.
struct PageRow {
  std::uint64_t document;
  std::uint32_t revision, page, generation, attempt, epoch, rank;
  std::uint64_t sequence;
  std::uint8_t state, reason, embedded, finish_reason, rung;
  float confidence, seconds;
  std::uint64_t text_begin, text_end;
  std::uint32_t text_crc32c, record_crc32c;
  std::uint64_t blocks_begin, blocks_end, lines_begin, lines_end, words_begin, words_end;
  std::uint64_t attempts_begin, attempts_end;
  std::uint64_t detail_begin, detail_end, engine_begin, engine_end, languages_begin, languages_end;
  std::uint64_t fingerprint_begin, fingerprint_end;
  std::uint64_t labels_begin, labels_end;  ///< in /strings: those of its blocks, each once, one behind the other
  std::uint64_t boxes_begin, boxes_end;
  std::uint64_t steps_begin, steps_end;  ///< in /strings, as JSON
  float page_width_px, page_height_px, page_dpi;
  std::uint32_t raster_width_px, raster_height_px;
  float raster_dpi;
  std::array<double, 6> to_page;
  std::uint32_t shard;  ///< in corpus.h5: position in /shards; in a shard: 0
};

/// A row of /attempts: a try that did not end its page.
struct AttemptRow {
  std::uint8_t reason, finish_reason, rung;
  float seconds;
  std::uint64_t engine_begin, engine_end, detail_begin, detail_end;
};

/// A row of /blocks. Ranges are within what is the page's: bytes of its text and of its labels, places in its boxes.
struct BlockRow {
  result::Box box;
  std::uint32_t text_begin, text_end;
  float confidence;
  std::uint8_t kind, unparsed;
  std::uint32_t label_begin, label_end, boxes_begin, boxes_end;
};

[[nodiscard]] h5::Handle page_row_type();
[[nodiscard]] h5::Handle attempt_row_type();
[[nodiscard]] h5::Handle block_row_type();
[[nodiscard]] h5::Handle part_type();  ///< of a line
[[nodiscard]] h5::Handle word_type();  ///< of a word, a `result::Part` too
[[nodiscard]] h5::Handle box_type();

/// The datasets that rows point into, by name and type; the same in shards and in corpus.h5.
struct Column {
  const char* name;
  hid_t (*type)(h5::Handle& keep);  ///< `keep` owns a type that is made
};
[[nodiscard]] std::span<const Column> columns();
/// Adds to every position of the row the sizes, by column, of what stands before its shard.
void shift(PageRow& row, std::span<const std::uint64_t> column_offsets);
void shift(AttemptRow& attempt, std::span<const std::uint64_t> column_offsets);

[[nodiscard]] RecordOrder order_of(const PageRow& row);
[[nodiscard]] PageKey key_of(const PageRow& row);
[[nodiscard]] std::uint32_t checksum_of(const Record& record);

/// Collects records and writes them as one shard: `*.part`, fsync, checksum file, rename.
class ShardWriter {
 public:
  void add(const Record& record);
  [[nodiscard]] bool empty() const noexcept { return rows_.empty(); }
  [[nodiscard]] std::size_t rows() const noexcept { return rows_.size(); }
  void write(const std::filesystem::path& path, const Provenance& provenance, std::span<const std::string> sealed) const;

 private:
  void fill(hid_t id, const Provenance& provenance, std::span<const std::string> sealed) const;
  void expect_read_back(const std::filesystem::path& part) const;
  /// Appends text to /strings unless it was the last there of its kind; returns its range.
  std::pair<std::uint64_t, std::uint64_t> intern(const std::string& text);
  void add_blocks(const std::vector<result::Block>& blocks, PageRow& row);
  void add_attempts(const std::vector<result::Attempt>& attempts, PageRow& row);

  std::vector<PageRow> rows_;
  std::vector<AttemptRow> attempts_;
  std::vector<BlockRow> blocks_;
  std::vector<result::Box> boxes_;
  std::vector<result::Part> lines_, words_;
  std::string text_, strings_;
  std::set<std::string> engines_;  ///< of its records
  std::vector<std::pair<std::string, std::pair<std::uint64_t, std::uint64_t>>> recent_;  ///< engines, languages
};

/// In which order the records of a shard are asked for.
enum class Access {
  scattered,  ///< any: no more is read than they need
  in_order,   ///< mostly as they stand in the file: read in large blocks, tens of times faster
};

/// What rows point into: a part of one dataset, read in blocks of at least `ahead` elements.
template <class T>
class Window {
 public:
  Window(hid_t file, const char* name, std::size_t ahead) : dataset_{file, name}, ahead_{ahead} {}
  /// Elements [begin, end), until the next call.
  [[nodiscard]] std::span<const T> at(hid_t type, std::uint64_t begin, std::uint64_t end) {
    dataset_.check_range(begin, end);
    if (begin < from_ || end > from_ + data_.size()) {
      const auto most = std::min<std::uint64_t>(begin + ahead_, dataset_.size());
      dataset_.read(type, begin, std::max(end, most), data_);
      from_ = begin;
    }
    return std::span{data_}.subspan(begin - from_, end - begin);
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return dataset_.size(); }

 private:
  h5::Dataset dataset_;
  std::size_t ahead_;
  std::uint64_t from_ = 0;
  std::vector<T> data_;
};

/// A sealed shard, or corpus.h5 (same schema). Used by one thread.
class ShardReader {
 public:
  explicit ShardReader(const std::filesystem::path& path, Access access = Access::scattered);
  [[nodiscard]] std::uint64_t size() const noexcept { return pages_.size(); }
  [[nodiscard]] std::vector<PageRow> rows() const { return rows(0, size()); }
  [[nodiscard]] std::vector<PageRow> rows(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] std::vector<AttemptRow> attempts() const;
  [[nodiscard]] std::string strings() const;
  /// The whole record of a row; throws `Error` if it does not match its checksum.
  [[nodiscard]] Record record(const PageRow& row) const;
  /// The text alone; throws `Error` if it does not match its checksum.
  [[nodiscard]] std::string text(const PageRow& row) const;
  /// Sizes of the columns, in the order of `columns()`.
  [[nodiscard]] std::vector<std::uint64_t> column_sizes() const;
  /// Of corpus.h5: names of the shards it is made of, sorted.
  [[nodiscard]] std::vector<std::string> shards() const;
  /// Where its records come from: a line of JSON for each shard that was joined into this one.
  [[nodiscard]] std::vector<std::string> provenance() const;
  /// The name that it was made with; empty in shards of before that was written.
  [[nodiscard]] std::string made_as() const;
  /// Names of the segments or shards that it was made of.
  [[nodiscard]] std::vector<std::string> sealed() const;
  [[nodiscard]] hid_t file() const noexcept { return file_.get(); }

 private:
  [[nodiscard]] std::string string_at(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] std::vector<result::Block> blocks_of(const PageRow& row) const;
  [[nodiscard]] std::vector<result::Attempt> attempts_of(const PageRow& row) const;

  std::filesystem::path path_;
  h5::Handle file_, row_type_, part_type_, word_type_, block_type_, box_type_, attempt_type_;
  h5::Dataset pages_;
  // What was read last stays in them.
  mutable Window<char> text_;
  mutable Window<BlockRow> blocks_;
  mutable Window<result::Part> lines_, words_;
  mutable Window<AttemptRow> attempts_;
  mutable Window<char> strings_;
  mutable std::optional<Window<result::Box>> boxes_;  ///< since schema 2
};

/// Copies shards of the run, as they are, behind one another into one of this name, which is named
/// as any other: whole, read back, synced. Bounded memory. Throws `Error` if one of them is damaged.
void join_shards(const RunPaths& run, std::span<const std::string> names, const std::string& joined,
                 const Provenance& provenance);

/// Joins the smallest of these shards until there are at most `max_sources`, whose names it returns; the old
/// ones are named in superseded.txt, and stay for readers until the next job.
[[nodiscard]] std::vector<std::string> join_small_shards(const RunPaths& run, std::uint32_t epoch,
                                                         std::vector<std::string> shards, std::size_t max_sources);

/// Attributes that say where a shard comes from.
void write_provenance(hid_t file, const Provenance& provenance, std::span<const std::string> sealed);
/// Writes a shard whole, lets `read_back` look at it before anybody relies on it, and gives it its name
/// and its checksum file; all is committed.
void publish_shard(const std::filesystem::path& path, std::span<const std::byte> shard,
                   const std::function<void(const std::filesystem::path& part)>& read_back);

constexpr std::size_t text_chunk = 64 << 10;
constexpr std::size_t row_chunk = 1024;

/// Whole-file checksums: "<shard>.sum" holds "crc32c <8 hex digits> bytes <size>".
/// Of a shard whose checksum file was lost.
void write_sum(const std::filesystem::path& shard);
/// Empty if the shard matches its sum.
[[nodiscard]] std::string problem_of_sum(const std::filesystem::path& shard);
/// The same for corpus.h5, which is replaced: the sum of the new one is written first, before that of the
/// one that is there. Before it had a sum it has no problem.
void write_index_sum(const RunPaths& run, const std::filesystem::path& file);
[[nodiscard]] std::string problem_of_index_sum(const RunPaths& run);

/// Names of the shards in a folder, sorted, without those that a compaction has superseded.
[[nodiscard]] std::vector<std::string> list_shards(const RunPaths& run);
[[nodiscard]] std::vector<std::string> list_segments(const RunPaths& run);
/// Shards that a compaction has replaced and that the next job deletes.
[[nodiscard]] std::vector<std::string> superseded_shards(const RunPaths& run);

}  // namespace pecia::store
