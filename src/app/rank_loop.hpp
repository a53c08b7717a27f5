#pragma once

#include <functional>

#include "pecia/comm/communicator.hpp"
#include "pecia/sched/scheduler.hpp"
#include "pipeline.hpp"

namespace pecia::app {

/// How a rank's part of the run ended.
struct RankEnd {
  sched::ExitStatus status = sched::ExitStatus::complete;  ///< meaningful on rank 0
  bool abort = false;                                      ///< a rank is dead: no orderly end of MPI
  std::vector<store::LedgerFile> shards, segments;         ///< on rank 0: what all ranks wrote
  std::vector<store::LedgerFile> bound;                    ///< on rank 0: what corpus.h5 is made of
};

/// The main thread of a rank: carries messages, signals, time and the pipeline's events to the
/// scheduler and does what it says, until it says `finish`. It does no file I/O, so that a file
/// system that stalls is not taken for a death. `progress` is called a few times a second.
[[nodiscard]] RankEnd run_rank(comm::Communicator& comm, sched::Scheduler& scheduler, Pipeline& pipeline,
                               const std::function<void()>& progress);

}  // namespace pecia::app
