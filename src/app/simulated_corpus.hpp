#pragma once

#include <cstdint>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/corpus/trace.hpp"
#include "to_read.hpp"

namespace pecia::app {

/// Pages to simulate: what is expected of them, and how long they really take.
struct SimulatedCorpus {
  corpus::Manifest manifest;
  PagesToRead to_read;
  std::vector<float> seconds;  ///< by Manifest::index; 0: fails without being read
  std::uint64_t recorded = 0;  ///< pages to read whose seconds are recorded, not estimated
};

/// What `pecia run` of the job would read now. Seconds are those of the trace x engine.time_scale;
/// a corpus of documents has none, and the estimates stand for them.
[[nodiscard]] SimulatedCorpus corpus_of_job(const Job& job);
/// All pages of a run once more, with the seconds that reading them took; estimates for those
/// without an outcome. They are planned with what was known before the run: its cost model has seen
/// them. Priorities are those of rules; a list is not looked at again.
[[nodiscard]] SimulatedCorpus corpus_of_run(const Job& job);
[[nodiscard]] SimulatedCorpus corpus_of_trace(const Job& job, corpus::Trace trace);

}  // namespace pecia::app
