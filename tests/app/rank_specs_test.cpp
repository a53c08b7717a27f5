#include "rank_specs.hpp"

#include <gtest/gtest.h>

#include "pecia/base/file.hpp"
#include "support/temp_folder.hpp"

namespace rank_specs_test {

using namespace pecia;

report::Status::Rank rank_on(const std::string& host, double speed, const std::string& health = "good") {
  report::Status::Rank rank;
  rank.host = host;
  rank.speed = speed;
  rank.health = health;
  return rank;
}

TEST(RankSpecs, GiveAHostTheSpeedThatItHad) {
  const std::vector earlier{rank_on("fast", 8), rank_on("fast", 8.2), rank_on("fast", 7.9), rank_on("slow", 2)};
  const std::vector<std::string> hosts{"fast", "slow", "new"};

  const auto specs = app::rank_specs(hosts, earlier);

  EXPECT_NEAR(specs.at(0).speed, 1, 0.05);
  EXPECT_NEAR(specs.at(1).speed, 0.25, 0.02);
  EXPECT_EQ(specs.at(2).speed, 1);
}

TEST(RankSpecs, BelieveNoAbsurdSpeedAndNoneOfARankThatFailed) {
  const std::vector earlier{rank_on("a", 1), rank_on("a", 1), rank_on("b", 1e-6), rank_on("c", 1e-3, "silent"),
                            rank_on("d", 0)};
  const std::vector<std::string> hosts{"a", "b", "c", "d", "d"};

  const auto specs = app::rank_specs(hosts, earlier);

  EXPECT_EQ(specs.at(1).speed, 0.125);
  EXPECT_EQ(specs.at(2).speed, 0.125);
  EXPECT_EQ(specs.at(3).speed, 1);
  EXPECT_EQ(specs.at(4).speed, 1);
  for (const auto& spec : app::rank_specs(hosts, {})) EXPECT_EQ(spec.speed, 1);
}

TEST(RankSpecs, AreThoseOfARunThatHasNoStatusOrADamagedOne) {
  const test::TempFolder folder;
  const store::RunPaths run{folder.path()};
  EXPECT_TRUE(app::earlier_ranks(run).empty());
  replace_file(run.status(), "{");
  EXPECT_TRUE(app::earlier_ranks(run).empty());
}

}  // namespace rank_specs_test
