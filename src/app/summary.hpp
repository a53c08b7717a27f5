#pragma once

#include <string>
#include <vector>

#include "pecia/comm/communicator.hpp"
#include "pecia/report/status.hpp"
#include "pecia/sched/scheduler.hpp"
#include "rank_loop.hpp"
#include "run_start.hpp"

// What rank 0 tells of a run, while it goes on and at its end.
namespace pecia::app {

[[nodiscard]] std::string host_name();
/// Empty outside Slurm.
/// Empty where it is not set.
[[nodiscard]] std::string environment_text(const char* name);
[[nodiscard]] std::string slurm_job();

[[nodiscard]] report::Status first_status(const comm::Communicator& comm, const RunStart& start);
/// Brings the status up to date with the books of rank 0's scheduler.
/// `hosts`: of the ranks.
void refresh(report::Status& status, const report::Status& first, const std::vector<std::string>& hosts,
             const sched::Scheduler& scheduler, double elapsed_s);
/// Rank 0's last words, from the files themselves: counts, failed pages, what to do. The state is set even if
/// these cannot be read, which throws.
void summarise(const store::RunPaths& run, report::Status& status, sched::ExitStatus end, double elapsed_s);
/// Writes the job's ledger once more. Where that fails, the first one stands, which promises less.
void end_ledger(const store::RunPaths& run, store::Ledger ledger, const report::Status& last, const RankEnd& end);

}  // namespace pecia::app
