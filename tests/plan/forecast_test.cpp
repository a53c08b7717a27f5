#include "pecia/plan/forecast.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "pecia/base/error.hpp"

namespace pecia::plan {
namespace forecast_test {

PageRun run(std::uint32_t document, std::vector<float> cost_s) {
  return {document, 1, std::move(cost_s)};
}

std::vector<PageRun> archive(std::size_t documents, std::size_t pages, unsigned seed) {
  std::mt19937 random{seed};
  std::lognormal_distribution<float> cost{0, 0.8F};
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; document < documents; ++document) {
    runs.push_back(run(document, {}));
    for (std::size_t n = 0; n < pages; ++n) runs.back().cost_s.push_back(cost(random));
  }
  return runs;
}

TEST(Workload, KnowsItsTotalAndItsLongestPage) {
  const Workload workload{std::vector{run(0, {1, 2}), run(7, {3, 9, 9})}};
  EXPECT_EQ(workload.pages(), 5U);
  EXPECT_DOUBLE_EQ(workload.cost_s(), 24);
  EXPECT_EQ(workload.longest_page()->page, (PageRef{7, 2}));
  EXPECT_DOUBLE_EQ(workload.longest_page()->cost_s, 9);
}

TEST(Workload, OfNothingTakesNoTime) {
  const Workload workload{{}};
  EXPECT_FALSE(workload.longest_page());
  EXPECT_EQ(workload.wall_time(4).high_s, 0);
  EXPECT_EQ(workload.least_ranks(10, 4), 1U);
  EXPECT_THROW((void)workload.wall_time(0), Error);
}

TEST(Workload, TakesAsLongAsItsTotalOrItsLongestPage) {
  const Workload workload{archive(100, 20, 1)};
  for (const std::size_t workers : {1U, 2U, 8U, 40U, 300U, 3000U}) {
    const auto wall = workload.wall_time(workers);
    const double bound =
        std::max(workload.cost_s() / static_cast<double>(workers), workload.longest_page()->cost_s);
    EXPECT_DOUBLE_EQ(wall.bound_s, bound);
    EXPECT_GE(wall.s, bound);
    EXPECT_LE(wall.s, bound * 1.15) << workers;
    EXPECT_LE(wall.low_s, wall.s);
    EXPECT_GT(wall.high_s, wall.s);
  }
  EXPECT_DOUBLE_EQ(Workload{std::vector{run(0, std::vector<float>(100, 1))}}.wall_time(60).s, 2)
      << "whole pages, not shares of them";
}

TEST(Workload, IntervalHoldsWhatCostsAreDrawnFromInFourOfFiveCases) {
  const auto runs = archive(40, 10, 2);
  const PredictionError error{0.3, 0.4, 0.1};
  const Workload workload{runs, error};
  std::mt19937 random{3};
  std::normal_distribution<double> normal;
  const auto factor = [&](double mean_absolute_error) {
    const double sigma = mean_absolute_error * 1.2533;
    return std::exp(normal(random) * sigma - sigma * sigma / 2);
  };
  for (const std::size_t workers : {1U, 16U, 500U}) {
    const auto wall = workload.wall_time(workers);
    int within = 0;
    constexpr int trials = 200;
    for (int trial = 0; trial < trials; ++trial) {
      auto real = runs;
      const double all = factor(error.corpus);
      for (auto& made : real) {
        const double document = all * factor(error.document);
        for (auto& cost : made.cost_s) cost *= static_cast<float>(document * factor(error.page));
      }
      const double took_s = Workload{real}.wall_time(workers).s;
      within += took_s >= wall.low_s && took_s <= wall.high_s;
    }
    EXPECT_GT(within, trials * 60 / 100) << workers;
    EXPECT_LT(within, trials * 97 / 100) << workers;
  }
}

TEST(Workload, KnowsTheFewestRanksThatAreFastEnough) {
  const Workload workload{archive(100, 20, 4)};
  const auto least = workload.least_ranks(100, 4);
  ASSERT_TRUE(least);
  EXPECT_LE(workload.wall_time(*least * 4).s, 100);
  EXPECT_GT(workload.wall_time((*least - 1) * 4).s, 100);
  EXPECT_EQ(workload.least_ranks(1e6, 4), 1U);
  const double longest = workload.longest_page()->cost_s;
  EXPECT_FALSE(workload.least_ranks(longest * 0.99, 4)) << "one page alone takes longer";
  const auto most = workload.least_ranks(longest, 1);
  ASSERT_TRUE(most);
  EXPECT_LE(workload.wall_time(*most).s, longest);
}

TEST(Workload, IsNotSpoiltByAbsurdCosts) {
  const Workload workload{std::vector{run(0, {std::nanf(""), 0, -1, 1e9F, 1})}};
  EXPECT_NEAR(workload.cost_s(), 601, 0.1);
  EXPECT_TRUE(std::isfinite(workload.wall_time(2).high_s));
}

}  // namespace forecast_test
}  // namespace pecia::plan
