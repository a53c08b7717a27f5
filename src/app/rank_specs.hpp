#pragma once

#include <span>
#include <string>
#include <vector>

#include "pecia/plan/partition.hpp"
#include "pecia/report/status.hpp"
#include "pecia/store/run.hpp"

namespace pecia::app {

/// The ranks of the last job of a run, as its status.json tells; none if there is none to be read.
[[nodiscard]] std::vector<report::Status::Rank> earlier_ranks(const store::RunPaths& run);

/// What to expect of ranks on these hosts: the median speed of the host's ranks in an earlier job,
/// relative to that of all of them, within 1/8 and 8; 1 for hosts that are new. A host of which
/// no rank ended in good health gets as little as the slowest may.
[[nodiscard]] std::vector<plan::RankSpec> rank_specs(std::span<const std::string> hosts,
                                                     std::span<const report::Status::Rank> earlier);

}  // namespace pecia::app
