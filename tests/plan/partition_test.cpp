#include "pecia/plan/partition.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>
#include <random>
#include <set>

#include "pecia/base/error.hpp"

namespace pecia::plan {
namespace partition_test {

using Speeds = std::vector<double>;

PageRun run(std::uint32_t document, std::size_t pages, float cost_s, std::uint32_t first_page = 1) {
  return {document, first_page, std::vector<float>(pages, cost_s)};
}

std::vector<RankSpec> specs(const Speeds& speeds) {
  std::vector<RankSpec> ranks;
  for (const auto speed : speeds) ranks.push_back({speed});
  return ranks;
}

std::vector<Share> divide(std::span<const PageRun> runs, const Speeds& speeds,
                          double max_run_share = 0.25, Split split = Split::page) {
  return partition(runs, specs(speeds), {split, max_run_share});
}

double makespan_s(std::span<const Share> shares, const Speeds& speeds) {
  return predicted_makespan_s(shares, specs(speeds));
}

std::vector<PageRef> pages_of(const Share& share) {
  std::vector<PageRef> pages;
  for (const auto& task : share.tasks) pages.push_back(task.page);
  return pages;
}

double cost_of(const PageRun& run) {
  return std::accumulate(run.cost_s.begin(), run.cost_s.end(), 0.0);
}

double total_of(std::span<const PageRun> runs) {
  double total = 0;
  for (const auto& run : runs) total += cost_of(run);
  return total;
}

double longest_page_of(std::span<const PageRun> runs) {
  double longest = 0;
  for (const auto& run : runs) {
    for (const auto cost : run.cost_s) longest = std::max(longest, static_cast<double>(cost));
  }
  return longest;
}

/// No partition can be faster than this.
double least_makespan_s(std::span<const PageRun> runs, const Speeds& speeds) {
  const double fair = total_of(runs) / std::accumulate(speeds.begin(), speeds.end(), 0.0);
  return std::max(fair, longest_page_of(runs) / std::ranges::max(speeds));
}

double limit_of(std::span<const PageRun> runs, const Speeds& speeds, double max_run_share) {
  return max_run_share * total_of(runs) / std::accumulate(speeds.begin(), speeds.end(), 0.0);
}

/// An archive as measured: most of the variance lies between documents; few long books, many
/// leaves.
std::vector<PageRun> archive(std::mt19937& random, std::size_t pages) {
  std::lognormal_distribution<double> length{2.0, 1.4};
  std::lognormal_distribution<float> document_cost{0.1F, 0.75F}, page_factor{0, 0.4F};
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; pages > 0; ++document) {
    const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(length(random)), 1, pages);
    const float cost = document_cost(random);
    auto& made = runs.emplace_back(run(document, count, 0));
    for (auto& page : made.cost_s) page = std::min(cost * page_factor(random), 20.0F);
    pages -= count;
  }
  return runs;
}

/// The order of a share of one priority: a document's pages together, the dearest first; the
/// documents with the dearest pages first.
void expect_ordered(const Share& share) {
  double group_cost = 0, mean_before = std::numeric_limits<double>::infinity(), pages = 0;
  std::set<std::uint32_t> documents;
  const auto end_group = [&] {
    ASSERT_LE(group_cost / pages, mean_before * (1 + 1e-6))
        << "a document of dearer pages comes later";
    mean_before = group_cost / pages;
    group_cost = pages = 0;
  };
  for (std::size_t n = 0; n < share.tasks.size(); ++n) {
    const auto& task = share.tasks[n];
    if (n == 0 || share.tasks[n - 1].page.document != task.page.document) {
      ASSERT_TRUE(documents.insert(task.page.document).second)
          << "a document is scattered in a share";
      if (n > 0) end_group();
    } else {
      const auto& last = share.tasks[n - 1];
      ASSERT_GE(last.cost_s, task.cost_s) << "a dearer page comes later";
      if (last.cost_s == task.cost_s) {
        ASSERT_LT(last.page.page, task.page.page) << "pages out of order";
      }
    }
    group_cost += static_cast<double>(task.cost_s);
    ++pages;
  }
  if (pages > 0) end_group();
}

