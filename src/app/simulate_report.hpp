#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/sched/simulation.hpp"

namespace pecia::app {

/// What `pecia simulate` says.
struct SimulateReport {
  std::string what;  ///< the job, run or synthetic corpus; printable
  int ranks = 1, threads = 1;
  std::uint64_t pages = 0;
  std::uint64_t recorded = 0;  ///< pages with recorded seconds; those of others are estimates
  double cost_s = 0;           ///< what all pages really take at speed 1
  double estimated_s = 0;      ///< what was thought that they would
  sched::SimulationResult result;
  std::vector<double> busy_s;  ///< by rank: reading, over all of its slots
  std::uint64_t peak_memory_bytes = 0;
};

[[nodiscard]] std::string simulate_text(const SimulateReport& report);
/// One JSON object on one line; docs/formats.md has its keys.
[[nodiscard]] std::string simulate_json(const SimulateReport& report);

}  // namespace pecia::app
