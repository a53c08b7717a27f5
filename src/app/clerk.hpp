#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>
#include <vector>

#include "cost_keeping.hpp"
#include "pecia/report/status.hpp"
#include "pecia/store/run.hpp"

namespace pecia::app {

/// Rank 0's thread for what must not hold up its main thread: the progress line (rewritten in place
/// on a terminal, a log line every `progress_s` otherwise), status.json and the cost model.
class Clerk {
 public:
  /// `costs`: set where pages are read; outlives the clerk.
  Clerk(store::RunPaths run, double progress_s, report::Status first, CostKeeper* costs = nullptr);
  /// Writes the last status.
  ~Clerk();
  Clerk(const Clerk&) = delete;
  Clerk& operator=(const Clerk&) = delete;

  void update(const report::Status& status);
  void finished(std::vector<sched::FinishedPage> pages);

 private:
  void loop();
  void write(const report::Status& status);

  store::RunPaths run_;
  double progress_s_;
  bool terminal_;
  std::mutex mutex_;
  std::condition_variable changed_;
  report::Status status_;
  CostKeeper* costs_;
  std::vector<sched::FinishedPage> finished_;
  bool ending_ = false;
  bool warned_ = false;  ///< that status.json cannot be written; once is enough
  std::thread thread_;
};

}  // namespace pecia::app
