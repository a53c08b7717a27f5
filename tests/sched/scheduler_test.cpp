#include "pecia/sched/scheduler.hpp"

#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "sched/cases.hpp"
#include "sched/hand_run.hpp"

namespace pecia {
namespace scheduler_test {

using sched::Command;
using sched::ExitStatus;
using sched::PageEnd;
using test::Dice;
using test::HandRun;
using test::pages;
using test::share_of;

constexpr std::uint32_t seeds = 300 / test::fewer;

/// 300 pages of which some fail, on 1 to 64 ranks with a slow network.
test::Case run_of(std::uint32_t seed) {
  Dice dice{seed};
  auto made =
      test::planned(test::random_documents(dice, 300, false), test::equal_ranks(1U << (seed % 7)));
  made.settings.schedule.silence_s = 20;
  made.settings.schedule.seed = made.settings.network.seed = seed + 1;
  made.settings.network.jitter_s = 1;
  made.settings.close_s = 3;
  made.settings.longest_s = 10'000;
  return made;
}

TEST(Scheduler, ADrainAskedOfAnyRankDrainsAll) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    auto made = run_of(seed);
    made.settings.ranks[seed % made.settings.ranks.size()].drains_s = 0.25 * (seed % 40);

    const auto result = made.run();

    ASSERT_TRUE(result.ended);
    EXPECT_EQ(result.progress.done, result.committed);
    EXPECT_EQ(result.status,
              result.committed == 300 ? ExitStatus::some_failed : ExitStatus::unfinished);
    EXPECT_FALSE(result.abort);
  }
}

TEST(Scheduler, ADrainWithoutGraceGivesBackWhatIsInFlight) {
  auto made = test::planned(test::equal_documents(10, 10, 30), test::equal_ranks(4));
  made.settings.ranks[2].drains_s = 10;
  made.settings.schedule.drain_grace_s = 0;

  const auto result = made.run();

  ASSERT_TRUE(result.ended);
  EXPECT_EQ(result.committed, 0U);
  EXPECT_LT(result.end_s, 12);
  EXPECT_EQ(result.status, ExitStatus::unfinished);
}

TEST(Scheduler, ADrainWithGraceFinishesWhatIsInFlight) {
  auto made = test::planned(test::equal_documents(10, 10, 30), test::equal_ranks(4));
  made.settings.ranks[2].drains_s = 10;

  const auto result = made.run();

  EXPECT_GE(result.committed, 4U);
  EXPECT_LE(result.committed, 4U * 3);  // in the engine, and decoded
  EXPECT_EQ(result.status, ExitStatus::unfinished);
}

TEST(Scheduler, NobodyWaitsForADeadRankAndTheEndIsAnAbort) {
  for (std::uint32_t seed = 0; seed < seeds; ++seed) {
    SCOPED_TRACE(seed);
    auto made = run_of(seed);
    const auto size = made.settings.ranks.size();
    if (size == 1) continue;
    const auto dead = 1 + seed % (size - 1);
    made.settings.ranks[dead].stops_s = 0.25 * (seed % 50);

    const auto result = made.run();

    ASSERT_TRUE(result.ended);
    EXPECT_EQ(result.progress.done, 300U);
    if (!result.abort) continue;  // it died after all was done
    EXPECT_EQ(result.progress.dead, std::vector{static_cast<int>(dead)});
    if (result.status == ExitStatus::unfinished) continue;
    EXPECT_EQ(result.status, ExitStatus::some_failed);
    EXPECT_GE(result.reported_rows, 300U);  // only the dead rank's end was not seen
  }
}

TEST(Scheduler, AFailureEndsTheRunWithItsReason) {
  for (std::uint32_t seed = 0; seed < seeds / 6; ++seed) {
    SCOPED_TRACE(seed);
    auto made = run_of(seed);
    made.settings.ranks[seed % made.settings.ranks.size()].fails_s = 1;

    const auto result = made.run();

    ASSERT_TRUE(result.ended);
    EXPECT_EQ(result.status, ExitStatus::error);
    ASSERT_EQ(result.failures.size(), 1U);
    EXPECT_NE(result.failures.front().find("no space left"), std::string::npos);
  }
}

TEST(Scheduler, ASuspendedJobLosesNobodyWhenItGoesOn) {
  HandRun run{{share_of(pages(0, 1, 0)), share_of(pages(1, 1, 1))}};
  run.at_time(0);
  run.at_time(1);
  run.at_time(1000);
  run.through(1001, 1003);

  EXPECT_TRUE(run.at(0).progress().dead.empty());
  EXPECT_TRUE(run.at(0).warnings().empty());

  run.stop(1);
  run.through(1004, 1070);
  EXPECT_EQ(run.at(0).progress().dead, std::vector{1});
}

