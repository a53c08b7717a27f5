#include "pecia/store/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "findings.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/store/contents.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
/// A job may seal, join and delete while we look.
constexpr int looks = 10;

bool equal(std::span<const PageRow> rows, std::span<const Row> winners) {
  return std::ranges::equal(rows, winners, [](const PageRow& row, const Row& winner) {
    const auto order = order_of(row);
    return key_of(row) == winner.key && order.generation == winner.order.generation &&
           order.epoch == winner.order.epoch && order.rank == winner.order.rank &&
           order.sequence == winner.order.sequence;
  });
}

void count_records(const Findings& found, VerifyReport& report) {
  std::uint64_t orphans_told = 0;
  constexpr std::uint64_t orphans_listed = 10;
  const PageKey* last = nullptr;
  for (const auto& entry : found.entries) {
    ++report.records;
    const bool best = !last || *last != entry.key;
    last = &entry.key;
    if (!best || found.is_of_earlier_revision(entry.key)) {
      ++report.superseded;
    } else if (found.is_page(entry.key)) {
      ++report.by_state[static_cast<std::size_t>(entry.order.state)];
    } else {
      ++report.orphans;
      if (!found.manifest_short() && ++orphans_told <= orphans_listed)
        report.problems.push_back(fmt::format("a record of document {} revision {} page {}, which the manifest does not have",
                                              to_string(entry.key.document), entry.key.revision, entry.key.page));
    }
  }
  if (orphans_told > orphans_listed)
    report.problems.push_back(fmt::format("and {} more records of pages that the manifest does not have", orphans_told - orphans_listed));
  if (report.orphans > 0 && found.manifest_short())
    report.notes.push_back(fmt::format("{} of documents that the manifest lacks: they stand again when the next job has listed these",
                                       plural(report.orphans, "record")));
}

std::string words(const RecordFile& file) {
  auto text = fmt::format("{} {}: {}", file.sealed ? "shard" : "journal segment", file.name(), file.problem);
  if (file.rows > 0)
    text += fmt::format(" ({} of its {} can be kept)", file.rows - file.unreadable, plural(file.rows, "record"));
  return text;
}

VerifyReport report_of(const RunPaths& run, const Findings& found) {
  VerifyReport report;
  report.pages = found.manifest.pages();
  for (const auto& file : found.files) {
    ++(file.sealed ? report.shards : report.segments);
    if (!file.problem.empty()) report.problems.push_back(words(file));
  }
  for (const auto& file : found.bad)
    report.problems.push_back(fmt::format("{}: {}", printable(file.path.lexically_relative(run.root).native()), file.problem));
  report.problems.insert(report.problems.end(), found.lost.begin(), found.lost.end());
  if (!found.index_problem.empty()) report.problems.push_back("corpus.h5: " + found.index_problem);
  report.notes = found.notes;
  count_records(found, report);
  report.pending_pages = found.pending_pages();
  for (const auto& document : report.pending_pages) report.pending += document.pages.size();
  report.indexed = found.indexed;
  report.manifest_short = found.manifest_short();
  return report;
}

std::vector<std::string> names_in(const RunPaths& run) {
  auto names = list_segments(run);
  for (auto& name : list_shards(run)) names.push_back(std::move(name));
  return names;
}

}  // namespace

VerifyReport verify(const RunPaths& run, const VerifyOptions& options) {
  for (int n = 1;; ++n) {
    const auto before = names_in(run);
    auto report = report_of(run, look_at(run, options));
    if (report.sound() || n == looks || names_in(run) == before) return report;
  }
}

bool index_is_current(const RunPaths& run, const Contents& contents) {
  if (!fs::exists(run.corpus_index()) || !list_segments(run).empty()) return false;
  try {
    if (!problem_of_index_sum(run).empty()) return false;
    const ShardReader index{run.corpus_index()};
    return index.shards() == list_shards(run) && equal(index.rows(), contents.rows());
  } catch (const Error&) {
    return false;
  }
}

}  // namespace pecia::store
