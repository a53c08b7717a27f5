#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "pecia/plan/partition.hpp"

namespace pecia::plan {

/// How wrong predicted costs are: mean absolute errors, as shares of the cost.
struct PredictionError {
  double page = 0.35;     ///< of a page, apart from what its document has in common
  double document = 0.5;  ///< of a document, apart from what all have in common
  double corpus = 0.25;   ///< of all pages together: other processors, another kind of archive
};

/// A predicted wall time, with the interval that four times out of five holds the true one.
struct WallTime {
  double s = 0, low_s = 0, high_s = 0;
  double bound_s = 0;  ///< max(total / workers, longest page): no schedule is faster
};

struct LongestPage {
  PageRef page;
  double cost_s = 0;
};

/// The pages of a job as far as their costs go: how long so many workers would need, without making
/// the partition. A worker reads one page at a time; ranks are taken to even out their ends by
/// taking pages from each other, so that only the total, the longest pages and the last pages
/// matter.
///
/// The interval is in closed form: errors are log-normal factors with mean 1, independent within
/// each of the three kinds of `PredictionError` (standard deviation of the logarithm: mean absolute
/// error x sqrt(pi / 2)), so that the variances of the total add up, and the longest page is the
/// maximum of independent ones. Costs are taken as `sane_cost_s`, for engine class 0. Pure.
class Workload {
 public:
  explicit Workload(std::span<const PageRun> runs, const PredictionError& error = {});

  [[nodiscard]] std::size_t pages() const noexcept { return cost_s_.size(); }
  [[nodiscard]] double cost_s() const noexcept { return total_s_; }
  /// The first of the dearest; nothing if there are no pages.
  [[nodiscard]] std::optional<LongestPage> longest_page() const noexcept { return longest_; }
  /// `workers` > 0.
  [[nodiscard]] WallTime wall_time(std::size_t workers) const;
  /// The fewest ranks of `threads` workers that are predicted to end within a time; nothing if no
  /// number is, because the longest page takes longer.
  [[nodiscard]] std::optional<std::size_t> least_ranks(double within_s, std::size_t threads) const;

 private:
  [[nodiscard]] double makespan_s(std::size_t workers) const;
  [[nodiscard]] double longest_quantile_s(double probability) const;

  std::vector<float> cost_s_;  ///< dearest first
  double total_s_ = 0;
  std::optional<LongestPage> longest_;
  double page_sigma_ = 0, total_sigma_ = 0;  ///< of the logarithm: of a page, of the total
  double low_s_ = 0, high_s_ = 0;            ///< of the longest page
};

}  // namespace pecia::plan