/// Every page once, with its cost, in the order that is promised; documents whole unless they had
/// to be cut.
void expect_sound(std::span<const PageRun> runs, const Speeds& speeds, double max_run_share = 0.25,
                  Split split = Split::page) {
  const auto shares = divide(runs, speeds, max_run_share, split);
  ASSERT_EQ(shares.size(), speeds.size());
  std::map<PageRef, std::pair<std::size_t, float>> given;
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    double cost = 0;
    for (const auto& task : shares[rank].tasks) {
      ASSERT_TRUE(given.emplace(task.page, std::pair{rank, task.cost_s}).second)
          << "page " << task.page.page << " of document " << task.page.document
          << " was given twice";
      cost += static_cast<double>(task.cost_s);
    }
    ASSERT_NO_FATAL_FAILURE(expect_ordered(shares[rank]));
    ASSERT_NEAR(shares[rank].cost_s, cost, 1e-6 * (1 + cost));
  }
  std::size_t pages = 0;
  const double limit = limit_of(runs, speeds, max_run_share);
  for (const auto& run : runs) {
    std::set<std::size_t> ranks;
    for (std::uint32_t n = 0; n < run.cost_s.size(); ++n) {
      const auto found = given.find({run.document, run.first_page + n});
      ASSERT_NE(found, given.end()) << "page " << run.first_page + n << " was forgotten";
      ASSERT_EQ(found->second.second, run.cost_s[n]);
      ranks.insert(found->second.first);
    }
    pages += run.cost_s.size();
    if (cost_of(run) < limit * (1 - 1e-9)) {
      ASSERT_LE(ranks.size(), 1U) << "cut without need";
    }
  }
  ASSERT_EQ(given.size(), pages) << "pages that nobody asked for";
  const double piece = std::max(limit, longest_page_of(runs));
  ASSERT_LE(makespan_s(shares, speeds),
            4.0 / 3 * least_makespan_s(runs, speeds) + piece / std::ranges::max(speeds) + 1e-6);
}

double efficiency(std::span<const PageRun> runs, std::size_t ranks) {
  const Speeds speeds(ranks, 1.0);
  return total_of(runs) / (static_cast<double>(ranks) * makespan_s(divide(runs, speeds), speeds));
}

TEST(Partition, GivesOneRankEverythingDearestFirst) {
  const std::vector<PageRun> runs{run(0, 2, 1), run(1, 1, 5, 0), run(2, 3, 1, 7)};
  const auto shares = divide(runs, Speeds{1});
  ASSERT_EQ(shares.size(), 1U);
  EXPECT_EQ(pages_of(shares[0]),
            (std::vector<PageRef>{{1, 0}, {0, 1}, {0, 2}, {2, 7}, {2, 8}, {2, 9}}));
  EXPECT_DOUBLE_EQ(shares[0].cost_s, 10);
}

TEST(Partition, OfNothingIsAnEmptyShareForEachRank) {
  const auto shares = divide({}, Speeds{1, 1, 1});
  ASSERT_EQ(shares.size(), 3U);
  for (const auto& share : shares) EXPECT_TRUE(share.tasks.empty());
  EXPECT_EQ(makespan_s(shares, Speeds{1, 1, 1}), 0);
  const std::vector<PageRun> hollow{run(0, 0, 1), run(1, 1, 1)};
  expect_sound(hollow, Speeds{1, 1});
}

TEST(Partition, WithMoreRanksThanPagesGivesNobodyTwo) {
  const std::vector<PageRun> runs{run(0, 3, 1), run(1, 2, 2)};
  for (const auto& share : divide(runs, Speeds(8, 1.0))) EXPECT_LE(share.tasks.size(), 1U);
  expect_sound(runs, Speeds(8, 1.0));
}

TEST(Partition, OfEqualPagesIsEven) {
  std::vector<PageRun> runs;
  for (std::uint32_t document = 0; document < 100; ++document)
    runs.push_back(run(document, 1, 1.2F));
  for (const auto& share : divide(runs, Speeds(10, 1.0))) EXPECT_EQ(share.tasks.size(), 10U);
}

TEST(Partition, SpreadsAHugeDocument) {
  const std::vector<PageRun> runs{run(0, 5000, 1)};
  expect_sound(runs, Speeds(64, 1.0));
  EXPECT_GT(efficiency(runs, 64), 0.95);
}

TEST(Partition, SpreadsAFewLongDocumentsEvenly) {
  const std::vector<PageRun> runs{run(0, 1700, 1), run(1, 1650, 1), run(2, 1650, 1)};
  expect_sound(runs, Speeds(64, 1.0));
  EXPECT_GT(efficiency(runs, 64), 0.95);
}

TEST(Partition, KeepsRunsBelowTheWantedShareWhole) {
  const std::vector<PageRun> runs{run(0, 30, 1), run(1, 9, 1),
                                  run(2, 1, 1)};  // fair share of 4 ranks: 10 s
  const auto shares = divide(runs, Speeds(4, 1.0), 1.0);
  std::set<std::size_t> ranks;
  for (std::size_t rank = 0; rank < shares.size(); ++rank) {
    for (const auto& task : shares[rank].tasks) {
      if (task.page.document == 1) ranks.insert(rank);
    }
  }
  EXPECT_EQ(ranks.size(), 1U);
  EXPECT_DOUBLE_EQ(makespan_s(shares, Speeds(4, 1.0)), 10);
}

