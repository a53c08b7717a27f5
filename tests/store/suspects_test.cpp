#include "pecia/store/suspects.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "pecia/base/error.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace suspects_test {

using test::made_key;

/// Pages 1, 2, ... in flight on a rank when it died.
RankInFlight died(std::uint32_t epoch, std::uint32_t rank, std::initializer_list<std::uint32_t> pages, bool alone = false,
                  std::uint32_t generation = 0) {
  RankInFlight in_flight{epoch, rank, {}, false};
  for (const auto page : pages) in_flight.open.push_back({made_key(1, page), generation, alone});
  return in_flight;
}

/// A rank that a launcher told to stop.
RankInFlight outlived(std::uint32_t epoch) { return {epoch, 9, {}, true}; }

/// `others_live`: in each job another rank lived on.
std::vector<Suspect> suspects_after(std::vector<RankInFlight> ranks, JobEnd end = {.ranks = 2}, bool others_live = true) {
  std::vector<Suspect> suspects;
  if (others_live && end.ranks > 1) {
    for (std::size_t n = 0, of_them = ranks.size(); n < of_them; ++n) ranks.push_back(outlived(ranks[n].epoch));
  }
  add_deaths(suspects, ranks, [end](std::uint32_t) { return end; });
  return suspects;
}

TEST(Suspects, PagesOfARankThatDiedAloneAre) {
  const auto suspects = suspects_after({died(1, 1, {4, 3})});
  ASSERT_EQ(suspects.size(), 2U);
  EXPECT_EQ(suspects[0].key.page, 3U);
  for (const auto& page : suspects) {
    EXPECT_TRUE(page.to_be_tried_alone());
    EXPECT_FALSE(page.is_poison());
  }
}

TEST(Suspects, RanksThatEndedTogetherSayNothingUntilTheSecondTime) {
  EXPECT_FALSE(suspects_after({died(1, 0, {1}), died(1, 1, {2})})[0].to_be_tried_alone());
  const auto twice = suspects_after({died(1, 0, {1}), died(1, 1, {2}), died(2, 0, {1}), died(2, 1, {3})});
  ASSERT_EQ(twice.size(), 3U);
  EXPECT_TRUE(twice[0].to_be_tried_alone());
  EXPECT_FALSE(twice[1].to_be_tried_alone());
  EXPECT_FALSE(twice[2].to_be_tried_alone());
}

TEST(Suspects, ARankWithoutOthersMayHaveBeenEndedWithAll) {
  EXPECT_FALSE(suspects_after({died(1, 0, {1})}, {.ranks = 1})[0].to_be_tried_alone());
  EXPECT_TRUE(suspects_after({died(1, 0, {1}), died(2, 0, {1})}, {.ranks = 1})[0].to_be_tried_alone());
}

TEST(Suspects, TwoDeathsWhileAloneArePoison) {
  EXPECT_FALSE(suspects_after({died(1, 1, {1}, true)})[0].is_poison());
  EXPECT_TRUE(suspects_after({died(1, 1, {1}, true)})[0].to_be_tried_alone());
  EXPECT_TRUE(suspects_after({died(1, 1, {1}, true), died(2, 0, {1}, true)})[0].is_poison());
  EXPECT_TRUE(suspects_after({died(1, 0, {1}, true), died(2, 0, {1}, true)}, {.ranks = 1})[0].is_poison());
}

TEST(Suspects, ADeathWhileAloneCountsNotIfTheJobWasEndedFromOutside) {
  std::vector<Suspect> suspects;
  for (std::uint32_t epoch = 1; epoch <= 5; ++epoch)
    add_deaths(suspects, std::vector{died(epoch, 1, {1}, true), outlived(epoch)}, [](std::uint32_t) { return JobEnd{2, true}; });
  EXPECT_TRUE(suspects[0].trials.empty());
  EXPECT_FALSE(suspects[0].is_poison());
}

TEST(Suspects, ADeathWhileAloneCountsNotIfOtherRanksEndedInTheMidstOfTheirs) {
  const auto suspects = suspects_after(
      {died(1, 0, {1}, true), died(1, 1, {2}, true), died(2, 0, {1}, true), died(2, 1, {2}, true)});
  for (const auto& page : suspects) EXPECT_FALSE(page.is_poison());
}

TEST(Suspects, WhereNoRankLivedOnAllMayHaveBeenKilledAtOnce) {
  const std::vector idle_others{died(1, 1, {1}, true), died(2, 1, {1}, true), died(3, 1, {2}, false)};
  const auto suspects = suspects_after(idle_others, {.ranks = 2}, false);
  EXPECT_FALSE(suspects[0].is_poison());
  EXPECT_FALSE(suspects[1].to_be_tried_alone());
}

TEST(Suspects, AreJudgedOnceThoughLaterFewerJournalsAreLeftToJudgeBy) {
  std::vector<Suspect> suspects;
  const auto end = [](std::uint32_t) { return JobEnd{.ranks = 8}; };
  add_deaths(suspects, std::vector{died(1, 1, {1}), died(1, 2, {2}), outlived(1)}, end);
  add_deaths(suspects, std::vector{died(1, 2, {2}), outlived(1)}, end);  // killed while it sealed the others
  EXPECT_TRUE(suspects[1].died_alone.empty());
}

TEST(Suspects, ToldTwiceOfOneDeathCountsOnce) {
  const auto suspects = suspects_after({died(1, 1, {1}, true), died(1, 1, {1}, true)});
  EXPECT_FALSE(suspects[0].is_poison());
}

TEST(Suspects, APageThatIsReadAgainBeginsAnew) {
  const auto suspects = suspects_after({died(1, 1, {1}, true), died(2, 1, {1}, true), died(3, 1, {1}, false, 1)});
  ASSERT_EQ(suspects.size(), 1U);
  EXPECT_EQ(suspects[0].generation, 1U);
  EXPECT_FALSE(suspects[0].is_poison());
  EXPECT_EQ(suspects[0].died_alone, (std::set<std::uint32_t>{3}));
}

TEST(Suspects, AreWrittenAndReadBackAndDamageIsSaid) {
  test::TempFolder folder;
  const auto run = test::made_run(folder.path(), 1, 3);
  const auto epoch = take_next_epoch(run);
  EXPECT_TRUE(read_suspects(run).empty());
  const auto written = suspects_after({died(1, 1, {2}), died(2, 1, {1}, true), died(3, 0, {1}), died(3, 1, {2})});

  write_suspects(run, epoch, written);

  const auto read = read_suspects(run);
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0].key, made_key(1, 1));
  EXPECT_EQ(read[0].trials, (std::set<std::uint32_t>{2}));
  EXPECT_EQ(read[0].died_together, (std::set<std::uint32_t>{3}));
  EXPECT_EQ(read[1].died_alone, (std::set<std::uint32_t>{1}));
  std::ofstream{run.root / "suspects.json"} << "{";
  EXPECT_THROW((void)read_suspects(run), Error);
  write_suspects(run, epoch, {});
  EXPECT_FALSE(std::filesystem::exists(run.root / "suspects.json"));
}

}  // namespace suspects_test
}  // namespace pecia::store
