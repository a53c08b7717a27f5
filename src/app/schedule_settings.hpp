#pragma once

#include <string_view>

#include "pecia/app/job.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::app {

/// Threads of a rank that make images for an engine which reads so many pages at once.
[[nodiscard]] int decoders_for(std::string_view engine, int threads);

/// How a job is scheduled on so many ranks with so many pages in each engine: the same for ranks
/// that run and ranks that are simulated. All but `rank` and `failed_before`.
[[nodiscard]] sched::Settings schedule_settings(const Job& job, int ranks, int threads);

}  // namespace pecia::app
