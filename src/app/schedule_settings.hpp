#pragma once

#include <string_view>

#include "page_readers.hpp"
#include "pecia/app/job.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::app {

/// Threads of a rank that make images for an engine which reads so many pages at once.
[[nodiscard]] int decoders_for(std::string_view engine, int threads);

/// Pages that the engine of a rank with so many cores reads at once. deepseek_ocr2 takes as many as
/// its memory holds, which nobody knows before it runs: enough for a GPU, few enough on a CPU to be
/// shared out.
[[nodiscard]] int pages_at_once(const Job& job, int cores);

/// How a rank reads a job's pages, with its engine or (`by_fallback`) all of them with its
/// fallback, but for where they are (`manifest`, `root`, `trace_seconds`).
[[nodiscard]] ReadingSettings reading_settings(const Job& job, int cores, int local_rank,
                                               bool by_fallback = false);

/// How a job is scheduled on so many ranks with so many pages in each engine: the same for ranks
/// that run and ranks that are simulated. All but `rank` and `failed_before`.
[[nodiscard]] sched::Settings schedule_settings(const Job& job, int ranks, int threads);

}  // namespace pecia::app
