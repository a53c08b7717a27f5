#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "pecia/comm/communicator.hpp"
#include "pecia/sched/scheduler.hpp"

namespace pecia::test {

/// A rank that reads at once whatever it is given: the scheduler over real message passing. Returns
/// the status that the rank finished with.
inline sched::ExitStatus run_echo_rank(comm::Communicator& comm, std::uint32_t pages) {
  sched::Settings settings;
  settings.rank = comm.rank();
  settings.size = comm.size();
  std::vector<plan::Share> shares(static_cast<std::size_t>(comm.size()));
  for (std::uint32_t page = 0; page < pages; ++page) {
    auto& share = shares[page % shares.size()];
    share.tasks.push_back({{0, page + 1}, 1, 0, page});
    share.cost_s += 1;
  }
  sched::JobSize job{pages, 1.0 * pages, {0, pages, 0}, pages};
  const auto& mine = shares[static_cast<std::size_t>(comm.rank())];
  sched::Scheduler scheduler{
      settings, mine, job,
      comm.rank() == 0 ? std::span<const plan::Share>{shares} : std::span<const plan::Share>{}};
  std::uint64_t rows = 0;
  const auto began = std::chrono::steady_clock::now();
  while (true) {
    while (auto message = comm.try_receive()) scheduler.on_message(message->source, message->bytes);
    scheduler.on_time(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    while (const auto task = scheduler.next_page()) {
      scheduler.on_started(task->index);
      scheduler.on_finished(task->index, 1e-6);
      scheduler.on_committed(task->index, sched::PageEnd::good);
      ++rows;
    }
    while (const auto command = scheduler.next_command()) {
      if (command->kind == sched::Command::Kind::recall) scheduler.on_recalled();
      if (command->kind == sched::Command::Kind::close) scheduler.on_closed({{{"shard", 1, 1}}, {}, rows});
      if (command->kind != sched::Command::Kind::finish) continue;
      while (auto out = scheduler.next_outgoing()) comm.send(out->to, out->bytes);
      comm.barrier();
      return command->status;
    }
    if (const auto reports = scheduler.all_closed()) {
      std::uint64_t reported = 0;
      for (const auto& report : *reports) reported += report.rows;
      EXPECT_EQ(reported, pages);
      EXPECT_EQ(scheduler.progress().done, pages);
      scheduler.on_bound();
    }
    while (auto out = scheduler.next_outgoing()) comm.send(out->to, out->bytes);
    std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
}

}  // namespace pecia::test
