#include "teller.hpp"

#include <algorithm>
#include <utility>

#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "room.hpp"
#include "summary.hpp"

namespace pecia::app {

Teller::Teller(comm::Communicator& comm, const Job& job, RunStart& start, const corpus::Manifest& manifest,
               std::vector<std::string> hosts, Clock::time_point scattered)
    : start_{start},
      run_{job.run},
      scattered_{scattered},
      hosts_{std::move(hosts)},
      first_{first_status(comm, start)},
      status_{first_},
      costs_{run_, start.epoch(), job.engine.name, manifest, start.cost_model()},
      clerk_{std::make_unique<Clerk>(run_, job.progress_s, first_, &costs_)} {}

void Teller::operator()(sched::Scheduler& scheduler, Pipeline& pipeline) {
  if (start_.lock().lost() && !std::exchange(lock_lost_, true)) {
    scheduler.on_failure("another job has taken the run over");
    pipeline.cancel();
  }
  clerk_->finished(scheduler.take_finished());
  refresh(status_, first_, hosts_, scheduler, elapsed_s());
  const auto since = [](double moment_s, Clock::time_point from) {
    return std::max(0.0, moment_s - std::chrono::duration<double>(from.time_since_epoch()).count());
  };
  status_.schedule.idle_s = since(scheduler.progress().first_started_s, start_.manifest_written());
  status_.schedule.makespan_s = since(scheduler.progress().last_done_s, scattered_);
  clerk_->update(status_);
}

void Teller::last_words(const sched::Scheduler& scheduler, const RankEnd& end, int cores) {
  const auto& progress = scheduler.progress();  // too early to tell by what was read: as foreseen
  if (!status_.left_s) status_.left_s = std::max(0.0, progress.cost_total_s - progress.cost_done_s) / cores;
  for (const auto& why : scheduler.failures()) log::error("{}", why);
  // What failed may have failed by that: segments that it sealed are gone.
  if (end.status != sched::ExitStatus::complete && !store::is_newest(run_, start_.epoch()))
    log::error("another job has taken the run over: this one ends, and what it committed stays");
  for (const auto rank : scheduler.progress().dead)
    log::error("rank {} was not heard of any more and is taken for dead", rank);
  try {
    summarise(run_, status_, end.status, elapsed_s());
  } catch (const std::exception& error) {
    // The disk that ended the run may not be read either: it ended as it did.
    log::warning("the run could not be looked at again: {}", error.what());
  }
  // Only what the disk refused ends a run so.
  if (end.status == sched::ExitStatus::unfinished && !scheduler.failures().empty()) log_room_left();
  end_ledger(run_, start_.ledger(), status_, end);
  clerk_->update(status_);
  clerk_.reset();
}

void Teller::log_room_left() const {
  const auto left = status_.pages - status_.done;
  const auto per_page = status_.done > 0 ? store::journal_and_shard_bytes(run_) / status_.done : 0;
  if (left > 0)
    log::error("the run stopped since its directory takes no more. The {} left will need {}", plural(left, "page"),
               room_text(run_.root, room_needed_bytes(left, per_page)));
}

double Teller::elapsed_s() const { return std::chrono::duration<double>(Clock::now() - scattered_).count(); }

}  // namespace pecia::app
