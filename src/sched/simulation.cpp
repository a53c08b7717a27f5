#include "pecia/sched/simulation.hpp"

#include <algorithm>
#include <cmath>
#include <ctime>
#include <deque>
#include <memory>
#include <queue>
#include <random>
#include <utility>

#include "pecia/base/error.hpp"
#include "pecia/sched/scheduler.hpp"

namespace pecia::sched {
namespace {

constexpr int measure_every = 64;

double thread_cpu_s() {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

/// That reading the clock itself takes.
double clock_cost_s() {
  constexpr int readings = 1000;
  const double began_s = thread_cpu_s();
  for (int n = 0; n < readings; ++n) (void)thread_cpu_s();
  return (thread_cpu_s() - began_s) / readings;
}

/// A page in a simulated engine.
struct Reading {
  plan::Task task;
  std::string history;
  double started_s;
  double ends_s;  ///< infinity: never, unless its rank goes on
};

/// A rank without its schedule: an engine that takes its time and a journal.
struct Machine {
  std::deque<plan::Task> waiting;
  std::vector<Reading> reading;
  std::vector<std::pair<plan::Task, PageEnd>> unsynced;
  double synced_s = 0;
  double syncs_s = never_s;   ///< an fsync under way returns then
  double closes_s = never_s;
  std::uint64_t rows = 0;
  std::uint32_t pages_read = 0;
  bool drained = false, failed = false, engine_lost = false, finished = false;
};

class Simulation {
 public:
  Simulation(std::span<const plan::Share> shares, std::span<const float> seconds, const SimulationSettings& settings,
             const std::function<void(const TimelineEntry&)>& timeline)
      : seconds_{seconds},
        settings_{settings},
        timeline_{timeline},
        random_{settings.schedule.seed},
        world_{static_cast<int>(settings.ranks.size()), settings.network},
        machines_(settings.ranks.size()),
        woken_s_(settings.ranks.size(), never_s),
        records_(seconds.size()) {
    JobSize job;
    job.manifest_pages = seconds.size();
    for (const auto& share : shares) {
      job.pages += share.tasks.size();
      job.cost_s += share.cost_s;
      for (const auto& task : share.tasks) ++job.by_level[static_cast<std::size_t>(level_of(task))];
    }
    for (std::size_t rank = 0; rank < machines_.size(); ++rank) {
      auto schedule = settings.schedule;
      if (settings.classes) {
        for (const auto& like : settings.ranks) schedule.class_by_rank.push_back(like.engine_class);
      }
      schedule.rank = static_cast<int>(rank);
      schedule.size = static_cast<int>(machines_.size());
      const auto mine = rank < shares.size() ? shares[rank] : plan::Share{};
      schedulers_.push_back(std::make_unique<Scheduler>(schedule, mine, job, rank == 0 ? shares : decltype(shares){}));
      wake(rank, 0);
    }
  }

  SimulationResult run() {
    const double began_s = thread_cpu_s();
    while (!queue_.empty() && living_ > 0) {
      const auto [now_s, rank] = queue_.top();
      queue_.pop();
      if (now_s > settings_.longest_s) break;
      if (now_s != woken_s_[rank]) continue;  // it was woken earlier
      woken_s_[rank] = never_s;
      world_.set_now(now_s);
      step(rank, now_s);
    }
    result_.cpu_s = thread_cpu_s() - began_s;
    result_.ended = living_ == 0;
    const auto& root = *schedulers_.front();
    result_.progress = root.progress();
    result_.makespan_s = result_.progress.last_done_s;
    result_.warnings = root.warnings();
    result_.failures = root.failures();
    result_.committed = static_cast<std::uint64_t>(std::ranges::count_if(records_, [](auto n) { return n > 0; }));
    return std::move(result_);
  }

 private:
  [[nodiscard]] const SimulatedRank& like(std::size_t rank) const { return settings_.ranks[rank]; }
  double up_to(double most) { return most > 0 ? std::uniform_real_distribution{0.0, most}(random_) : 0; }

  void wake(std::size_t rank, double at_s) {
    if (at_s >= woken_s_[rank]) return;
    woken_s_[rank] = at_s;
    queue_.emplace(at_s, rank);
  }

  void step(std::size_t rank, double now_s) {
    auto& machine = machines_[rank];
    const auto& it = like(rank);
    if (machine.finished) return;
    if (now_s >= it.stops_s && now_s < it.resumes_s) {
      if (it.resumes_s < never_s) {
        wake(rank, it.resumes_s);
      } else {
        machine.finished = true;
        --living_;
      }
      return;
    }
    auto& steps = rank == 0 ? root_steps_ : steps_;
    const bool measured = ++steps % measure_every == 0;
    const double began_s = measured ? thread_cpu_s() : 0;
    act(rank, machine, now_s);
    if (measured) {
      const double taken_s = measure_every * std::max(0.0, thread_cpu_s() - began_s - clock_s_);
      result_.sched_cpu_s += taken_s;
      if (rank == 0) result_.root_cpu_s += taken_s;
    }
    if (machine.finished) {
      --living_;
      return;
    }
    double next_s = std::min({schedulers_[rank]->next_time_s(), world_.next_arrival_s(static_cast<int>(rank)),
                              machine.syncs_s, machine.closes_s, it.stops_s > now_s ? it.stops_s : never_s});
    for (const auto& page : machine.reading) next_s = std::min(next_s, page.ends_s);
    for (const double event_s : {it.ready_s, it.loses_engine_s, it.drains_s, it.fails_s}) {
      if (event_s > now_s) next_s = std::min(next_s, event_s);
    }
    if (!machine.unsynced.empty() && machine.syncs_s == never_s)
      next_s = std::min(next_s, schedulers_[rank]->dry() ? now_s : machine.synced_s + settings_.commit_every_s);
    // A clock has a resolution, and so has time here: no rank wakes twice at one instant for ever.
    wake(rank, std::max(next_s, std::nextafter(now_s, never_s)));
  }

  void act(std::size_t rank, Machine& machine, double now_s) {
    auto& schedule = *schedulers_[rank];
    auto& comm = world_.rank(static_cast<int>(rank));
    mishaps(rank, machine, now_s);
    while (auto message = comm.try_receive()) schedule.on_message(message->source, message->bytes);
    finish_pages(rank, machine, now_s);
    sync(machine, schedule, now_s);
    schedule.on_time(now_s);
    start_pages(rank, machine, now_s);
    while (const auto command = schedule.next_command()) obey(rank, machine, *command, now_s);
    start_pages(rank, machine, now_s);
    if (now_s >= machine.closes_s) {
      machine.closes_s = never_s;
      schedule.on_closed({{{"shard", 1, 1}}, {}, machine.rows});
    }
    if (rank == 0) (void)schedule.take_finished();  // there is no cost model that would learn
    if (const auto reports = schedule.all_closed()) {
      result_.bound = true;
      for (const auto& report : *reports) result_.reported_rows += report.rows;
      schedule.on_bound();
    }
    while (const auto command = schedule.next_command()) obey(rank, machine, *command, now_s);
    while (auto out = schedule.next_outgoing()) {
      comm.send(out->to, out->bytes);
      const auto to = static_cast<std::size_t>(out->to);
      if (!machines_[to].finished) wake(to, world_.next_arrival_s(out->to));
    }
  }

  void mishaps(std::size_t rank, Machine& machine, double now_s) {
    const auto& it = like(rank);
    auto& schedule = *schedulers_[rank];
    if (now_s >= it.drains_s && !machine.drained) {
      machine.drained = true;
      schedule.on_drain_requested();
    }
    if (now_s >= it.fails_s && !machine.failed) {
      machine.failed = true;
      schedule.on_failure("no space left");
      give_back_all(rank, machine, now_s);
    }
    if (now_s >= it.loses_engine_s && !machine.engine_lost) {
      machine.engine_lost = true;
      schedule.on_engine_lost("the device fell off the bus", true);
      give_back_all(rank, machine, now_s);
    }
  }

  void start_pages(std::size_t rank, Machine& machine, double now_s) {
    auto& schedule = *schedulers_[rank];
    const auto& it = like(rank);
    if (now_s < it.ready_s || machine.engine_lost || machine.failed) return;
    while (auto task = schedule.next_page()) machine.waiting.push_back(*task);
    while (!machine.waiting.empty() && machine.reading.size() < static_cast<std::size_t>(settings_.schedule.slots)) {
      const auto task = machine.waiting.front();
      machine.waiting.pop_front();
      const auto work_s = static_cast<double>(seconds_[task.index]);
      if (work_s <= 0) {
        schedule.on_finished(task.index, 0);
        machine.unsynced.emplace_back(task, PageEnd::failed);
        continue;
      }
      schedule.on_started(task.index);
      machine.reading.push_back({task, schedule.history_of(task), now_s, finish_time_s(it, now_s, work_s)});
    }
  }

  [[nodiscard]] bool gives_up(const plan::Task& task) const {
    return !settings_.given_up.empty() && settings_.given_up[task.index] && class_of(task) == EngineClass::engine;
  }

  void finish_pages(std::size_t rank, Machine& machine, double now_s) {
    std::erase_if(machine.reading, [&](const Reading& page) {
      if (page.ends_s > now_s) return false;
      if (gives_up(page.task)) {
        schedulers_[rank]->on_given_up(page.task.index, "given up by rank " + std::to_string(rank));
        if (timeline_) timeline_({static_cast<int>(rank), page.task, page.started_s, now_s, false, page.history});
        return true;
      }
      const bool fails = machine.pages_read++ >= like(rank).engine_fails_from;
      schedulers_[rank]->on_finished(page.task.index, now_s - page.started_s);
      machine.unsynced.emplace_back(page.task, fails ? PageEnd::engine_failed : PageEnd::good);
      if (timeline_) timeline_({static_cast<int>(rank), page.task, page.started_s, now_s, true, page.history});
      return true;
    });
  }

  /// The journal: pages are committed together, every `commit_every_s`, or when the engine has nothing.
  void sync(Machine& machine, Scheduler& schedule, double now_s) {
    if (now_s >= machine.syncs_s) {
      machine.syncs_s = never_s;
      machine.synced_s = now_s;
      for (const auto& [task, end] : machine.unsynced) {
        ++machine.rows;
        ++result_.records;
        ++records_[task.index];
        schedule.on_committed(task.index, end);
      }
      machine.unsynced.clear();
    }
    const bool due = now_s >= machine.synced_s + settings_.commit_every_s || machine.reading.empty() || schedule.dry();
    if (!machine.unsynced.empty() && machine.syncs_s == never_s && due) machine.syncs_s = now_s + settings_.commit_s;
  }

  void give_back_all(std::size_t rank, Machine& machine, double now_s) {
    auto& schedule = *schedulers_[rank];
    for (const auto& page : machine.reading) {
      schedule.on_returned(page.task);
      if (timeline_) timeline_({static_cast<int>(rank), page.task, page.started_s, now_s, false, page.history});
    }
    for (const auto& task : machine.waiting) schedule.on_returned(task);
    machine.reading.clear();
    machine.waiting.clear();
  }

  void recall(Machine& machine, Scheduler& schedule) {
    for (const auto& task : machine.waiting) schedule.on_returned(task);
    machine.waiting.clear();
    schedule.on_recalled();
  }

  void cancel(std::size_t rank, Machine& machine, std::uint32_t index, double now_s) {
    auto& schedule = *schedulers_[rank];
    std::erase_if(machine.waiting, [&](const plan::Task& task) {
      if (task.index == index) schedule.on_returned(task);
      return task.index == index;
    });
    std::erase_if(machine.reading, [&](const Reading& page) {
      if (page.task.index != index) return false;
      schedule.on_returned(page.task);
      if (timeline_) timeline_({static_cast<int>(rank), page.task, page.started_s, now_s, false, page.history});
      return true;
    });
  }

  void obey(std::size_t rank, Machine& machine, const Command& command, double now_s) {
    auto& schedule = *schedulers_[rank];
    switch (command.kind) {
      case Command::Kind::drain:
        for (const auto& task : machine.waiting) schedule.on_returned(task);
        machine.waiting.clear();
        break;
      case Command::Kind::recall: recall(machine, schedule); break;
      case Command::Kind::cancel: cancel(rank, machine, command.page, now_s); break;
      case Command::Kind::close:
        give_back_all(rank, machine, now_s);
        machine.syncs_s = now_s;
        sync(machine, schedule, now_s);
        machine.syncs_s = never_s;
        machine.closes_s = now_s + up_to(settings_.close_s);
        break;
      case Command::Kind::finish:
        machine.finished = true;
        if (rank != 0) break;
        result_.status = command.status;
        result_.abort = command.abort;
        result_.end_s = now_s;
        break;
    }
  }

  std::span<const float> seconds_;
  const SimulationSettings& settings_;
  const std::function<void(const TimelineEntry&)>& timeline_;
  std::minstd_rand random_;
  comm::VirtualTime world_;
  std::vector<std::unique_ptr<Scheduler>> schedulers_;
  std::vector<Machine> machines_;
  std::vector<double> woken_s_;  ///< when each rank acts next
  std::priority_queue<std::pair<double, std::size_t>, std::vector<std::pair<double, std::size_t>>, std::greater<>> queue_;
  std::vector<std::uint16_t> records_;  ///< by index
  std::size_t living_ = settings_.ranks.size();
  std::uint64_t steps_ = 0, root_steps_ = 0;
  double clock_s_ = clock_cost_s();
  SimulationResult result_;
};

}  // namespace

SimulationResult simulate(std::span<const plan::Share> shares, std::span<const float> seconds,
                          const SimulationSettings& settings,
                          const std::function<void(const TimelineEntry&)>& timeline) {
  require(!settings.ranks.empty() && shares.size() <= settings.ranks.size(), "a simulation needs a rank for each share");
  auto result = Simulation{shares, seconds, settings, timeline}.run();
  double total_s = 0, longest_s = 0;
  for (const auto& share : shares) {
    for (const auto& task : share.tasks) {
      total_s += static_cast<double>(seconds[task.index]);
      longest_s = std::max(longest_s, static_cast<double>(seconds[task.index]));
    }
  }
  result.bound_s = lower_bound_s(settings.ranks, settings.schedule.slots, total_s, longest_s);
  result.efficiency = result.makespan_s > 0 ? result.bound_s / result.makespan_s : 1;
  result.list_makespan_s = list_makespan_s(shares, seconds, settings.ranks, settings.schedule.slots);
  return result;
}

}  // namespace pecia::sched
