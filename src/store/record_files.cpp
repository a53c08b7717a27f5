#include "record_files.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/reason.hpp"
#include "pecia/base/text.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::uint64_t rows_read_at_once = 1 << 14;

/// Where a row says what no writer writes; empty if nowhere. `sizes`: of the columns, in their order.
std::string problem_of(const PageRow& row, std::span<const std::uint64_t> sizes) {
  if (row.state > static_cast<std::uint8_t>(result::State::failed)) return "a state that there is not";
  const bool has_reason = row.reason != static_cast<std::uint8_t>(Reason::none);
  const auto reasons = all_reasons();
  if (has_reason && std::ranges::find(reasons, static_cast<Reason>(row.reason)) == reasons.end()) return "a reason that there is not";
  if (row.state == static_cast<std::uint8_t>(result::State::failed) && !has_reason) return "it failed for no reason";
  enum Column : std::size_t { text, blocks, lines, words, attempts, strings, boxes };
  struct Range {
    Column column;
    std::uint64_t begin, end;
  };
  for (const auto& range : {Range{text, row.text_begin, row.text_end}, Range{blocks, row.blocks_begin, row.blocks_end},
                            Range{lines, row.lines_begin, row.lines_end}, Range{words, row.words_begin, row.words_end},
                            Range{attempts, row.attempts_begin, row.attempts_end},
                            Range{strings, row.detail_begin, row.detail_end}, Range{strings, row.engine_begin, row.engine_end},
                            Range{strings, row.languages_begin, row.languages_end},
                            Range{strings, row.fingerprint_begin, row.fingerprint_end},
                            Range{strings, row.labels_begin, row.labels_end}, Range{strings, row.steps_begin, row.steps_end}, Range{boxes, row.boxes_begin, row.boxes_end}}) {
    if (range.begin > range.end || range.end > sizes[range.column]) return "a range that lies outside";
  }
  if (!(row.confidence >= 0 && row.confidence <= 1)) return "a confidence that is not within 0 and 1";
  if (!std::isfinite(row.seconds) || row.embedded > 1) return "a number that makes no sense";
  if (row.attempt != row.attempts_end - row.attempts_begin) return "other attempts than it counts";
  return {};
}

Entry entry_of(const PageRow& row) { return {key_of(row), order_of(row), row.record_crc32c, 0}; }

/// As far as its rows can be read; `use` gets each with what is wrong with it.
void for_each_row(const ShardReader& shard, const std::function<void(const PageRow&, std::string problem)>& use) {
  const auto sizes = shard.column_sizes();
  for (std::uint64_t at = 0; at < shard.size(); at += rows_read_at_once) {
    for (const auto& row : shard.rows(at, std::min(at + rows_read_at_once, shard.size()))) use(row, problem_of(row, sizes));
  }
}

/// Empty if the record can be read and matches its checksum.
std::string problem_of_record(const ShardReader& shard, const PageRow& row) {
  try {
    (void)shard.record(row);
    return {};
  } catch (const std::exception& error) {  // not Error alone: damaged sizes may ask for any memory
    return error.what();
  }
}

class Shard {
 public:
  Shard(RecordFile& file, bool deep, const std::function<void(const Entry&)>& use) : file_{file}, deep_{deep}, use_{use} {}

  void operator()(const LedgerFile* promised) {
    file_.problem = problem_of_sum(file_.path);
    file_.lacks_sum = !fs::exists(file_.path.string() + ".sum");
    if (file_.problem.empty() && promised && file_.bytes != promised->bytes)
      file_.problem = fmt::format("it has {} bytes where it had {}: it is another one", file_.bytes, promised->bytes);
    if (!file_.problem.empty()) deep_ = true;  // what of it can be kept
    try {
      const ShardReader shard{file_.path, deep_ ? Access::in_order : Access::scattered};
      file_.rows = shard.size();
      file_.made_of = shard.sealed();
      if (const auto name = shard.made_as(); !name.empty() && name != file_.name()) spoil("it is a copy of " + name);
      if (promised && file_.rows != promised->rows)
        spoil(fmt::format("it has {} where it had {}", plural(file_.rows, "row"), promised->rows));
      for_each_row(shard, [&](const PageRow& row, std::string problem) {
        if (problem.empty() && deep_) problem = problem_of_record(shard, row);
        if (problem.empty()) return use_(entry_of(row));
        ++file_.unreadable;
        spoil(fmt::format("row of document {} page {}: {}", to_string(key_of(row).document), row.page, problem));
      });
    } catch (const std::exception& error) {
      file_.lacks_sum = false;
      if (file_.problem.empty()) file_.problem = error.what();
    }
  }

