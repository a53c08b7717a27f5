#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "pecia/sched/scheduler.hpp"

namespace pecia::test {

/// What may go wrong in a simulated run, and when (virtual seconds); a rank of -1: does not happen.
struct Mishaps {
  int drain_rank = -1;
  double drain_s = 0;
  int dead_rank = -1;  ///< stops for ever
  double dead_s = 0;
  int failing_rank = -1;
  double failing_s = 0;
};

/// N schedulers in one thread and in virtual time: messages are delayed at random but stay in order
/// per pair, pages take random times, some fail.
class SimulatedRanks {
 public:
  SimulatedRanks(int ranks, int pages, std::uint32_t seed, Mishaps mishaps, double grace_s = 5)
      : random_{seed}, mishaps_{mishaps}, pages_{static_cast<std::uint64_t>(pages)} {
    std::vector<plan::Share> shares(static_cast<std::size_t>(ranks));
    for (int page = 0; page < pages; ++page) {
      auto& share = shares[random_() % shares.size()];
      share.tasks.push_back({{0, static_cast<std::uint32_t>(page + 1)}, 1, 0});
      share.cost_s += 1;
    }
    for (int rank = 0; rank < ranks; ++rank) {
      sched::Settings settings;
      settings.rank = rank;
      settings.size = ranks;
      settings.silence_s = 20;
      settings.drain_grace_s = grace_s;
      ranks_.push_back({sched::Scheduler{settings, shares[static_cast<std::size_t>(rank)], pages_, pages * 1.0, pages_}, {}, {}, {}, 0, false});
    }
  }

  /// Until all ranks that live have finished; false if that takes longer than any run may.
  bool run() {
    for (double now_s = 0; now_s < 10'000; now_s += 0.25) {
      for (std::size_t rank = 0; rank < ranks_.size(); ++rank) step(rank, now_s);
      bool all = true;
      for (std::size_t rank = 0; rank < ranks_.size(); ++rank) all = all && (ranks_[rank].finished || is_dead(rank, now_s));
      if (all) return true;
    }
    return false;
  }

  [[nodiscard]] sched::ExitStatus status() const { return status_; }
  [[nodiscard]] bool abort() const { return abort_; }
  [[nodiscard]] bool bound() const { return bound_; }
  /// Records in the journals of the ranks that closed, as rank 0 was told before it bound.
  [[nodiscard]] std::uint64_t reported_rows() const { return reported_rows_; }
  [[nodiscard]] const sched::Progress& progress() const { return ranks_[0].scheduler.progress(); }
  /// Times that each page was committed, over all ranks.
  [[nodiscard]] const std::map<std::uint64_t, int>& committed() const { return committed_; }
  [[nodiscard]] std::uint64_t failed() const { return failed_; }

 private:
  struct Reading {
    plan::Task task;
    double until_s;
  };
  struct Rank {
    sched::Scheduler scheduler;
    std::map<int, std::vector<std::pair<double, Bytes>>> inbox;  ///< by sender, in order
    std::vector<Reading> reading;
    std::optional<double> closes_s;
    std::uint64_t rows;
    bool finished;
  };

  double between(double low, double high) { return std::uniform_real_distribution{low, high}(random_); }
  [[nodiscard]] bool is_dead(std::size_t rank, double now_s) const {
    return static_cast<int>(rank) == mishaps_.dead_rank && now_s >= mishaps_.dead_s;
  }

  void step(std::size_t n, double now_s) {
    auto& rank = ranks_[n];
    if (rank.finished || is_dead(n, now_s)) return;
    mishap(static_cast<int>(n), now_s);
    deliver(rank, now_s);
    read(rank, now_s);
    rank.scheduler.on_time(now_s);
    while (rank.reading.size() < 2) {
      const auto task = rank.scheduler.next_page();
      if (!task) break;
      rank.reading.push_back({*task, now_s + between(0.1, 6)});
    }
    obey(rank, now_s);
    if (rank.closes_s && now_s >= *rank.closes_s) {
      rank.closes_s.reset();
      rank.scheduler.on_closed({{"shard"}, {}, rank.rows});
    }
    if (auto reports = rank.scheduler.all_closed()) {
      bound_ = true;
      for (const auto& report : *reports) reported_rows_ += report.rows;
      rank.scheduler.on_bound();
    }
    obey(rank, now_s);
    while (auto out = rank.scheduler.next_outgoing()) {
      auto& line = ranks_[static_cast<std::size_t>(out->to)].inbox[static_cast<int>(n)];
      const double earliest = line.empty() ? now_s : line.back().first;
      line.emplace_back(std::max(earliest, now_s + between(0, 1)), std::move(out->bytes));
    }
  }

  void mishap(int rank, double now_s) {
    if (rank == mishaps_.drain_rank && now_s >= mishaps_.drain_s) {
      mishaps_.drain_rank = -1;
      ranks_[static_cast<std::size_t>(rank)].scheduler.on_drain_requested();
    }
    if (rank == mishaps_.failing_rank && now_s >= mishaps_.failing_s) {
      mishaps_.failing_rank = -1;
      ranks_[static_cast<std::size_t>(rank)].scheduler.on_failure("no space left");
    }
  }

  static void deliver(Rank& rank, double now_s) {
    for (auto& [from, line] : rank.inbox) {
      while (!line.empty() && line.front().first <= now_s) {
        const auto message = std::move(line.front().second);
        line.erase(line.begin());
        rank.scheduler.on_message(from, message);
      }
    }
  }

  void read(Rank& rank, double now_s) {
    std::erase_if(rank.reading, [&](const Reading& reading) {
      if (reading.until_s > now_s) return false;
      const auto index = reading.task.page.page - 1;
      const bool fails = index % 17 == 3;
      if (fails) ++failed_;
      ++committed_[index];
      ++rank.rows;
      rank.scheduler.on_committed(index, fails ? sched::PageEnd::failed : sched::PageEnd::good, reading.task.cost_s);
      return true;
    });
  }

  void obey(Rank& rank, double now_s) {
    while (const auto command = rank.scheduler.next_command()) {
      if (command->kind == sched::Command::Kind::close) {
        for (const auto& reading : rank.reading) rank.scheduler.on_returned(reading.task);
        rank.reading.clear();
        rank.closes_s = now_s + between(0, 3);
      }
      if (command->kind == sched::Command::Kind::finish) {
        rank.finished = true;
        if (&rank == &ranks_[0]) {
          status_ = command->status;
          abort_ = command->abort;
        }
      }
    }
  }

  std::mt19937 random_;
  Mishaps mishaps_;
  std::uint64_t pages_;
  std::vector<Rank> ranks_;
  std::map<std::uint64_t, int> committed_;
  std::uint64_t failed_ = 0;
  std::uint64_t reported_rows_ = 0;
  sched::ExitStatus status_ = sched::ExitStatus::error;
  bool abort_ = false, bound_ = false;
};

}  // namespace pecia::test
