#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "pecia/base/error.hpp"
#include "pecia/plan/partition.hpp"

namespace pecia::plan {
namespace partition_rules_test {

using corpus::Priority;

PageRun run(std::uint32_t document, std::size_t pages, float cost_s,
            Priority priority = Priority::normal) {
  return {document, 1, std::vector<float>(pages, cost_s), priority};
}

PageRun book(std::uint32_t document, std::size_t pages, std::vector<std::uint32_t> chapters) {
  auto made = run(document, pages, 1);
  made.chapters = std::move(chapters);
  return made;
}

std::vector<PageRef> pages_of(const Share& share) {
  std::vector<PageRef> pages;
  for (const auto& task : share.tasks) pages.push_back(task.page);
  return pages;
}

std::size_t ranks_with(std::span<const Share> shares, std::uint32_t document) {
  return static_cast<std::size_t>(std::ranges::count_if(shares, [&](const Share& share) {
    return std::ranges::any_of(share.tasks,
                               [&](const Task& task) { return task.page.document == document; });
  }));
}

/// First pages of the pieces: pages whose predecessor is on another rank.
std::set<std::uint32_t> cuts_in(std::span<const Share> shares, std::uint32_t document) {
  std::map<std::uint32_t, std::size_t> rank_of;
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    for (const auto& task : shares[rank].tasks) {
      if (task.page.document == document) rank_of[task.page.page] = rank;
    }
  }
  std::set<std::uint32_t> cuts;
  for (const auto& [page, rank] : rank_of) {
    const auto last = rank_of.find(page - 1);
    if (last != rank_of.end() && last->second != rank) cuts.insert(page);
  }
  return cuts;
}

std::vector<RankSpec> equal(std::size_t ranks) { return std::vector<RankSpec>(ranks); }

double level_cost_s(const Share& share, Priority priority) {
  double cost_s = 0;
  for (const auto& task : share.tasks) {
    if (task.priority == priority) cost_s += static_cast<double>(task.cost_s);
  }
  return cost_s;
}

TEST(Priorities, AreReadInOrderOnEveryRankAndBalancedOneByOne) {
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; document < 300; ++document)
    runs.push_back(run(document, 4, 1, static_cast<Priority>(document % 3)));
  const auto shares = partition(runs, equal(10));
  for (const auto& share : shares) {
    EXPECT_TRUE(std::ranges::is_sorted(share.tasks, {}, &Task::priority));
    for (const auto level : {Priority::urgent, Priority::normal, Priority::low})
      EXPECT_NEAR(level_cost_s(share, level), 40, 4);
  }
}

TEST(Priorities, SpreadAFewUrgentPagesOverAllRanks) {
  const std::vector<PageRun> runs{run(0, 1000, 1), run(1, 10, 1, Priority::urgent)};
  for (const auto& share : partition(runs, equal(10))) {
    EXPECT_EQ(share.tasks.front().page.document, 1U);
    EXPECT_NEAR(share.cost_s, 101, 4);
  }
}

TEST(Priorities, ThatEndUnevenlyAreMadeUpForByTheNext) {
  const std::vector<PageRun> runs{run(0, 1, 30, Priority::urgent), run(1, 90, 1)};
  const auto shares = partition(runs, equal(4));
  for (const auto& share : shares) EXPECT_NEAR(share.cost_s, 30, 1);
}

TEST(Split, OfADocumentIsUpToItsSize) {
  // Ten ranks, a fair share of 100 s, too much is 25 s.
  std::vector<PageRun> runs{run(0, 24, 1), run(1, 300, 1)};
  for (std::uint32_t document = 2; document < 678; ++document) runs.push_back(run(document, 1, 1));
  const auto shares = partition(runs, equal(10));
  EXPECT_EQ(ranks_with(shares, 0), 1U);
  EXPECT_GT(ranks_with(shares, 1), 5U);
  EXPECT_NEAR(predicted_makespan_s(shares, equal(10)), 100, 1);
}

TEST(Split, IntoNothingSmallerThanDocuments) {
  auto late = run(0, 40, 1);
  late.first_page = 100;
  const std::vector<PageRun> runs{late, run(0, 60, 1), run(1, 10, 1)};
  const auto shares = partition(runs, equal(8), {Split::document});
  EXPECT_EQ(ranks_with(shares, 0), 1U) << "in two runs, since pages between them are done";
  EXPECT_DOUBLE_EQ(predicted_makespan_s(shares, equal(8)), 100);
}

TEST(Split, AtChaptersOnly) {
  const std::vector<PageRun> runs{book(0, 100, {1, 11, 41, 77, 95})};
  const auto shares = partition(runs, equal(8), {Split::chapter});
  EXPECT_EQ(cuts_in(shares, 0), (std::set<std::uint32_t>{11, 41, 77, 95}));
}

