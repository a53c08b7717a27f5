#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "pecia/base/ids.hpp"
#include "pecia/corpus/priority.hpp"

namespace pecia::plan {

/// Consecutive pages of one document that are not done yet.
struct PageRun {
  std::uint32_t document = 0;
  std::uint32_t first_page = 0;
  std::vector<float> cost_s;  ///< one per page
};

/// A page with its expected cost.
struct Task {
  PageRef page;
  float cost_s = 0;
  std::uint32_t generation = 0;  ///< of `--retry`; set by the owner, untouched here
  std::uint32_t index = 0;       ///< Manifest::index; set by the owner, untouched here
  corpus::Priority priority = corpus::Priority::normal;
};

/// What one rank is to do, in this order.
struct Share {
  std::vector<Task> tasks;
  double cost_s = 0;
};

/// Divides the pages among ranks: longest processing time first over runs of pages, each to the rank
/// that would end it first. A run stays whole unless it alone exceeds the balance that is wanted
/// (`max_run_share` of a rank's fair share); then it is cut into runs below that (or of one page).
/// `speeds`: one per rank, > 0, 1 = the nominal core; throws `Error` otherwise. Within a share the
/// pages of a document stand together, in order, and the document with the most to do comes first.
/// Pure: the same input gives the same partition.
[[nodiscard]] std::vector<Share> partition(std::span<const PageRun> runs, std::span<const double> speeds,
                                           double max_run_share = 0.25);

/// Wall time of a partition: max over ranks of cost / speed.
[[nodiscard]] double predicted_makespan_s(std::span<const Share> shares, std::span<const double> speeds);

}  // namespace pecia::plan
