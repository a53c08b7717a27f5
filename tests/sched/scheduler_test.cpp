#include "pecia/sched/scheduler.hpp"

#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "sched/simulated_ranks.hpp"

namespace pecia {
namespace {

using sched::ExitStatus;
using test::Mishaps;
using test::SimulatedRanks;

constexpr std::uint32_t seeds = 400;

int ranks_for(std::uint32_t seed) { return 1 << (seed % 7); }  // 1 to 64

TEST(Scheduler, EveryPageIsReadOnceAndAllRanksFinish) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SimulatedRanks ranks{ranks_for(seed), static_cast<int>(seed % 60), seed, {}};

    ASSERT_TRUE(ranks.run()) << "seed " << seed;

    EXPECT_EQ(ranks.committed().size(), seed % 60);
    for (const auto& [page, times] : ranks.committed()) EXPECT_EQ(times, 1) << "page " << page << " seed " << seed;
    EXPECT_EQ(ranks.progress().done, seed % 60);
    EXPECT_EQ(ranks.progress().failed, ranks.failed());
    EXPECT_EQ(ranks.status(), ranks.failed() > 0 ? ExitStatus::some_failed : ExitStatus::complete);
    EXPECT_FALSE(ranks.abort());
    EXPECT_TRUE(ranks.bound());
    EXPECT_EQ(ranks.reported_rows(), seed % 60);
  }
}

TEST(Scheduler, ADrainAskedOfAnyRankDrainsAll) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    Mishaps mishaps;
    mishaps.drain_rank = static_cast<int>(seed) % ranks_for(seed);
    mishaps.drain_s = 0.25 * (seed % 40);
    SimulatedRanks ranks{ranks_for(seed), 300, seed, mishaps};

    ASSERT_TRUE(ranks.run()) << "seed " << seed;

    EXPECT_EQ(ranks.progress().done, ranks.committed().size());
    const bool all_done = ranks.committed().size() == 300;
    EXPECT_EQ(ranks.status(), all_done ? ExitStatus::some_failed : ExitStatus::unfinished) << "seed " << seed;
    EXPECT_FALSE(ranks.abort());
  }
}

TEST(Scheduler, ADrainWithoutGraceGivesBackWhatIsInFlight) {
  Mishaps mishaps{0, 1};
  SimulatedRanks ranks{4, 100, 7, mishaps, 0};

  ASSERT_TRUE(ranks.run());

  EXPECT_LT(ranks.committed().size(), 100U);
  EXPECT_EQ(ranks.status(), ExitStatus::unfinished);
}

TEST(Scheduler, NobodyWaitsForADeadRankAndTheEndIsAnAbort) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    const int size = std::max(2, ranks_for(seed));
    Mishaps mishaps;
    mishaps.dead_rank = 1 + static_cast<int>(seed) % (size - 1);
    mishaps.dead_s = 0.25 * (seed % 50);
    SimulatedRanks ranks{size, 120, seed, mishaps};

    ASSERT_TRUE(ranks.run()) << "seed " << seed;

    if (!ranks.abort()) continue;  // it died after all was done
    EXPECT_EQ(ranks.progress().dead, std::vector{mishaps.dead_rank}) << "seed " << seed;
    if (ranks.status() == ExitStatus::unfinished) continue;
    EXPECT_EQ(ranks.status(), ExitStatus::some_failed) << "seed " << seed;
    EXPECT_EQ(ranks.reported_rows(), 120) << "seed " << seed;  // only the dead rank's end was not seen
  }
}

TEST(Scheduler, AFailureEndsTheRunWithItsReason) {
  for (std::uint32_t seed = 0; seed < 50; ++seed) {
    Mishaps mishaps;
    mishaps.failing_rank = static_cast<int>(seed) % ranks_for(seed);
    mishaps.failing_s = 1;
    SimulatedRanks ranks{ranks_for(seed), 400, seed, mishaps};

    ASSERT_TRUE(ranks.run()) << "seed " << seed;

    EXPECT_EQ(ranks.status(), ExitStatus::error) << "seed " << seed;
  }
}

sched::Scheduler one_of(int size, int rank, std::vector<plan::Task> tasks, std::uint64_t job_pages) {
  sched::Settings settings;
  settings.rank = rank;
  settings.size = size;
  settings.silence_s = 20;
  settings.drain_grace_s = 0;
  return {settings, {std::move(tasks), 1.0}, job_pages, 1.0, job_pages};
}

void deliver(sched::Scheduler& from, int rank, sched::Scheduler& to) {
  while (const auto out = from.next_outgoing()) to.on_message(rank, out->bytes);
}

