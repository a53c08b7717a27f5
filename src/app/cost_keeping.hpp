#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>

#include "pecia/app/job.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/sched/types.hpp"
#include "pecia/store/run.hpp"

namespace pecia::app {

/// What the job plans with: the model that it names, else what earlier jobs of the run learned,
/// else what is shipped. `UsageError` for a file of the job's that is none; one of the run's own is
/// only warned of, since no page's text depends on it.
[[nodiscard]] corpus::CostModel first_cost_model(const Job& job, const store::RunPaths& run);

/// Rank 0's cost model while pages are read: learns from those that finished and is written to
/// cost_model.json every minute and at the end. For one thread, not the main one: it writes.
class CostKeeper {
 public:
  /// All outlive the keeper.
  CostKeeper(store::RunPaths run, std::uint32_t epoch, std::string engine, const corpus::Manifest& manifest,
             corpus::CostModel& model);
  /// Learns, and keeps when it is time or `at_end`. Does not write where another job has taken the run,
  /// and warns where it cannot: a run does not end for that.
  void take(std::span<const sched::FinishedPage> pages, bool at_end) noexcept;

 private:
  void keep();

  store::RunPaths run_;
  std::uint32_t epoch_;
  std::string engine_;
  const corpus::Manifest& manifest_;
  corpus::CostModel& model_;
  bool learned_ = false;  ///< since it was kept
  std::uint64_t pages_ = 0;
  std::uint64_t refits_at_pages_ = 64;  ///< then at twice as many
  std::chrono::steady_clock::time_point kept_ = std::chrono::steady_clock::now();
};

}  // namespace pecia::app
