#include <fmt/format.h>
#include <gtest/gtest.h>

#include "made_pages.hpp"
#include "pecia/corpus/cost_model.hpp"

namespace pecia::corpus {
namespace cost_quality_test {

constexpr auto engine = "tesseract";

TEST(CostModelQuality, IsThatOfThePredictionsBeforeEachPage) {
  CostModel model;
  const auto page = measured(50'000, 2'000), dense = measured(90'000, 6'000);
  const double usual = model.estimate_s(engine, page), long_one = model.estimate_s(engine, dense);
  const std::vector<std::pair<std::string, PageEvidence>> pages{
      {"a", page}, {"b", dense}, {"c", page}};
  const std::vector<double> taken{2 * usual, long_one, 0.5 * usual};
  for (std::size_t n = 0; n < pages.size(); ++n)
    model.learn(engine, document(pages[n].first, {pages[n].second}), 0, taken[n]);

  const auto quality = model.quality(engine);

  EXPECT_EQ(quality.pages, 3u);
  EXPECT_NEAR(quality.mean_error_s, (usual + 0.5 * usual) / 3, 1e-9);
  EXPECT_NEAR(quality.mean_relative_error, (0.5 + 0 + 1) / 3, 1e-9);
  ASSERT_EQ(quality.worst.size(), 3u);
  EXPECT_EQ(quality.worst[0].path, "a");
  EXPECT_NEAR(quality.worst[0].predicted_s, usual, 1e-9);
  EXPECT_NEAR(quality.worst[0].taken_s, 2 * usual, 1e-9);
  EXPECT_EQ(quality.worst[0].pages, 1u);
  EXPECT_EQ(quality.worst[2].path, "b");
  // Predicted in the order 1 3 1 (a tie: 0.5, 2, 0.5), taken 2 3 1 or 3 2 1.
  const double expected = 2 * usual < long_one ? 0.8660 : 0;
  EXPECT_NEAR(quality.rank_correlation, expected, 1e-3);
}

TEST(CostModelQuality, SaysNothingOfNoPages) {
  const auto quality = CostModel{}.quality(engine);
  EXPECT_EQ(quality.pages, 0u);
  EXPECT_EQ(quality.rank_correlation, 0);
  EXPECT_TRUE(quality.worst.empty());
}

TEST(CostModelQuality, NamesTheTenWorstOfManyDocuments) {
  CostModel model;
  const auto page = measured(50'000, 2'000);
  const double usual = model.estimate_s(engine, page);
  for (int n = 0; n < 5000; ++n)
    model.learn(engine, document(fmt::format("{:04}", n), {page}), 0,
                n % 500 == 7 ? 20 * usual + 0.01 * n : usual);
  const auto worst = model.quality(engine).worst;
  ASSERT_EQ(worst.size(), 10u);
  EXPECT_EQ(worst[0].path, "4507");
  EXPECT_EQ(worst[9].path, "0007");
}

TEST(RankCorrelation, IsSpearmans) {
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {10, 20, 30, 4000}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4}, {4, 3, 2, 1}), -1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3, 4, 5}, {2, 1, 4, 3, 5}), 0.8);  // 1 - 6 * 4 / 120
  EXPECT_NEAR(rank_correlation({1, 1, 2}, {1, 2, 3}), 0.8660, 1e-4);          // ties: 0.5, 0.5, 2
  EXPECT_EQ(rank_correlation({1, 1, 1}, {1, 2, 3}), 0);
  EXPECT_EQ(rank_correlation({}, {}), 0);
}

}  // namespace cost_quality_test
}  // namespace pecia::corpus
