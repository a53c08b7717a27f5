#pragma once

#include <cstdint>

#include "pecia/app/job.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/store/run.hpp"

namespace pecia::app {

/// What the job plans with: the model that it names, else what earlier jobs of the run learned,
/// else what is shipped. `UsageError` for a file of the job's that is none; one of the run's own is
/// only warned of, since no page's text depends on it.
[[nodiscard]] corpus::CostModel first_cost_model(const Job& job, const store::RunPaths& run);

/// Writes cost_model.json, for rank 0, every minute and at the end. Does nothing where another job
/// has taken the run, and warns where it cannot write: a run does not end for that.
void keep_cost_model(const store::RunPaths& run, std::uint32_t epoch,
                     const corpus::CostModel& model) noexcept;

}  // namespace pecia::app
