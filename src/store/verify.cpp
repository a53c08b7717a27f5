#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "pecia/store/contents.hpp"
#include "shard.hpp"

namespace pecia::store {
namespace {

namespace fs = std::filesystem;
constexpr std::size_t problems_listed = 100;

bool equal(std::span<const PageRow> rows, std::span<const Row> winners) {
  return std::ranges::equal(rows, winners, [](const PageRow& row, const Row& winner) {
    const auto order = order_of(row);
    return key_of(row) == winner.key && order.generation == winner.order.generation &&
           order.epoch == winner.order.epoch && order.rank == winner.order.rank &&
           order.sequence == winner.order.sequence;
  });
}

class Verification {
 public:
  explicit Verification(const RunPaths& run) : run_{run}, manifest_{corpus::load_manifest(run.manifest())}, contents_{run} {}

  VerifyReport operator()() {
    for (const auto& problem : contents_.problems()) add(problem);
    report_.superseded = contents_.superseded();
    check_sums();
    check_pages();
    check_records();
    check_index();
    report_.indexed = index_is_current(run_, contents_);
    return std::move(report_);
  }

 private:
  void add(std::string problem) {
    if (report_.problems.size() < problems_listed) report_.problems.push_back(std::move(problem));
  }

  void check_sums() {
    for (const auto& name : list_shards(run_)) {
      const auto problem = problem_of_sum(run_.shards() / name);
      if (!problem.empty()) add(fmt::format("shard {}: {}", name, problem));
    }
  }

  void check_pages() {
    report_.pages = manifest_.pages();
    for (const auto& document : manifest_.documents()) {
      for (std::uint32_t n = 0; n < document.outcomes(); ++n) {
        const auto* row = contents_.find({document.id, document.revision, document.first_page() + n});
        if (row)
          ++report_.by_state[static_cast<std::size_t>(row->order.state)];
        else
          ++report_.pending;
      }
    }
  }

  /// Every record decodes and matches its checksum, and belongs to a page of the manifest.
  void check_records() {
    for (const auto& row : contents_.rows()) {
      const auto at = manifest_.find(row.key.document);
      if (at >= 0 && row.key.revision < manifest_.documents()[static_cast<std::size_t>(at)].revision) {
        ++report_.superseded;  // of the document before it changed
        continue;
      }
      if (!is_page(at, row.key)) {
        ++report_.orphans;
        add(fmt::format("a record of document {} revision {} page {}, which the manifest does not have",
                        to_string(row.key.document), row.key.revision, row.key.page));
        continue;
      }
      try {
        (void)contents_.load(row);
      } catch (const Error& error) {
        add(fmt::format("{} page {}: {}", printable(manifest_.documents()[static_cast<std::size_t>(at)].path), row.key.page, error.what()));
      }
    }
  }

  [[nodiscard]] bool is_page(std::int64_t at, const PageKey& key) const {
    if (at < 0) return false;
    const auto& document = manifest_.documents()[static_cast<std::size_t>(at)];
    return key.revision == document.revision && key.page - document.first_page() < document.outcomes();
  }

  /// corpus.h5 holds the winners of the shards that it was made of, and these are there. One that
  /// is older than others of the shards is stale, not damaged.
  void check_index() {
    if (!fs::exists(run_.corpus_index()) || !list_segments(run_).empty()) return;
    try {
      const ShardReader index{run_.corpus_index()};
      for (const auto& name : index.shards()) {
        if (!fs::exists(run_.shards() / name))
          return add(fmt::format("corpus.h5: the shard {} that it reads from is missing", name));
      }
      const auto rows = index.rows();
      for (const auto& row : rows)
        (void)index.text(row);  // through the virtual dataset: what cannot be opened reads as zeros
      if (index.shards() == list_shards(run_) && !equal(rows, contents_.rows()))
        add("corpus.h5 does not have the rows of the shards that it is made of");
    } catch (const Error& error) {
      add(fmt::format("corpus.h5: {}", error.what()));
    }
  }

  RunPaths run_;
  corpus::Manifest manifest_;
  Contents contents_;
  VerifyReport report_;
};

}  // namespace

VerifyReport verify(const RunPaths& run) { return Verification{run}(); }

bool index_is_current(const RunPaths& run, const Contents& contents) {
  if (!fs::exists(run.corpus_index()) || !list_segments(run).empty()) return false;
  try {
    const ShardReader index{run.corpus_index()};
    return index.shards() == list_shards(run) && equal(index.rows(), contents.rows());
  } catch (const Error&) {
    return false;
  }
}

}  // namespace pecia::store
