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
  plan::Share share;
  for (auto page = static_cast<std::uint32_t>(comm.rank()); page < pages; page += static_cast<std::uint32_t>(comm.size()))
    share.tasks.push_back({{0, page + 1}, 1, 0});
  sched::Scheduler scheduler{settings, share, pages, 1.0 * pages, pages};
  const auto began = std::chrono::steady_clock::now();
  while (true) {
    while (auto message = comm.try_receive()) scheduler.on_message(message->source, message->bytes);
    scheduler.on_time(std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
    while (const auto task = scheduler.next_page())
      scheduler.on_committed(task->page.page - 1, sched::PageEnd::good, task->cost_s);
    while (const auto command = scheduler.next_command()) {
      if (command->kind == sched::Command::Kind::close) scheduler.on_closed({{"shard"}, {}, share.tasks.size()});
      if (command->kind != sched::Command::Kind::finish) continue;
      while (auto out = scheduler.next_outgoing()) comm.send(out->to, out->bytes);
      comm.barrier();
      return command->status;
    }
    if (const auto reports = scheduler.all_closed()) {
      std::uint64_t rows = 0;
      for (const auto& report : *reports) rows += report.rows;
      EXPECT_EQ(rows, pages);
      EXPECT_EQ(scheduler.progress().done, pages);
      scheduler.on_bound();
    }
    while (auto out = scheduler.next_outgoing()) comm.send(out->to, out->bytes);
    std::this_thread::sleep_for(std::chrono::microseconds{100});
  }
}

}  // namespace pecia::test