TEST(Scheduler, ARankThatDiesWithAllPagesCommittedLeavesItsJournalToTheNextJob) {
  HandRun run{{share_of(pages(0, 1, 0)), share_of(pages(1, 1, 1))}};
  run.at_time(0);
  ASSERT_TRUE(run.at(0).next_page());
  ASSERT_TRUE(run.at(1).next_page());
  run.at(1).on_committed(1, PageEnd::good);
  run.at_time(1);
  run.stop(1);
  run.through(2, 70);
  run.at(0).on_committed(0, PageEnd::good);
  run.through(71, 72);

  EXPECT_EQ(run.at(0).progress().done, 2U);
  const auto close = run.commands(0);
  ASSERT_EQ(close.size(), 1U);
  EXPECT_EQ(close.front().kind, Command::Kind::close);
  EXPECT_TRUE(close.front().drained);  // corpus.h5 would lack the dead rank's page
  run.at(0).on_closed({});
  run.deliver();
  ASSERT_TRUE(run.at(0).all_closed());
  run.at(0).on_bound();
  const auto finish = run.commands(0);
  ASSERT_EQ(finish.size(), 1U);
  EXPECT_EQ(finish.front().status, ExitStatus::unfinished);
  EXPECT_TRUE(finish.front().abort);
}

/// One rank, alone.
sched::Scheduler alone(std::uint32_t count, bool failed_before = false) {
  sched::Settings settings;
  settings.failed_before = failed_before;
  settings.drain_grace_s = 0;
  const auto share = share_of(pages(0, count, 0));
  return {settings, share, test::job_of(std::span{&share, 1})};
}

TEST(Scheduler, APageThatCommitsAfterADrainedCloseDoesNotMakeTheRunBound) {
  auto scheduler = alone(1);
  scheduler.on_time(0);
  ASSERT_TRUE(scheduler.next_page());
  scheduler.on_drain_requested();
  ASSERT_EQ(scheduler.next_command()->kind, Command::Kind::drain);
  scheduler.on_time(1);
  ASSERT_TRUE(scheduler.next_command()->drained);

  scheduler.on_committed(0, PageEnd::good);
  scheduler.on_closed({});
  scheduler.on_bound();

  EXPECT_EQ(scheduler.next_command()->status, ExitStatus::unfinished);
}

TEST(Scheduler, AloneNeedsNoMessages) {
  auto scheduler = alone(1);
  scheduler.on_time(0);
  const auto task = scheduler.next_page();
  ASSERT_TRUE(task);
  scheduler.on_started(0);
  scheduler.on_finished(0, 1);
  scheduler.on_committed(0, PageEnd::good);
  scheduler.on_time(1);
  ASSERT_EQ(scheduler.next_command()->kind, Command::Kind::close);
  scheduler.on_closed({});
  ASSERT_TRUE(scheduler.all_closed());
  scheduler.on_bound();

  const auto finish = scheduler.next_command();
  EXPECT_EQ(finish->kind, Command::Kind::finish);
  EXPECT_EQ(finish->status, ExitStatus::complete);
  EXPECT_FALSE(scheduler.next_outgoing());
}

TEST(Scheduler, APageReportedTwiceCountsOnceAndIsADuplicate) {
  auto scheduler = alone(2);
  scheduler.on_time(0);
  scheduler.on_committed(0, PageEnd::good);
  scheduler.on_committed(0, PageEnd::failed);
  scheduler.on_time(1);

  EXPECT_EQ(scheduler.progress().done, 1U);
  EXPECT_EQ(scheduler.progress().failed, 0U);
  EXPECT_EQ(scheduler.progress().duplicates, 1U);
}

TEST(Scheduler, AFailureOfAnEarlierJobIsStillAFailure) {
  auto scheduler = alone(0, true);
  scheduler.on_time(0);
  ASSERT_EQ(scheduler.next_command()->kind, Command::Kind::close);
  scheduler.on_closed({});
  scheduler.on_bound();

  EXPECT_EQ(scheduler.next_command()->status, ExitStatus::some_failed);
}

TEST(Scheduler, MessagesThatMakeNoSenseAreErrors) {
  auto scheduler = alone(1);
  const Bytes empty, unknown{std::byte{99}}, cut{std::byte{1}, std::byte{255}};
  Bytes longer = ByteWriter{}.put(sched::Kind::idle).put(std::uint8_t{0}).bytes();

  EXPECT_THROW(scheduler.on_message(0, empty), Error);
  EXPECT_THROW(scheduler.on_message(0, unknown), Error);
  EXPECT_THROW(scheduler.on_message(0, cut), Error);
  EXPECT_THROW(scheduler.on_message(0, longer), Error);
}

/// Whatever another rank says, this one throws or goes on; it never reads what is not there.
TEST(Scheduler, RandomMessagesNeverDoHarm) {
  Dice dice{7};
  for (int n = 0; n < 20'000; ++n) {
    HandRun run{{share_of(pages(0, 2, 0)), share_of(pages(1, 2, 2))}};
    Bytes message(1 + dice.below(60));
    for (auto& byte : message)
      byte = static_cast<std::byte>(dice.once_in(3) ? dice.below(256) : dice.below(3));
    message.front() = static_cast<std::byte>(dice.below(25));
    try {
      run.at(static_cast<int>(n % 2)).on_message(1 - n % 2, message);
      run.at_time(0);
      run.at_time(1);
    } catch (const Error&) {
    }
  }
}

}  // namespace scheduler_test
}  // namespace pecia
