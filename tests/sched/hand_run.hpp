#pragma once

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <span>
#include <utility>
#include <vector>

#include "messages.hpp"
#include "pecia/sched/scheduler.hpp"

namespace pecia::test {

/// `count` pages of document `document`, with the indices from `first_index` on.
inline std::vector<plan::Task> pages(std::uint32_t document, std::uint32_t count,
                                     std::uint32_t first_index, float cost_s = 1) {
  std::vector<plan::Task> tasks;
  for (std::uint32_t page = 0; page < count; ++page)
    tasks.push_back({{document, page + 1}, cost_s, 0, first_index + page});
  return tasks;
}

inline plan::Share share_of(std::vector<plan::Task> tasks) {
  plan::Share share{std::move(tasks), 0};
  for (const auto& task : share.tasks) share.cost_s += static_cast<double>(task.cost_s);
  return share;
}

inline sched::JobSize job_of(std::span<const plan::Share> shares) {
  sched::JobSize job;
  for (const auto& share : shares) {
    job.pages += share.tasks.size();
    job.cost_s += share.cost_s;
    for (const auto& task : share.tasks) ++job.by_level[static_cast<std::size_t>(sched::level_of(task))];
  }
  job.manifest_pages = job.pages;
  return job;
}

/// Schedulers of all ranks, driven by a test step by step; messages are there at once, unless a
/// rank is stopped: then they wait for it.
class HandRun {
 public:
  struct Sent {
    int from, to;
    sched::Kind kind;
  };

  explicit HandRun(std::vector<plan::Share> shares, const sched::Settings& like = {})
      : shares_{std::move(shares)}, inbox_(shares_.size()) {
    const auto job = job_of(shares_);
    for (std::size_t rank = 0; rank < shares_.size(); ++rank) {
      auto settings = like;
      settings.rank = static_cast<int>(rank);
      settings.size = static_cast<int>(shares_.size());
      ranks_.emplace_back(
          settings, shares_[rank], job,
          rank == 0 ? std::span<const plan::Share>{shares_} : std::span<const plan::Share>{});
    }
  }

  sched::Scheduler& at(int rank) { return ranks_[static_cast<std::size_t>(rank)]; }
  [[nodiscard]] const std::vector<Sent>& sent() const { return sent_; }
  void stop(int rank) { stopped_.insert(rank); }
  void go_on(int rank) { stopped_.erase(rank); }

  /// The clock, then all messages and those that they bring about.
  void at_time(double now_s) {
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      if (!stopped_.contains(static_cast<int>(rank))) ranks_[rank].on_time(now_s);
    }
    deliver();
  }
  void through(double from_s, double until_s, double step_s = 0.5) {
    for (double now_s = from_s; now_s <= until_s; now_s += step_s) at_time(now_s);
  }

  void deliver() {
    while (collect() || pass_on()) {
    }
  }

  /// What a rank is told to do, since the last time.
  std::vector<sched::Command> commands(int rank) {
    std::vector<sched::Command> commands;
    while (const auto command = at(rank).next_command()) commands.push_back(*command);
    return commands;
  }
  [[nodiscard]] std::ptrdiff_t count(int to, sched::Kind kind) const {
    return std::ranges::count_if(
        sent_, [&](const Sent& sent) { return sent.to == to && sent.kind == kind; });
  }

 private:
  bool collect() {
    bool any = false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      if (stopped_.contains(static_cast<int>(rank))) continue;
      while (auto out = ranks_[rank].next_outgoing()) {
        sent_.push_back(
            {static_cast<int>(rank), out->to, static_cast<sched::Kind>(out->bytes.front())});
        inbox_[static_cast<std::size_t>(out->to)].emplace_back(static_cast<int>(rank),
                                                               std::move(out->bytes));
        any = true;
      }
    }
    return any;
  }

  bool pass_on() {
    bool any = false;
    for (std::size_t rank = 0; rank < ranks_.size(); ++rank) {
      if (stopped_.contains(static_cast<int>(rank))) continue;
      for (const auto& [from, bytes] : std::exchange(inbox_[rank], {})) {
        ranks_[rank].on_message(from, bytes);
        any = true;
      }
    }
    return any;
  }

  std::vector<plan::Share> shares_;
  std::vector<sched::Scheduler> ranks_;
  std::vector<std::deque<std::pair<int, Bytes>>> inbox_;
  std::vector<Sent> sent_;
  std::set<int> stopped_;
};

}  // namespace pecia::test
