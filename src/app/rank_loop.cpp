#include "rank_loop.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <iterator>

#include "cores.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"

namespace pecia::app {
namespace {

using Clock = std::chrono::steady_clock;
/// How long a message waits at most while nothing happens here; each look costs some microseconds.
constexpr std::chrono::milliseconds poll_every{2};
constexpr std::chrono::milliseconds report_progress_every{250};

/// store and sched know nothing of each other.
template <class To, class From>
std::vector<To> as(const std::vector<From>& files) {
  std::vector<To> same;
  for (const auto& file : files) same.push_back({file.name, file.rows, file.bytes});
  return same;
}

class RankLoop {
 public:
  RankLoop(comm::Communicator& comm, sched::Scheduler& scheduler, Pipeline& pipeline)
      : comm_{comm}, scheduler_{scheduler}, pipeline_{pipeline} {}

  RankEnd operator()(const std::function<void()>& progress) {
    auto last_progress = Clock::time_point{};
    while (!finished_) {
      look_at_signals();
      while (auto message = comm_.try_receive()) scheduler_.on_message(message->source, message->bytes);
      for (auto event = pipeline_.next_event(poll_every); event;
           event = pipeline_.next_event(std::chrono::milliseconds{0}))
        std::visit([this](const auto& e) { on(e); }, *event);
      scheduler_.on_time(seconds(Clock::now().time_since_epoch()));
      hand_out();
      if (const bool urgent = scheduler_.dry() || scheduler_.draining(); ready_ && urgent != syncs_at_once_) {
        syncs_at_once_ = urgent;
        pipeline_.sync_at_once(urgent);
      }
      while (const auto command = scheduler_.next_command()) obey(*command);
      hand_out();
      if (auto reports = scheduler_.all_closed()) bind(*reports);
      while (auto out = scheduler_.next_outgoing()) comm_.send(out->to, out->bytes);
      if (Clock::now() - last_progress >= report_progress_every) {
        scheduler_.set_memory_bytes(peak_memory_bytes());
        pipeline_.set_pages_left(scheduler_.unstarted() + scheduler_.in_flight());
        tell_warnings();
        progress();
        last_progress = Clock::now();
      }
    }
    tell_warnings();
    progress();
    return end_;
  }

 private:
  static double seconds(Clock::duration time) {
    return std::chrono::duration<double>(time).count();
  }

  void look_at_signals() {
    const auto request = stop::requested();
    if (request == seen_) return;
    if (seen_ == stop::Request::none) {
      pipeline_.stopping();
      scheduler_.on_drain_requested();
    }
    if (request == stop::Request::now) {
      log::warning("asked twice to stop: pages in flight are given back");
      pipeline_.cancel();
    }
    seen_ = request;
  }

  void hand_out() {
    while (ready_ && !pipeline_.backed_up()) {
      const auto task = scheduler_.next_page();
      if (!task) return;
      pipeline_.start(*task, scheduler_.history_of(*task));
    }
  }

  void tell_warnings() {
    const auto& warnings = scheduler_.warnings();
    for (; told_ < warnings.size(); ++told_) log::warning("{}", warnings[told_]);
  }

  void on(const Ready&) {
    log::debug("the engine is ready");
    ready_ = true;
  }
  void on(const Started& event) { scheduler_.on_started(event.index); }
  void on(const Finished& event) { scheduler_.on_finished(event.index, event.seconds); }
  void on(const Committed& event) { scheduler_.on_committed(event.task.index, event.end); }
  void on(const SetAside& event) { scheduler_.on_set_aside(event.index); }
  void on(const Due& event) { scheduler_.on_due(event.index); }
  void on(const Returned& event) { scheduler_.on_returned(event.task, event.history); }
  void on(const GivenUp& event) { scheduler_.on_given_up(event.index, event.history); }
  void on(const Failed& event) {
    log::error("{}", event.why);
    scheduler_.on_failure(event.why, event.status);
    pipeline_.cancel();
  }
  void on(const EngineLost& event) {
    log::error("the engine was lost{}: {}", event.for_good ? "; this rank reads no more" : ", another is started", event.why);
    scheduler_.on_engine_lost(event.why, event.for_good);
  }
  void on(const Closed& event) {
    const auto& written = event.written;
    scheduler_.on_closed({as<sched::WrittenFile>(written.shards), as<sched::WrittenFile>(written.segments), written.rows});
  }
  void on(const Bound& event) {
    if (!event.problem.empty()) {
      const auto why = fmt::format("corpus.h5 could not be written: {}", event.problem);
      log::error("{}", why);
      scheduler_.on_failure(why, event.status);
    }
    end_.bound = event.shards;
    scheduler_.on_bound();
  }

  void obey(const sched::Command& command) {
    using Kind = sched::Command::Kind;
    switch (command.kind) {
      case Kind::drain:  // and from now on pages are synced at once
        pipeline_.stopping();
        for (const auto& task : pipeline_.recall(true)) scheduler_.on_returned(task);
        break;
      case Kind::recall:
        for (const auto& task : pipeline_.recall(false)) scheduler_.on_returned(task);
        scheduler_.on_recalled();
        break;
      case Kind::cancel: pipeline_.take_back(command.page); break;
      case Kind::close:
        complete_ = !command.drained;
        pipeline_.close(complete_);
        break;
      case Kind::finish:
        end_.status = command.status;
        end_.abort = command.abort;
        finished_ = true;
        break;
    }
  }

  /// Rank 0. A run that was drained, or has a segment that could not be sealed, is bound by a later job.
  void bind(const std::vector<sched::ClosedReport>& reports) {
    for (const auto& report : reports) {
      std::ranges::move(as<store::LedgerFile>(report.shards), std::back_inserter(end_.shards));
      std::ranges::move(as<store::LedgerFile>(report.segments), std::back_inserter(end_.segments));
    }
    if (complete_ && end_.segments.empty())
      pipeline_.bind(end_.shards);
    else
      scheduler_.on_bound();
  }

  comm::Communicator& comm_;
  sched::Scheduler& scheduler_;
  Pipeline& pipeline_;
  stop::Request seen_ = stop::Request::none;
  bool ready_ = false;
  bool syncs_at_once_ = false;
  std::size_t told_ = 0;  ///< of the scheduler's warnings
  bool complete_ = false;
  bool finished_ = false;
  RankEnd end_;
};

}  // namespace

RankEnd run_rank(comm::Communicator& comm, sched::Scheduler& scheduler, Pipeline& pipeline,
                 const std::function<void()>& progress) {
  return RankLoop{comm, scheduler, pipeline}(progress);
}

}  // namespace pecia::app
