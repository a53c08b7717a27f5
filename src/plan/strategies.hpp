#pragma once

#include <span>
#include <vector>

#include "pecia/plan/partition.hpp"
#include "pieces.hpp"

// Inside room plan: the simple ways that longest processing time first is compared with.
namespace pecia::plan {

/// Adds the pages of a level to the shares of `ranks` (positions in `specs`), in the order of the
/// corpus.
void deal(Strategy strategy, const Level& level, std::span<const RankSpec> specs,
          std::span<const std::size_t> ranks, std::vector<Share>& shares);

/// The page at `position` of `run`, as a task for an engine class.
[[nodiscard]] Task task_of(const PageRun& run, std::size_t position, int engine_class);

}  // namespace pecia::plan