TEST(Scheduler, ASuspendedJobLosesNobodyWhenItGoesOn) {
  auto root = one_of(2, 0, {{{0, 1}, 1, 0}}, 2);
  auto other = one_of(2, 1, {{{0, 2}, 1, 0}}, 2);
  for (const double now_s : {0.0, 1.0, 1000.0, 1001.0, 1002.0}) {
    deliver(other, 1, root);  // what came meanwhile is seen before the clock is
    root.on_time(now_s);
    other.on_time(now_s);
  }
  EXPECT_TRUE(root.progress().dead.empty());

  for (double now_s = 1003; now_s < 1030; ++now_s) root.on_time(now_s);
  EXPECT_EQ(root.progress().dead, std::vector{1});
}

TEST(Scheduler, ARankThatDiesWithAllPagesCommittedLeavesItsJournalToTheNextJob) {
  auto root = one_of(2, 0, {{{0, 1}, 1, 0}}, 2);
  auto other = one_of(2, 1, {{{0, 2}, 1, 0}}, 2);
  root.on_time(0);
  other.on_time(0);
  ASSERT_TRUE(root.next_page());
  ASSERT_TRUE(other.next_page());
  other.on_committed(1, sched::PageEnd::good, 1);
  deliver(other, 1, root);
  for (double now_s = 1; now_s < 30; ++now_s) root.on_time(now_s);
  root.on_committed(0, sched::PageEnd::good, 1);

  EXPECT_EQ(root.progress().done, 2U);
  const auto close = root.next_command();
  ASSERT_TRUE(close);
  EXPECT_TRUE(close->drained);  // corpus.h5 would lack the dead rank's page
  root.on_closed({});
  ASSERT_TRUE(root.all_closed());
  root.on_bound();
  const auto finish = root.next_command();
  EXPECT_EQ(finish->status, ExitStatus::unfinished);
  EXPECT_TRUE(finish->abort);
}

TEST(Scheduler, APageThatCommitsAfterADrainedCloseDoesNotMakeTheRunBound) {
  auto scheduler = one_of(1, 0, {{{0, 1}, 1, 0}}, 1);
  scheduler.on_time(0);
  ASSERT_TRUE(scheduler.next_page());
  scheduler.on_drain_requested();
  ASSERT_EQ(scheduler.next_command()->kind, sched::Command::Kind::drain);
  scheduler.on_time(1);
  ASSERT_TRUE(scheduler.next_command()->drained);

  scheduler.on_committed(0, sched::PageEnd::good, 1);
  scheduler.on_closed({});
  scheduler.on_bound();

  EXPECT_EQ(scheduler.next_command()->status, ExitStatus::unfinished);
}

sched::Scheduler one_rank(std::vector<plan::Task> tasks, bool failed_before = false) {
  sched::Settings settings;
  settings.failed_before = failed_before;
  const auto pages = tasks.size();
  return {settings, {std::move(tasks), 1.0}, pages, 1.0, pages};
}

TEST(Scheduler, AloneNeedsNoMessages) {
  auto scheduler = one_rank({{{0, 1}, 1, 0}});
  scheduler.on_time(0);
  const auto task = scheduler.next_page();
  ASSERT_TRUE(task);

  scheduler.on_committed(0, sched::PageEnd::good, 1);
  ASSERT_EQ(scheduler.next_command()->kind, sched::Command::Kind::close);
  scheduler.on_closed({});
  ASSERT_TRUE(scheduler.all_closed());
  scheduler.on_bound();

  const auto finish = scheduler.next_command();
  EXPECT_EQ(finish->kind, sched::Command::Kind::finish);
  EXPECT_EQ(finish->status, ExitStatus::complete);
  EXPECT_FALSE(scheduler.next_outgoing());
}

TEST(Scheduler, APageReportedTwiceCountsOnce) {
  auto scheduler = one_rank({{{0, 1}, 1, 0}, {{0, 2}, 1, 0}});
  scheduler.on_time(0);
  scheduler.on_committed(0, sched::PageEnd::good, 1);
  scheduler.on_committed(0, sched::PageEnd::failed, 1);

  EXPECT_EQ(scheduler.progress().done, 1U);
  EXPECT_EQ(scheduler.progress().failed, 0U);
}

TEST(Scheduler, AFailureOfAnEarlierJobIsStillAFailure) {
  auto scheduler = one_rank({}, true);
  scheduler.on_time(0);
  ASSERT_EQ(scheduler.next_command()->kind, sched::Command::Kind::close);
  scheduler.on_closed({});
  scheduler.on_bound();

  EXPECT_EQ(scheduler.next_command()->status, ExitStatus::some_failed);
}

TEST(Scheduler, MessagesThatMakeNoSenseAreErrors) {
  auto scheduler = one_rank({{{0, 1}, 1, 0}});
  const Bytes empty, unknown{std::byte{99}}, cut{std::byte{2}, std::byte{255}};

  EXPECT_THROW(scheduler.on_message(0, empty), Error);
  EXPECT_THROW(scheduler.on_message(0, unknown), Error);
  EXPECT_THROW(scheduler.on_message(0, cut), Error);
}

}  // namespace
}  // namespace pecia
