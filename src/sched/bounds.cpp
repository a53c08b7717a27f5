#include <algorithm>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

#include "pecia/sched/simulation.hpp"

namespace pecia::sched {
namespace {

/// Speed from a moment on, until the next change.
struct Stretch {
  double until_s;
  double speed;
};

Stretch stretch_at(const SimulatedRank& rank, double now_s) noexcept {
  double until_s = never_s;
  for (const double change_s : {rank.ready_s, rank.slows_s, rank.stops_s, rank.resumes_s, rank.loses_engine_s}) {
    if (change_s > now_s) until_s = std::min(until_s, change_s);
  }
  const bool stopped = now_s >= rank.stops_s && now_s < rank.resumes_s;
  if (now_s < rank.ready_s || stopped || now_s >= rank.loses_engine_s) return {until_s, 0};
  return {until_s, now_s >= rank.slows_s ? rank.slow_speed : rank.speed};
}

}  // namespace

double finish_time_s(const SimulatedRank& rank, double begin_s, double work_s) noexcept {
  double now_s = begin_s;
  while (true) {
    const auto [until_s, speed] = stretch_at(rank, now_s);
    if (speed > 0 && now_s + work_s / speed <= until_s) return now_s + work_s / speed;
    if (until_s == never_s) return never_s;
    work_s -= speed * (until_s - now_s);
    now_s = until_s;
  }
}

double lower_bound_s(std::span<const SimulatedRank> ranks, int slots, double total_s, double longest_s) {
  double alone_s = never_s;
  for (const auto& rank : ranks) alone_s = std::min(alone_s, finish_time_s(rank, 0, longest_s));
  // Capacity is piecewise linear in time: bisect where it reaches the total.
  const auto capacity_s = [&](double until_s) {
    double sum_s = 0;
    for (const auto& rank : ranks) {
      for (double now_s = 0; now_s < until_s;) {
        const auto [change_s, speed] = stretch_at(rank, now_s);
        const double end_s = std::min(change_s, until_s);
        sum_s += speed * slots * (end_s - now_s);
        now_s = end_s;
      }
    }
    return sum_s;
  };
  double high_s = 1;
  while (capacity_s(high_s) < total_s && high_s < 1e12) high_s *= 2;
  double low_s = 0;
  for (int step = 0; step < 60; ++step) {
    const double middle_s = (low_s + high_s) / 2;
    (capacity_s(middle_s) < total_s ? low_s : high_s) = middle_s;
  }
  return std::max(high_s, alone_s);
}

double list_makespan_s(std::span<const plan::Share> shares, std::span<const float> seconds,
                       std::span<const SimulatedRank> ranks, int slots) {
  std::vector<std::pair<float, std::uint32_t>> pages;
  for (const auto& share : shares) {
    for (const auto& task : share.tasks) pages.emplace_back(task.cost_s, task.index);
  }
  std::ranges::sort(pages, std::greater{});
  std::vector<std::uint32_t> again;  ///< lost with a rank that stopped
  using Free = std::pair<double, std::size_t>;
  std::priority_queue<Free, std::vector<Free>, std::greater<>> free;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    for (int slot = 0; slot < slots; ++slot) free.emplace(ranks[rank].ready_s, rank);
  }
  double makespan_s = 0;
  std::size_t next = 0;
  while ((next < pages.size() || !again.empty()) && !free.empty()) {
    const auto [now_s, rank] = free.top();
    free.pop();
    const bool from_again = !again.empty();
    const auto index = from_again ? again.back() : pages[next].second;
    const double end_s = finish_time_s(ranks[rank], now_s, static_cast<double>(seconds[index]));
    const double stops_s = ranks[rank].resumes_s < never_s ? never_s : ranks[rank].stops_s;  // for good
    const double gone_s = std::min(stops_s, ranks[rank].loses_engine_s);
    if (now_s >= gone_s) continue;
    from_again ? again.pop_back() : static_cast<void>(++next);
    if (end_s > gone_s) {
      again.push_back(index);
      continue;
    }
    makespan_s = std::max(makespan_s, end_s);
    free.emplace(end_s, rank);
  }
  return makespan_s;
}

}  // namespace pecia::sched