 private:
  void spoil(const std::string& problem) {
    file_.lacks_sum = false;
    if (file_.problem.empty()) file_.problem = problem;
  }

  RecordFile& file_;
  bool deep_;
  const std::function<void(const Entry&)>& use_;
};

void look_at_segment(RecordFile& file, const LedgerFile* promised, const std::function<void(const Entry&)>& use) {
  try {
    const auto replay = replay_segment(file.path, [&](Record&& record, std::uint64_t, std::uint32_t) {
      use({record.key, record.order, checksum_of(record), 0});
    });
    file.rows = replay.records;
    file.problem = replay.problem;
    const auto& made = replay.made_as;
    const auto name = segment_name(made.epoch, made.rank, made.number);
    if (!file.problem.empty()) return;
    if (replay.records > 0 && name != file.name())
      file.problem = "it is a copy of " + name;
    else if (promised && (file.rows < promised->rows || file.bytes < promised->bytes))
      file.problem = fmt::format("it has {} in {} bytes, where it had {} in {}: it was cut short", plural(file.rows, "record"),
                                 file.bytes, promised->rows, promised->bytes);
  } catch (const std::exception& error) {
    file.problem = error.what();
  }
}

bool is_row_of(const PageRow& row, const Entry& entry) {
  const auto order = order_of(row);
  return key_of(row) == entry.key && row.record_crc32c == entry.record_crc32c && order.generation == entry.order.generation &&
         order.epoch == entry.order.epoch && order.rank == entry.order.rank && order.sequence == entry.order.sequence;
}

/// Its rows are the best of each page, in order. `deep`: each is read whole, through the virtual datasets, where
/// what cannot be opened reads as zeros.
std::string problem_of_rows(const ShardReader& index, std::span<const Entry> entries, bool deep) {
  std::string problem;
  auto next = entries.begin();
  for_each_row(index, [&](const PageRow& row, std::string wrong) {
    if (!problem.empty()) return;
    const bool same = next != entries.end() && is_row_of(row, *next);
    if (wrong.empty() && !same) wrong = "it is not the row of the shards";
    if (wrong.empty() && deep) wrong = problem_of_record(index, row);
    if (!wrong.empty()) problem = fmt::format("row of document {} page {}: {}", to_string(key_of(row).document), row.page, wrong);
    next = std::find_if(next, entries.end(), [&](const Entry& entry) { return entry.key > key_of(row); });
  });
  if (problem.empty() && next != entries.end()) problem = "it lacks rows of the shards that it is made of";
  return problem;
}

}  // namespace

RecordFile look_at_file(const fs::path& path, bool sealed, const LedgerFile* promised, bool deep,
                        const std::function<void(const Entry&)>& use) {
  RecordFile file;
  file.path = path;
  file.sealed = sealed;
  std::error_code ignored;
  file.bytes = fs::file_size(path, ignored);
  if (sealed)
    Shard{file, deep, use}(promised);
  else
    look_at_segment(file, promised, use);
  return file;
}

void for_each_record(const RecordFile& file, const std::function<void(Record&&)>& use) {
  if (!file.sealed) {
    (void)replay_segment(file.path, [&](Record&& record, std::uint64_t, std::uint32_t) { use(std::move(record)); });
    return;
  }
  const ShardReader shard{file.path, Access::in_order};
  for_each_row(shard, [&](const PageRow& row, const std::string& problem) {
    if (problem.empty() && problem_of_record(shard, row).empty()) use(shard.record(row));
  });
}

std::string problem_of_index(const RunPaths& run, std::span<const Entry> entries, bool deep, bool& current) {
  try {
    const ShardReader index{run.corpus_index(), deep ? Access::in_order : Access::scattered};
    const auto sources = index.shards();
    for (const auto& name : sources) {
      if (!fs::exists(run.shards() / name)) return fmt::format("the shard {} that it reads from is missing", name);
    }
    if (!list_segments(run).empty() || sources != list_shards(run)) return {};  // older than they are
    if (auto problem = problem_of_index_sum(run); !problem.empty()) return problem;
    auto problem = problem_of_rows(index, entries, deep);
    current = problem.empty();
    return problem;
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace pecia::store
