#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "clerk.hpp"
#include "cost_keeping.hpp"
#include "pecia/app/job.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/report/status.hpp"
#include "pecia/sched/scheduler.hpp"
#include "pipeline.hpp"
#include "rank_loop.hpp"
#include "run_start.hpp"

namespace pecia::app {

/// What rank 0 tells of the run while pages are read: through the clerk, to whoever looks.
class Teller {
 public:
  using Clock = std::chrono::steady_clock;

  /// `scattered`: when pages were given out. `start` and `manifest` outlive it.
  Teller(comm::Communicator& comm, const Job& job, RunStart& start, const corpus::Manifest& manifest,
         std::vector<std::string> hosts, Clock::time_point scattered);

  /// Now and then, by the main thread.
  void operator()(sched::Scheduler& scheduler, Pipeline& pipeline);
  /// `cores`: of all ranks.
  void last_words(const sched::Scheduler& scheduler, const RankEnd& end, int cores);

 private:
  void log_room_left() const;
  [[nodiscard]] double elapsed_s() const;

  RunStart& start_;
  store::RunPaths run_;
  Clock::time_point scattered_;
  std::vector<std::string> hosts_;
  report::Status first_, status_;
  CostKeeper costs_;
  std::unique_ptr<Clerk> clerk_;
  bool lock_lost_ = false;
};

}  // namespace pecia::app