TEST(Partition, CutsLongRunsIntoPiecesBelowTheLimit) {
  // Fair share 10 s, limit 2.5 s: pieces of two pages at most.
  const std::vector<PageRun> runs{run(0, 40, 1)};
  const auto shares = divide(runs, Speeds(4, 1.0), 0.25);
  for (const auto& share : shares) {
    EXPECT_DOUBLE_EQ(share.cost_s, 10);
    std::size_t length = 0, longest = 0;
    for (std::size_t n = 0; n < share.tasks.size(); ++n) {
      const bool goes_on = n > 0 && share.tasks[n].page.page == share.tasks[n - 1].page.page + 1;
      length = goes_on ? length + 1 : 1;
      longest = std::max(longest, length);
    }
    EXPECT_EQ(longest, 2U);
  }
}

TEST(Partition, GivesFastRanksMore) {
  const std::vector<PageRun> runs{run(0, 1000, 1)};
  const Speeds speeds{1, 3};
  const auto shares = divide(runs, speeds, 0.01);
  EXPECT_NEAR(shares[0].cost_s, 250, 5);
  EXPECT_NEAR(shares[1].cost_s, 750, 5);
  EXPECT_NEAR(makespan_s(shares, speeds), 250, 5);
}

TEST(Partition, GivesASlowRankNothingThatItWouldEndLast) {
  const std::vector<PageRun> runs{run(0, 1, 10), run(1, 1, 10), run(2, 1, 10)};
  const Speeds speeds{0.1, 1};
  const auto shares = divide(runs, speeds);
  EXPECT_TRUE(shares[0].tasks.empty()) << "it would take 100 s, the other ends all after 30 s";
  EXPECT_DOUBLE_EQ(makespan_s(shares, speeds), 30);
}

TEST(Partition, NeedsRanksWithSpeeds) {
  const std::vector<PageRun> runs{run(0, 1, 1)};
  EXPECT_THROW((void)divide(runs, Speeds{}), Error);
  EXPECT_THROW((void)divide(runs, Speeds{1, 0}), Error);
  EXPECT_THROW((void)divide(runs, Speeds{-1}), Error);
  EXPECT_THROW((void)divide(runs, Speeds{std::nan("")}), Error);
  EXPECT_THROW((void)divide(runs, Speeds{std::numeric_limits<double>::infinity()}), Error);
}

TEST(Partition, KeepsRunsOfOneDocumentTogether) {
  // What is left of a document after a restart: two runs with a gap.
  const std::vector<PageRun> runs{run(3, 2, 5, 10), run(1, 3, 2), run(3, 2, 1, 2)};
  EXPECT_EQ(pages_of(divide(runs, Speeds{1})[0]),
            (std::vector<PageRef>{{3, 10}, {3, 11}, {3, 2}, {3, 3}, {1, 1}, {1, 2}, {1, 3}}));
}

TEST(Partition, IsTheSameEveryTime) {
  std::mt19937 random{11};
  const auto runs = archive(random, 3000);
  const Speeds speeds{1, 1, 0.5, 2, 1, 1, 3};
  const auto one = divide(runs, speeds);
  const auto other = divide(runs, speeds);
  for (std::size_t rank = 0; rank < speeds.size(); ++rank) {
    ASSERT_EQ(one[rank].tasks.size(), other[rank].tasks.size());
    for (std::size_t n = 0; n < one[rank].tasks.size(); ++n)
      ASSERT_EQ(one[rank].tasks[n].page, other[rank].tasks[n].page);
  }
}

TEST(Partition, IsSoundForAnyCorpusAndRanks) {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random{seed};
    const auto pick = [&](std::size_t least, std::size_t most) {
      return std::uniform_int_distribution<std::size_t>{least, most}(random);
    };
    const auto runs = archive(random, pick(1, 2000));
    Speeds speeds(pick(1, 70), 1.0);
    if (seed % 2 == 0) {
      for (auto& speed : speeds) speed = std::uniform_real_distribution<double>{0.2, 5}(random);
    }
    ASSERT_NO_FATAL_FAILURE(expect_sound(runs, speeds));
    ASSERT_NO_FATAL_FAILURE(expect_sound(runs, speeds, 1.0));
    ASSERT_NO_FATAL_FAILURE(expect_sound(runs, speeds, 0.25, Split::automatic));
  }
}

TEST(Partition, KeepsRanksBusyOnSkewedArchives) {
  for (unsigned seed = 1; seed <= 10; ++seed) {
    std::mt19937 random{seed};
    const auto runs = archive(random, 828);
    const double longest = longest_page_of(runs);
    EXPECT_GT(efficiency(runs, 8), 0.95) << seed;
    // No partition can be better than its longest page lets it.
    const double possible = std::min(1.0, total_of(runs) / (32 * longest));
    EXPECT_GT(efficiency(runs, 32), 0.9 * possible) << seed;
  }
}

TEST(Partition, OfALargeJobOnManyRanksKeepsThemBusy) {
  std::mt19937 random{5};
  const auto runs = archive(random, 100'000);
  EXPECT_GT(efficiency(runs, 512), 0.95);
}

}  // namespace partition_test
}  // namespace pecia::plan
