#include "simulated_ranks.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::app {
namespace simulated_ranks_test {

SimulateOptions for_ranks(int ranks) {
  SimulateOptions options;
  options.ranks = ranks;
  return options;
}

TEST(SimulatedRanks, AreAlikeUnlessSomethingIsSaid) {
  for (const auto& rank : simulated_ranks(for_ranks(3))) {
    EXPECT_EQ(rank.speed, 1);
    EXPECT_EQ(rank.stops_s, sched::never_s);
    EXPECT_EQ(rank.loses_engine_s, sched::never_s);
  }
}

TEST(SimulatedRanks, SpeedsAreSharesOfWhatARankWouldHave) {
  auto options = for_ranks(3);
  options.speeds = "1,2,4";
  options.slow = {"2:.5@10", "2:.5", "1:.25"};
  const auto ranks = simulated_ranks(options);
  EXPECT_EQ(ranks[0].speed, 1);
  EXPECT_EQ(ranks[1].speed, .5);
  EXPECT_EQ(ranks[2].speed, 2);
  EXPECT_EQ(ranks[2].slows_s, 10);
  EXPECT_EQ(ranks[2].slow_speed, 1) << "half of what it had after the other";
}

TEST(SimulatedRanks, MishapsHappenWhenTheyShould) {
  auto options = for_ranks(4);
  options.stop = {"1@2.5", "2@1e1-20"};
  options.lose_engine = {"3@7"};
  const auto ranks = simulated_ranks(options);
  EXPECT_EQ(ranks[1].stops_s, 2.5);
  EXPECT_EQ(ranks[1].resumes_s, sched::never_s);
  EXPECT_EQ(ranks[2].stops_s, 10);
  EXPECT_EQ(ranks[2].resumes_s, 20);
  EXPECT_EQ(ranks[3].loses_engine_s, 7);
}

TEST(SimulatedRanks, SpreadIsThatOfTheLogarithm) {
  auto options = for_ranks(20'000);
  options.speed_spread = .3;
  double sum = 0, squares = 0;
  for (const auto& rank : simulated_ranks(options)) {
    sum += std::log(rank.speed);
    squares += std::log(rank.speed) * std::log(rank.speed);
  }
  EXPECT_NEAR(sum / 20'000, 0, .01);
  EXPECT_NEAR(std::sqrt(squares / 20'000), .3, .01);
}

TEST(SimulatedRanks, WrongOnesAreNamedWithWhatIsRight) {
  auto options = for_ranks(2);
  options.slow = {"2:.5"};
  EXPECT_THROW((void)simulated_ranks(options), UsageError);
  options.slow = {"1:.5,"};
  try {
    (void)simulated_ranks(options);
    FAIL();
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), testing::AllOf(testing::HasSubstr("--slow 1:.5,"),
                                             testing::HasSubstr("RANK:SPEED@SECONDS")));
  }
}

}  // namespace simulated_ranks_test
}  // namespace pecia::app
