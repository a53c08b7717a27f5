#include <array>
#include <atomic>
#include <limits>
#include <random>

#include "pecia/comm/threads.hpp"
#include "sched/hand_run.hpp"
#include "sched/ranks_contract.hpp"

namespace pecia {
namespace thread_ranks_test {

using sched::Command;
using sched::ExitStatus;
using sched::PageEnd;

TEST(ThreadRanks, ReadEveryPageAndFinish) {
  for (const int ranks : {1, 2, 4, 8}) {
    comm::run_threads(ranks, [](comm::Communicator& comm) {
      EXPECT_EQ(test::run_echo_rank(comm, 1000), ExitStatus::complete);
    });
  }
}

/// What ranks write down where all can see it.
struct Book {
  explicit Book(std::size_t pages) : records(pages), first_start(pages) {
    for (auto& start : first_start) start = std::numeric_limits<std::int64_t>::max();
  }
  std::atomic<std::int64_t> clock{0};  ///< orders the starts of pages on all ranks
  std::vector<std::atomic<int>> records;
  std::vector<std::atomic<std::int64_t>> first_start;
  std::atomic<std::int64_t> copies{0}, stolen{0};
};

/// A rank that does what it has to in any order and after any delay, and an engine that takes a
/// random number of steps for a page.
class Erratic {
 public:
  Erratic(comm::Communicator& comm, std::span<const plan::Share> shares, std::uint32_t seed,
          Book& book)
      : comm_{comm},
        book_{book},
        slots_{settings(comm, seed).slots},
        random_{seed * 1000 + static_cast<std::uint32_t>(comm.rank())},
        began_{Clock::now()},
        scheduler_{settings(comm, seed), shares[static_cast<std::size_t>(comm.rank())],
                   test::job_of(shares),
                   comm.rank() == 0 ? shares : std::span<const plan::Share>{}} {}

