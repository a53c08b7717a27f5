// Cases with a name, in virtual time; random ones are in simulation_test.cpp.
#include <gtest/gtest.h>

#include <array>

#include "sched/cases.hpp"

namespace pecia {
namespace simulated_cases_test {

using sched::ExitStatus;
using test::Dice;

TEST(SimulatedCase, AJobWithoutPagesEndsAtOnce) {
  auto made = test::planned({}, test::equal_ranks(3));

  const auto result = made.run();

  ASSERT_TRUE(result.ended);
  EXPECT_EQ(result.status, ExitStatus::complete);
  EXPECT_EQ(result.records, 0U);
  EXPECT_LT(result.end_s, 1);
}

TEST(SimulatedCase, OnePageIsReadByOneOfManyRanks) {
  const auto made = test::planned(test::equal_documents(1, 1, 10), test::equal_ranks(8));

  const auto result = made.run();

  EXPECT_EQ(result.status, ExitStatus::complete);
  EXPECT_EQ(result.committed, 1U);
  EXPECT_NEAR(result.makespan_s, 10, 1.1);
}

TEST(SimulatedCase, WhileEnginesLoadPagesDoNotWanderFromRankToRank) {
  auto ranks = test::equal_ranks(16);
  for (auto& rank : ranks) rank.ready_s = 60;
  const auto made = test::planned(test::equal_documents(8, 1, 10), ranks);

  const auto result = made.run();

  EXPECT_EQ(result.committed, 8U);
  EXPECT_LE(result.progress.stolen_pages, 8U);
  EXPECT_LE(result.progress.messages, 2000U);
}

TEST(SimulatedCase, FewerPagesThanRanksTakeAsLongAsOne) {
  const auto made = test::planned(test::equal_documents(1, 5, 10), test::equal_ranks(12));

  const auto result = made.run();

  EXPECT_EQ(result.committed, 5U);
  EXPECT_NEAR(result.makespan_s, 10, 1.1);
}

TEST(SimulatedCase, PagesThatAreAllEqualAreDoneWithoutStealing) {
  const auto made = test::planned(test::equal_documents(64, 10, 2), test::equal_ranks(8));

  const auto result = made.run();

  EXPECT_EQ(result.committed, 640U);
  EXPECT_EQ(result.progress.stolen_pages, 0U);
  EXPECT_LE(result.makespan_s, 160 + 1.1);
}

TEST(SimulatedCase, OneGiantPageIsBegunInTime) {
  auto documents = test::equal_documents(60, 10, 1);
  documents.push_back({{300}, {300}});
  const auto made = test::planned(documents, test::equal_ranks(4));

  const auto result = made.run();

  // 20 s later at most: a rank begins with short pages, until its speed is known.
  EXPECT_LE(result.makespan_s, 300 + 20);
  EXPECT_EQ(result.committed, 601U);
}

TEST(SimulatedCase, OneGiantDocumentIsSharedByAllRanks) {
  plan::PartitionOptions whole;
  whole.split = plan::Split::document;
  const auto made = test::planned(test::equal_documents(1, 800, 1), test::equal_ranks(16), whole);

  const auto result = made.run();

  EXPECT_EQ(result.committed, 800U);
  EXPECT_EQ(result.records, 800U);
  EXPECT_LE(result.makespan_s, 50 + 5);
}

TEST(SimulatedCase, ARankWhoseEngineLoadsSlowlyHoldsUpNobody) {
  auto ranks = test::equal_ranks(4);
  ranks[2].ready_s = 90;
  const auto made = test::planned(test::equal_documents(40, 10, 1), ranks);

  const auto result = made.run();

  EXPECT_EQ(result.committed, 400U);
  EXPECT_LE(result.makespan_s, result.bound_s + 6);  // bound: (400 + 90) / 4
}

TEST(SimulatedCase, ARankThatStopsForEverLosesNothingAndTheJobEndsByItself) {
  auto ranks = test::equal_ranks(4);
  ranks[1].stops_s = 50;
  const auto made = test::planned(test::equal_documents(40, 10, 1), ranks);

  const auto result = made.run();

  ASSERT_TRUE(result.ended);
  EXPECT_EQ(result.progress.done, 400U);
  EXPECT_EQ(result.progress.dead, std::vector{1});
  EXPECT_TRUE(result.abort);
  EXPECT_EQ(result.status, ExitStatus::unfinished);  // its journal is for the next job to seal
  EXPECT_FALSE(test::lost_pages(result));
}

TEST(SimulatedCase, ARankThatStopsForALongTimeReadsOnlyWhatWasInFlightTwice) {
  auto ranks = test::equal_ranks(4);
  ranks[1].stops_s = 50;
  ranks[1].resumes_s = 75;
  const auto made = test::planned(test::equal_documents(40, 10, 1), ranks);

  const auto result = made.run();

  ASSERT_TRUE(result.ended);
  EXPECT_EQ(result.progress.done, 400U);
  EXPECT_EQ(result.committed, 400U);
  // Read and not committed when it stopped (2 s of pages), in the engine, and decoded.
  EXPECT_LE(result.records, 400U + 2 + 1 + 2);
  EXPECT_TRUE(result.progress.dead.empty());
  EXPECT_EQ(result.status, ExitStatus::complete);
  EXPECT_LE(result.makespan_s, 100 + 25.0 / 4 + 5);
}

TEST(SimulatedCase, AShortStopIsNoticedByNobody) {
  auto ranks = test::equal_ranks(4);
  ranks[1].stops_s = 50;
  ranks[1].resumes_s = 53;
  const auto made = test::planned(test::equal_documents(40, 10, 1), ranks);

  const auto result = made.run();

  EXPECT_EQ(result.status, ExitStatus::complete);
  EXPECT_EQ(result.records, 400U);
  EXPECT_TRUE(result.warnings.empty());
}

TEST(SimulatedCase, AllRanksWithoutAnEngineEndTheRunWithAnError) {
  auto ranks = test::equal_ranks(3);
  for (auto& rank : ranks) rank.loses_engine_s = 20;
  const auto made = test::planned(test::equal_documents(30, 10, 1), ranks);

  const auto result = made.run();

  ASSERT_TRUE(result.ended);
  EXPECT_EQ(result.status, ExitStatus::error);
  ASSERT_FALSE(result.failures.empty());
  EXPECT_LT(result.progress.done, 300U);
  EXPECT_EQ(result.progress.done, result.committed);
}

TEST(SimulatedCase, TheRunEndsWhenTheLastRankWithAnEngineDies) {
  auto ranks = test::equal_ranks(2);
  ranks[0].loses_engine_s = 10;
  ranks[1].stops_s = 20;
  const auto made = test::planned(test::equal_documents(30, 10, 1), ranks);

  const auto result = made.run();

  ASSERT_TRUE(result.ended);
  EXPECT_EQ(result.status, ExitStatus::error);
}

TEST(SimulatedCase, ARankWhoseEngineIsLostGetsNothingMoreAndItsPagesMove) {
  auto ranks = test::equal_ranks(4);
  ranks[3].loses_engine_s = 20;
  const auto made = test::planned(test::equal_documents(40, 10, 1), ranks);
  double last_s = 0;

  const auto result = made.run([&](const sched::TimelineEntry& entry) {
    if (entry.rank == 3 && entry.read) last_s = std::max(last_s, entry.started_s);
  });

  EXPECT_EQ(result.status, ExitStatus::complete);
  EXPECT_EQ(result.records, 400U);
  EXPECT_LT(last_s, 20);
  EXPECT_LE(result.makespan_s, result.bound_s + 6);
}

TEST(SimulatedCase, ARankThatFailsEverythingIsBenchedWhileOthersReadTheirs) {
  auto ranks = test::equal_ranks(4);
  ranks[2].engine_fails_from = 10;
  const auto made = test::planned(test::equal_documents(160, 5, 1), ranks);

  const auto result = made.run();

  EXPECT_EQ(result.status, ExitStatus::some_failed);
  EXPECT_EQ(result.progress.done, 800U);
  EXPECT_TRUE(result.progress.ranks[2].benched);
  EXPECT_GE(result.progress.failed, 20U);
  EXPECT_LE(result.progress.failed, 20U + 5);  // those read until it heard
}

TEST(SimulatedCase, ABookThatIsTheEnginesUndoingBenchesNobody) {
  auto ranks = test::equal_ranks(2);
  ranks[1].engine_fails_from = 10;
  const auto made = test::planned(test::equal_documents(2, 100, 1), ranks);

  const auto result = made.run();

  EXPECT_TRUE(result.ended);
  EXPECT_FALSE(result.progress.ranks[1].benched);
  EXPECT_EQ(result.progress.done, 200U);
}

TEST(SimulatedCase, ALoneRankOnWhichEverythingFailsEndsTheRun) {
  auto ranks = test::equal_ranks(1);
  ranks[0].engine_fails_from = 30;
  const auto made = test::planned(test::equal_documents(50, 2, 1), ranks);

  const auto result = made.run();

  EXPECT_TRUE(result.ended);
  EXPECT_EQ(result.status, ExitStatus::some_failed);
  EXPECT_FALSE(result.progress.ranks[0].benched);
}

/// Who waits for the last urgent pages is not at its end: it does not tell of every page.
TEST(SimulatedCase, PrioritiesCostFewMessages) {
  auto documents = test::equal_documents(200, 20, 1);
  for (std::size_t n = 0; n < 20; ++n) documents[n].priority = corpus::Priority::urgent;
  const auto made = test::planned(documents, test::equal_ranks(4));

  const auto result = made.run();

  EXPECT_EQ(result.progress.done, 4000U);
  EXPECT_LT(result.progress.messages, 4000U / 20);
}

TEST(SimulatedCase, ARankFourTimesSlowerReadsAQuarterOfThePagesOfOthers) {
  auto ranks = test::equal_ranks(4);
  ranks[1].speed = 0.25;
  const auto made = test::planned(test::equal_documents(100, 10, 1), ranks);
  std::array<double, 4> read{};

  const auto result = made.run(
      [&](const sched::TimelineEntry& entry) { read[static_cast<std::size_t>(entry.rank)] += 1; });

  EXPECT_EQ(result.committed, 1000U);
  EXPECT_NEAR(read[1] / read[0], 0.25, 0.04);
  EXPECT_LE(result.makespan_s, result.bound_s + 5);
}

TEST(SimulatedCase, RankZeroHandlesFewMessagesPerPage) {
  for (const std::uint32_t seed : {1U, 2U, 3U}) {
    Dice dice{seed};
    const auto made = test::planned(test::random_documents(dice, 32'000, false), test::equal_ranks(32));

    const auto result = made.run();

    EXPECT_EQ(result.progress.done, result.progress.pages);
    EXPECT_LE(
        static_cast<double>(result.progress.messages) / static_cast<double>(result.progress.pages),
        0.05);
  }
}

}  // namespace simulated_cases_test
}  // namespace pecia
