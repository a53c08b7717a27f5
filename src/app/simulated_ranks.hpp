#pragma once

#include <vector>

#include "pecia/sched/simulation.hpp"
#include "verbs.hpp"

namespace pecia::app {

/// The ranks of `pecia simulate` with their speeds and what is to happen to them. Throws
/// `UsageError` that names the option, what it says and what it should.
[[nodiscard]] std::vector<sched::SimulatedRank> simulated_ranks(const SimulateOptions& options);

}  // namespace pecia::app