  ExitStatus run() {
    while (true) {
      std::array<int, 5> steps{0, 1, 2, 3, 4};
      std::ranges::shuffle(steps, random_);
      for (const int step : steps) {
        if (below(4) == 0) continue;
        if (below(8) == 0)
          std::this_thread::sleep_for(
              std::chrono::microseconds{below(comm_.rank() == 1 ? 2000 : 300)});
        if (below(3) == 0) std::this_thread::yield();
        take(step);
        if (status_) return leave();
      }
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  struct Reading {
    plan::Task task;
    std::uint32_t steps;
    bool started = false;
  };

  static sched::Settings settings(const comm::Communicator& comm, std::uint32_t seed) {
    sched::Settings settings;
    settings.rank = comm.rank();
    settings.size = comm.size();
    settings.slots = 1 + static_cast<int>(seed % 3);
    settings.heartbeat_s = 0.01;
    settings.seed = seed + 1;
    return settings;
  }

  std::uint32_t below(std::uint32_t end) { return static_cast<std::uint32_t>(random_()) % end; }

  void take(int step) {
    switch (step) {
      case 0:
        for (auto most = below(4); most > 0; --most) {
          if (const auto message = comm_.try_receive())
            scheduler_.on_message(message->source, message->bytes);
        }
        break;
      case 1:
        scheduler_.on_time(std::chrono::duration<double>(Clock::now() - began_).count());
        break;
      case 2:
        read();
        break;
      case 3:
        commit();
        if (const auto reports = scheduler_.all_closed()) scheduler_.on_bound();
        break;
      default:
        while (const auto command = scheduler_.next_command()) obey(*command);
        send();
    }
  }

  void read() {
    if (const auto task = scheduler_.next_page())
      engine_.push_back({*task, 1 + below(below(20) == 0 ? 60 : 6)});
    std::size_t slot = 0;
    std::erase_if(engine_, [&](Reading& page) {
      if (slot++ >= static_cast<std::size_t>(slots_)) return false;
      if (!page.started) start(page);
      if (--page.steps > 0) return false;
      scheduler_.on_finished(page.task.index, 1e-4);
      read_.push_back(page.task.index);
      return true;
    });
  }

  void start(Reading& page) {
    page.started = true;
    const auto now = book_.clock++;
    auto& first = book_.first_start[page.task.index];
    auto known = first.load();
    while (now < known && !first.compare_exchange_weak(known, now)) {
    }
    scheduler_.on_started(page.task.index);
  }

  void commit() {
    for (const auto index : read_) {
      ++book_.records[index];
      ++rows_;
      scheduler_.on_committed(index, PageEnd::good);
    }
    read_.clear();
  }

  void give_back(const std::function<bool(const Reading&)>& which) {
    std::erase_if(engine_, [&](const Reading& page) {
      if (which(page)) scheduler_.on_returned(page.task);
      return which(page);
    });
  }

  void obey(const Command& command) {
    switch (command.kind) {
      case Command::Kind::drain:
        break;
      case Command::Kind::recall:
        give_back([](const Reading& page) { return !page.started; });
        scheduler_.on_recalled();
        break;
      case Command::Kind::cancel:
        give_back([&](const Reading& page) { return page.task.index == command.page; });
        break;
      case Command::Kind::close:
        give_back([](const Reading&) { return true; });
        commit();
        scheduler_.on_closed({{{"shard", 1, 1}}, {}, rows_});
        break;
      case Command::Kind::finish:
        status_ = command.status;
    }
  }

  void send() {
    while (auto out = scheduler_.next_outgoing()) comm_.send(out->to, out->bytes);
  }

  ExitStatus leave() {
    send();
    if (comm_.rank() == 0) {
      book_.copies = static_cast<std::int64_t>(scheduler_.progress().copies);
      book_.stolen = static_cast<std::int64_t>(scheduler_.progress().stolen_pages);
      EXPECT_TRUE(scheduler_.warnings().empty());
    }
    comm_.barrier();
    return *status_;
  }

  comm::Communicator& comm_;
  Book& book_;
  int slots_;
  std::minstd_rand random_;
  Clock::time_point began_;
  sched::Scheduler scheduler_;
  std::vector<Reading> engine_;
  std::vector<std::uint32_t> read_;
  std::uint64_t rows_ = 0;
  std::optional<ExitStatus> status_;
};

/// All pages are rank 0's, in three levels: the others must steal.
std::vector<plan::Share> three_levels(std::size_t ranks, std::uint32_t count) {
  std::vector<plan::Share> shares(ranks);
  auto tasks = test::pages(0, count, 0);
  for (auto& task : tasks) {
    task.page.document = task.index / 8;
    task.priority = static_cast<corpus::Priority>(task.index * 3 / count);
  }
  shares[0] = test::share_of(std::move(tasks));
  return shares;
}

TEST(ThreadRanks, InWhateverOrderThingsHappenNothingIsLostAndLevelsStartInOrder) {
  constexpr std::uint32_t pages = 300;
  for (std::uint32_t seed = 0; seed < 8; ++seed) {
    SCOPED_TRACE(seed);
    const int ranks = 2 + static_cast<int>(seed % 4);
    const auto shares = three_levels(static_cast<std::size_t>(ranks), pages);
    Book book{pages};

    comm::run_threads(ranks, [&](comm::Communicator& comm) {
      EXPECT_EQ(Erratic(comm, shares, seed, book).run(), ExitStatus::complete);
    });

    std::int64_t records = 0;
    std::array<std::pair<std::int64_t, std::int64_t>, corpus::priorities> starts;
    starts.fill({std::numeric_limits<std::int64_t>::max(), -1});
    for (const auto& task : shares[0].tasks) {
      EXPECT_GE(book.records[task.index], 1);
      records += book.records[task.index];
      auto& [earliest, latest] = starts[static_cast<std::size_t>(task.priority)];
      earliest = std::min(earliest, book.first_start[task.index].load());
      latest = std::max(latest, book.first_start[task.index].load());
    }
    EXPECT_LE(records, pages + book.copies);
    EXPECT_GT(book.stolen, 0);
    EXPECT_LT(starts[0].second, starts[1].first);
    EXPECT_LT(starts[1].second, starts[2].first);
  }
}

}  // namespace thread_ranks_test
}  // namespace pecia
