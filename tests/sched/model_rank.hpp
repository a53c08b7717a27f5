#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "sched/hand_run.hpp"
#include "sched/probe.hpp"

namespace pecia::test {

/// How often each thing may happen, at any moment at which it can.
struct Budget {
  int deaths = 0;        ///< of any rank but 0
  int resumes = 0;       ///< a rank that stopped goes on
  int drains = 0;        ///< asked of any rank
  int engines_lost = 0;  ///< for good, of any rank
  int lags = 0;          ///< a second passes while an engine still reads
  int hurries = 0;       ///< a second passes while messages are still under way
  std::uint32_t given_up = 0;  ///< pages, from the first on, that an engine gives up
  bool loading =
      false;  ///< engines are ready only some time after the start, so that pages can be stolen on
};

/// One thing that can happen next.
struct Event {
  enum class Kind : std::uint8_t {
    deliver,
    ready,
    finish,
    commit,
    tick,
    lag,
    hurry,
    die,
    resume,
    drain,
    lose_engine
  };
  Kind kind;
  int rank = 0;
  int other = 0;  ///< sender, or the place in the engine
};

/// A rank of the model: the real scheduler, an engine that reads a page until an event says that it
/// has finished, and a journal.
struct ModelRank {
  ModelRank(sched::Scheduler made, int slots_of, std::uint32_t pages_given_up)
      : scheduler{std::move(made)}, slots{slots_of}, given_up{pages_given_up} {}
  ModelRank(const ModelRank& other)
      : scheduler{SchedulerProbe::copy(other.scheduler)},
        slots{other.slots},
        given_up{other.given_up},
        engine{other.engine},
        read{other.read},
        records{other.records},
        has_alone{other.has_alone},
        has_engine{other.has_engine},
        loading{other.loading},
        stopped{other.stopped},
        finished{other.finished},
        closed{other.closed},
        status{other.status},
        abort{other.abort},
        problem{other.problem} {}

  struct InEngine {
    plan::Task task;
    bool reading;
  };
  sched::Scheduler scheduler;
  int slots;
  std::uint32_t given_up;
  std::vector<InEngine> engine;
  std::vector<std::uint32_t> read;    ///< and not committed
  std::vector<std::uint8_t> records;  ///< by page
  bool has_alone = false;  ///< of what is in flight here
  bool has_engine = true, loading = false, stopped = false, finished = false, closed = false;
  sched::ExitStatus status = sched::ExitStatus::error;
  bool abort = false;
  std::string problem;

  void finish(std::size_t place) {
    const auto task = engine[place].task;
    const auto index = task.index;
    engine.erase(engine.begin() + static_cast<std::ptrdiff_t>(place));
    if (index < given_up && sched::class_of(task) == sched::EngineClass::engine) return scheduler.on_given_up(index, "x");
    scheduler.on_finished(index, 0);
    read.push_back(index);
  }

  void commit() {
    for (const auto index : read) {
      ++records[index];
      scheduler.on_committed(index, sched::PageEnd::good);
    }
    read.clear();
  }

  void lose_engine() {
    has_engine = false;
    scheduler.on_engine_lost("gone", true);
    give_back([](const InEngine&) { return true; });
  }

  void give_back(const std::function<bool(const InEngine&)>& which) {
    std::erase_if(engine, [&](const InEngine& page) {
      if (which(page)) scheduler.on_returned(page.task);
      return which(page);
    });
  }

  [[nodiscard]] std::size_t in_flight() const { return engine.size() + read.size(); }

  void hand_out() {
    if (in_flight() == 0) has_alone = false;
    while (has_engine && !loading) {
      const auto task = scheduler.next_page();
      if (!task) break;
      if (task->alone && in_flight() > 0) problem = "a page that is read alone is not alone";
      if (has_alone) problem = "a page was begun beside one that is read alone";
      has_alone = task->alone;
      const bool by_engine = sched::class_of(*task) == sched::EngineClass::engine;
      if (task->index < given_up && by_engine != scheduler.history_of(*task).empty())
        problem = "a page that was given up without its history, or one that was not with one";
      engine.push_back({*task, false});
    }
    for (std::size_t n = 0; n < engine.size() && n < static_cast<std::size_t>(slots); ++n) {
      if (std::exchange(engine[n].reading, true)) continue;
      scheduler.on_started(engine[n].task.index);
    }
  }

  void obey(const sched::Command& command) {
    using Kind = sched::Command::Kind;
    switch (command.kind) {
      case Kind::drain:
        give_back([](const InEngine& page) { return !page.reading; });
        break;
      case Kind::recall:
        give_back([](const InEngine& page) { return !page.reading; });
        scheduler.on_recalled();
        break;
      case Kind::cancel:
        give_back([&](const InEngine& page) { return page.task.index == command.page; });
        break;
      case Kind::close:
        if (closed) problem = "closed twice";
        give_back([](const InEngine&) { return true; });
        commit();
        closed = true;
        scheduler.on_closed({});
        break;
      case Kind::finish:
        if (finished) problem = "finished twice";
        if (!closed) problem = "finished before it closed";
        finished = true;
        status = command.status;
        abort = command.abort;
        break;
    }
  }
};

}  // namespace pecia::test
