#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/corpus/priority.hpp"

namespace pecia::plan {

/// Consecutive pages of one document that are not done yet.
struct PageRun {
  std::uint32_t document = 0;
  std::uint32_t first_page = 0;
  std::vector<float> cost_s;  ///< one per page, for ranks of engine class 0
  corpus::Priority priority = corpus::Priority::normal;
  std::vector<std::uint32_t> chapters = {};  ///< first pages of the document's chapters, ascending
  std::vector<std::vector<float>> more_cost_s = {};  ///< for engine classes 1, 2, ...: as `cost_s`
};

/// A page with its expected cost.
struct Task {
  PageRef page;
  float cost_s = 0;              ///< for the engine of its rank
  std::uint32_t generation = 0;  ///< of `--retry`; set by the owner, untouched here
  std::uint32_t index = 0;       ///< Manifest::index; set by the owner, untouched here
  corpus::Priority priority = corpus::Priority::normal;
  bool alone = false;  ///< may kill its rank: nothing else may be in flight there; set by the owner
  std::uint8_t engine_class = 0;  ///< of the ranks that are to read it (sched::Settings); set by the owner
};

/// For messages between ranks. Decoding throws `Error` on what no plan makes.
constexpr std::size_t task_bytes = 4 + 4 + 4 + 4 + 4 + 1 + 1 + 1;
void encode(ByteWriter& out, const Task& task);
[[nodiscard]] Task decode_task(ByteReader& in);

/// What one rank is to do, in this order.
struct Share {
  std::vector<Task> tasks;
  double cost_s = 0;
};

/// What a rank can do.
struct RankSpec {
  double speed = 1;      ///< > 0; 1 = the nominal core or device of its class
  int engine_class = 0;  ///< which costs of a PageRun hold for it
  bool healthy = true;   ///< false: it gets nothing
};

/// Where a document may be cut.
enum class Split : std::uint8_t {
  automatic,  ///< nowhere, or if it is too much for one rank at chapters that fit, or else anywhere
  page,       ///< anywhere, if it is too much for one rank
  chapter,    ///< at chapters, if it is too much for one rank
  document,   ///< nowhere
};

/// How pages are divided. Those after `lpt` are what it is compared with in benchmarks.
enum class Strategy : std::uint8_t {
  lpt,     ///< longest processing time first
  block,   ///< contiguous blocks of as many pages each, in the order of the corpus
  cyclic,  ///< page i to rank i modulo their number
  queue,   ///< all pages to the first rank: a queue from which the others pull
};

[[nodiscard]] std::string_view name(Split split) noexcept;  ///< "auto", "page", ...
[[nodiscard]] std::string_view name(Strategy strategy) noexcept;
[[nodiscard]] std::optional<Strategy> parse_strategy(std::string_view name) noexcept;

struct PartitionOptions {
  Split split = Split::automatic;
  double max_run_share = 0.25;  ///< of a rank's fair share: more is too much for one rank
  Strategy strategy = Strategy::lpt;
};

/// A prediction within reason: at least .001 s, at most 600 s; NaN counts as the least. One absurd
/// page can then not take a rank from the others.
[[nodiscard]] float sane_cost_s(float cost_s) noexcept;

/// Divides the pages among ranks, urgent ones first, then normal, then low ones: each level is
/// spread over all ranks, on top of what they have of the levels before, and comes before the next
/// in every share. Within a level, longest processing time first: each piece goes to the rank that
/// would end it first (speeds within 1 % count as equal). A document is one piece unless it costs
/// more than `max_run_share` of a rank's fair share of the level; then `split` says where it is
/// cut, into pieces below that where possible. `chapter` treats a document without chapters as
/// `document`, and from a whole fair share on as `page`.
///
/// Ranks of several engine classes: each class gets what it is relatively best at, so that all end
/// at about the same time; each run then needs costs for every class that has ranks.
///
/// Order within a level of a share: the pages of a document stand together; documents with the
/// dearest pages (by mean) first, and within a document the dearest pages first, equal ones in page
/// order. So the cheapest pages come last on every rank, where the end of a run is evened out.
///
/// Costs are taken as `sane_cost_s`. Pure: the same input gives the same partition. Throws `Error`
/// if no rank is healthy, a speed is not above 0, or costs of a class are missing.
[[nodiscard]] std::vector<Share> partition(std::span<const PageRun> runs,
                                           std::span<const RankSpec> ranks,
                                           const PartitionOptions& options = {});

/// Wall time of a partition: max over ranks of cost / speed.
[[nodiscard]] double predicted_makespan_s(std::span<const Share> shares,
                                          std::span<const RankSpec> ranks);

}  // namespace pecia::plan
