#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "pecia/comm/virtual_time.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/sched/types.hpp"

namespace pecia::sched {

constexpr double never_s = std::numeric_limits<double>::infinity();

/// What a simulated rank is like and what happens to it.
struct SimulatedRank {
  double speed = 1;           ///< seconds of a page that it reads in a second
  double ready_s = 0;         ///< its engine has loaded
  double slows_s = never_s;   ///< from then on it has `slow_speed`
  double slow_speed = 1;
  double stops_s = never_s;   ///< does nothing and answers nobody ...
  double resumes_s = never_s; ///< ... until then
  double loses_engine_s = never_s;  ///< reads no more, but answers
  double drains_s = never_s;  ///< gets a signal to stop
  double fails_s = never_s;   ///< its disk is full
  EngineClass engine_class = EngineClass::engine;  ///< where `SimulationSettings::classes`
  std::uint32_t engine_fails_from = 0xffffffff;  ///< of its pages, from this one on all fail in the engine
};

struct SimulationSettings {
  Settings schedule;               ///< of every rank; `rank` and `size` are set here
  std::vector<SimulatedRank> ranks;
  comm::Network network;
  double commit_every_s = 2;       ///< store.sync_interval_s
  double commit_s = 0.005;         ///< that an fsync takes
  double close_s = 0;              ///< up to so long, at random, closing the journal takes
  bool classes = false;            ///< ranks read pages of their class (Settings::class_by_rank)
  std::vector<bool> given_up;      ///< by Task::index: what the engine gives up after its time; empty: none
  double longest_s = 1e9;          ///< given up after so much virtual time
};

/// A page that a simulated rank read, or part of it if `ended_s` is when it was told to stop or gave the
/// page up.
struct TimelineEntry {
  int rank = 0;
  plan::Task task;
  double started_s = 0, ended_s = 0;
  bool read = true;
  std::string history = {};  ///< Scheduler::history_of
};

struct SimulationResult {
  bool ended = false;  ///< all ranks that live have finished; false: `longest_s` was reached
  ExitStatus status = ExitStatus::error;
  bool abort = false, bound = false;
  double makespan_s = 0;   ///< until rank 0 knew of the last committed page
  double end_s = 0;        ///< until rank 0 finished
  double bound_s = 0;      ///< no schedule is shorter: max(total work / capacity, longest page)
  double efficiency = 0;   ///< bound_s / makespan_s
  double list_makespan_s = 0;  ///< a central queue in the order of the estimates, without any latency
  std::uint64_t committed = 0; ///< pages that have a record
  std::uint64_t records = 0;   ///< records; more than pages where copies were read to the end
  std::uint64_t reported_rows = 0;  ///< of ranks that closed, as rank 0 was told before it bound
  double cpu_s = 0;            ///< of this thread, for all ranks' schedulers and the simulation itself
  double root_cpu_s = 0;       ///< rank 0's part of the next
  double sched_cpu_s = 0;      ///< of that, what ranks did when they acted: measured at every 64th step
  Progress progress;
  std::vector<std::string> warnings, failures;
};

/// Runs the schedulers of all ranks in this thread and in virtual time, over a `VirtualTime` network.
/// `shares`: the partition. `seconds`: that each page really takes at speed 1, by Task::index; pages
/// with 0 fail without being read. `timeline` is called for each page that left an engine.
[[nodiscard]] SimulationResult simulate(std::span<const plan::Share> shares, std::span<const float> seconds,
                                        const SimulationSettings& settings,
                                        const std::function<void(const TimelineEntry&)>& timeline = {});

/// The time by which a rank that begins `work_s` (at speed 1) at `begin_s` has done it; infinity if never.
[[nodiscard]] double finish_time_s(const SimulatedRank& rank, double begin_s, double work_s) noexcept;
/// When the ranks together can have done `total_s`, and the longest page alone on the fastest.
[[nodiscard]] double lower_bound_s(std::span<const SimulatedRank> ranks, int slots, double total_s, double longest_s);
/// Makespan of a central queue without latency that gives out pages by falling estimate; a page
/// whose rank stops is given out again at once.
[[nodiscard]] double list_makespan_s(std::span<const plan::Share> shares, std::span<const float> seconds,
                                     std::span<const SimulatedRank> ranks, int slots);

}  // namespace pecia::sched
