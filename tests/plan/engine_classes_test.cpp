#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "pecia/base/error.hpp"
#include "pecia/plan/partition.hpp"

namespace pecia::plan {
namespace engine_classes_test {

constexpr int gpu = 0, cpu = 1;

PageRun run(std::uint32_t document, std::size_t pages, float gpu_s, float cpu_s) {
  PageRun made{document, 1, std::vector<float>(pages, gpu_s)};
  made.more_cost_s.push_back(std::vector<float>(pages, cpu_s));
  return made;
}

std::vector<RankSpec> ranks(std::size_t gpus, std::size_t cpus) {
  std::vector<RankSpec> all(gpus, {1, gpu});
  all.resize(gpus + cpus, {1, cpu});
  return all;
}

std::vector<double> ends(std::span<const Share> shares) {
  std::vector<double> all;
  for (const auto& share : shares) all.push_back(share.cost_s);
  return all;
}

std::size_t pages_in(std::span<const Share> shares) {
  std::size_t pages = 0;
  for (const auto& share : shares) pages += share.tasks.size();
  return pages;
}

void expect_near_equal_ends(std::span<const Share> shares, double within) {
  const auto all = ends(shares);
  EXPECT_GT(std::ranges::min(all), std::ranges::max(all) * (1 - within));
}

TEST(EngineClasses, EachGetWhatTheyAreRelativelyBestAt) {
  // The GPU is ten times as fast on dense documents (every fifth), and twice as fast on light ones.
  // By hand: the dense ones are 400 s for two GPUs, and with 600 of 3,200 light pages all end at
  // 260 s.
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; document < 400; ++document)
    runs.push_back(document % 5 == 0 ? run(document, 10, 0.5F, 5) : run(document, 10, 0.2F, 0.4F));
  const auto all = ranks(2, 4);
  const auto shares = partition(runs, all);
  EXPECT_EQ(pages_in(shares), 4000U);
  expect_near_equal_ends(shares, 0.1);
  for (std::size_t rank = 2; rank < shares.size(); ++rank) {
    EXPECT_FALSE(shares[rank].tasks.empty());
    for (const auto& task : shares[rank].tasks) {
      EXPECT_NE(task.page.document % 5, 0U) << "dense pages do not go to the CPU";
      EXPECT_FLOAT_EQ(task.cost_s, 0.4F) << "the cost is that of the rank's engine";
    }
  }
  EXPECT_NEAR(predicted_makespan_s(shares, all), 260, 10);
}

TEST(EngineClasses, ShareWhatAllReadEquallyWell) {
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; document < 300; ++document)
    runs.push_back(run(document, 7, 0.1F, 1));
  const auto shares = partition(runs, ranks(1, 8));
  EXPECT_EQ(pages_in(shares), 2100U);
  expect_near_equal_ends(shares, 0.12);
}

TEST(EngineClasses, EndTogetherOnAnyMixOfPages) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random{seed};
    std::lognormal_distribution<float> cost{0, 0.7F}, ratio{1.5F, 0.8F};
    std::vector<PageRun> runs;
    for (std::uint32_t document = 0; document < 2000; ++document) {
      const auto gpu_s = cost(random);
      runs.push_back(run(document, 1 + random() % 12, gpu_s, gpu_s * ratio(random)));
    }
    const auto shares = partition(runs, ranks(3, 20));
    expect_near_equal_ends(shares, 0.1);
  }
}

TEST(EngineClasses, WithASlowOneDoNotWaitForIt) {
  const std::vector<PageRun> runs{run(0, 4, 1, 500), run(1, 4, 1, 500)};
  const auto all = ranks(2, 1);
  EXPECT_LE(predicted_makespan_s(partition(runs, all), all), 4.0);
}

TEST(EngineClasses, EndEachPriorityTogether) {
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; document < 900; ++document) {
    runs.push_back(run(document, 5, 0.3F, document % 2 == 0 ? 3 : 0.6F));
    runs.back().priority = static_cast<corpus::Priority>(document % 3);
  }
  const auto all = ranks(2, 5);
  const auto shares = partition(runs, all);
  expect_near_equal_ends(shares, 0.1);
  std::vector<Share> urgent(shares.size());
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    EXPECT_TRUE(std::ranges::is_sorted(shares[rank].tasks, {}, &Task::priority));
    for (const auto& task : shares[rank].tasks) {
      if (task.priority == corpus::Priority::urgent)
        urgent[rank].cost_s += static_cast<double>(task.cost_s);
    }
  }
  expect_near_equal_ends(urgent, 0.2);
}

TEST(EngineClasses, NeedCostsForEachThatHasRanks) {
  std::vector<PageRun> runs{{0, 1, {1, 1}}};
  EXPECT_THROW((void)partition(runs, ranks(1, 1)), Error);
  auto all = ranks(1, 1);
  all[1].healthy = false;
  EXPECT_NO_THROW((void)partition(runs, all));
  runs[0].more_cost_s = {{2, 3}};
  const auto shares = partition(runs, std::vector<RankSpec>{{1, cpu}});
  EXPECT_DOUBLE_EQ(shares[0].cost_s, 5) << "a job of ranks of the second class alone";
  EXPECT_THROW((void)partition(runs, std::vector<RankSpec>{{1, -1}}), Error);
}

}  // namespace engine_classes_test
}  // namespace pecia::plan