TEST(Split, AtChaptersLeavesADocumentWithoutThemWholeUnlessItIsHuge) {
  std::vector<PageRun> runs{run(0, 60, 1), book(1, 60, {1}), run(2, 500, 1)};
  for (std::uint32_t document = 3; document < 183; ++document) runs.push_back(run(document, 1, 1));
  const auto shares = partition(runs, equal(8), {Split::chapter});  // a fair share is 100 s
  EXPECT_EQ(ranks_with(shares, 0), 1U);
  EXPECT_EQ(ranks_with(shares, 1), 1U) << "an outline of one entry says nothing";
  EXPECT_GT(ranks_with(shares, 2), 3U);
}

TEST(Split, OfItselfUsesChaptersThatFit) {
  std::vector<std::uint32_t> fine;
  for (std::uint32_t page = 1; page < 1000; page += 10) fine.push_back(page);
  const auto at_chapters = cuts_in(partition(std::vector{book(0, 1000, fine)}, equal(10)), 0);
  EXPECT_GT(at_chapters.size(), 10U);
  for (const auto page : at_chapters) EXPECT_EQ(page % 10, 1U);
  const auto shares = partition(std::vector{book(0, 1000, {1, 3, 900})}, equal(10));
  EXPECT_NEAR(predicted_makespan_s(shares, equal(10)), 100, 2)
      << "a chapter of 897 pages does not fit";
}

TEST(Split, SpreadsABookOf5000PagesOverManyRanks) {
  for (const auto split : {Split::automatic, Split::page, Split::chapter}) {
    const auto shares = partition(std::vector{run(0, 5000, 1)}, equal(100), {split});
    EXPECT_EQ(ranks_with(shares, 0), 100U) << name(split);
    EXPECT_LT(predicted_makespan_s(shares, equal(100)), 53) << name(split);
  }
}

TEST(Health, DecidesWhoGetsPages) {
  auto ranks = equal(4);
  ranks[0].healthy = ranks[2].healthy = false;
  for (const auto strategy : {Strategy::lpt, Strategy::block, Strategy::cyclic}) {
    const auto shares =
        partition(std::vector{run(0, 100, 1)}, ranks, {Split::automatic, 0.25, strategy});
    EXPECT_TRUE(shares[0].tasks.empty() && shares[2].tasks.empty()) << name(strategy);
    EXPECT_NEAR(shares[1].cost_s, 50, 3) << name(strategy);
    EXPECT_NEAR(shares[3].cost_s, 50, 3) << name(strategy);
  }
  for (auto& rank : ranks) rank.healthy = false;
  EXPECT_THROW((void)partition(std::vector{run(0, 1, 1)}, ranks), Error);
}

TEST(Costs, ThatAreAbsurdAreTakenWithinReason) {
  EXPECT_EQ(sane_cost_s(1.5F), 1.5F);
  for (const float cost : {0.0F, -3.0F, std::nanf(""), -std::numeric_limits<float>::infinity()})
    EXPECT_EQ(sane_cost_s(cost), 0.001F);
  for (const float cost : {1e9F, std::numeric_limits<float>::infinity()})
    EXPECT_EQ(sane_cost_s(cost), 600.0F);
}

TEST(Costs, ThatAreAbsurdDoNotUnbalanceARun) {
  auto odd = run(0, 5, 1);
  odd.cost_s = {0, std::nanf(""), 1e9F, -5, std::numeric_limits<float>::infinity()};
  std::vector<PageRun> runs{odd};
  for (std::uint32_t document = 1; document <= 1000; ++document)
    runs.push_back(run(document, 10, 1));
  const auto shares = partition(runs, equal(8));
  std::size_t pages = 0;
  for (const auto& share : shares) {
    EXPECT_NEAR(share.cost_s, 1400, 10);
    EXPECT_GT(share.tasks.size(), 600U);
    pages += share.tasks.size();
  }
  EXPECT_EQ(pages, 10'005U);
}

TEST(Strategies, ForComparisonAreWhatTheyAreCalled) {
  const std::vector<PageRun> runs{run(1, 3, 1), run(0, 3, 2)};
  const auto with = [&](Strategy strategy) {
    return partition(runs, equal(3), {Split::automatic, 0.25, strategy});
  };
  const auto block = with(Strategy::block);
  EXPECT_EQ(pages_of(block[0]), (std::vector<PageRef>{{0, 1}, {0, 2}}));
  EXPECT_EQ(pages_of(block[1]), (std::vector<PageRef>{{0, 3}, {1, 1}}));
  EXPECT_DOUBLE_EQ(block[1].cost_s, 3);
  const auto cyclic = with(Strategy::cyclic);
  EXPECT_EQ(pages_of(cyclic[1]), (std::vector<PageRef>{{0, 2}, {1, 2}}));
  const auto queue = with(Strategy::queue);
  EXPECT_EQ(pages_of(queue[0]),
            (std::vector<PageRef>{{0, 1}, {0, 2}, {0, 3}, {1, 1}, {1, 2}, {1, 3}}));
  EXPECT_TRUE(queue[1].tasks.empty());
  for (const auto strategy : {Strategy::lpt, Strategy::block, Strategy::cyclic, Strategy::queue})
    EXPECT_EQ(parse_strategy(name(strategy)), strategy);
  EXPECT_FALSE(parse_strategy("best").has_value());
}

}  // namespace partition_rules_test
}  // namespace pecia::plan
