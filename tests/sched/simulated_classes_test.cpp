// Ranks of a job's engine and ranks of its fallback, in virtual time, at random.
#include <gtest/gtest.h>

#include <functional>

#include "sched/cases.hpp"

namespace pecia {
namespace simulated_classes_test {

using sched::class_of;
using sched::ExitStatus;
using test::Case;
using test::Dice;

constexpr auto engine = sched::EngineClass::engine;
constexpr auto fallback = sched::EngineClass::fallback;

constexpr std::uint32_t cases = 2000 / test::fewer;

/// A partition for each class, as `pecia run` makes them.
Case planned(const std::vector<test::Document>& documents, const std::vector<bool>& by_rule,
             const std::vector<sched::SimulatedRank>& ranks) {
  std::vector<test::Document> of_class[2] = {documents, documents};
  for (std::size_t n = 0; n < documents.size(); ++n)
    of_class[by_rule[n] ? 0 : 1][n].expected_s.clear();
  const bool helped = std::ranges::count(ranks, fallback, &sched::SimulatedRank::engine_class) > 0;
  Case made = test::planned(documents, ranks);  // for the numbers of pages
  made.settings.classes = true;
  made.shares.assign(ranks.size(), {});
  for (const auto engine_class : {engine, fallback}) {
    std::vector<std::size_t> places;
    for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
      if (ranks[rank].engine_class == (helped ? engine_class : engine)) places.push_back(rank);
    }
    auto part = test::planned(of_class[static_cast<std::size_t>(engine_class)],
                              std::vector<sched::SimulatedRank>(places.size()));
    for (std::size_t n = 0; n < places.size(); ++n) {
      auto& share = made.shares[places[n]];
      for (auto task : part.shares[n].tasks) {
        task.engine_class = static_cast<std::uint8_t>(engine_class);
        share.tasks.push_back(task);
      }
      share.cost_s += part.shares[n].cost_s;
    }
  }
  return made;
}

struct ClassedCase {
  Case made;
  std::vector<bool> by_rule;  ///< by Task::index
};

ClassedCase random_case(Dice& dice) {
  auto documents = test::random_documents(dice, dice.once_in(10) ? dice.below(4) : dice.below(300),
                                          dice.once_in(3));
  std::vector<bool> by_rule;
  const auto rules = 1 + dice.below(12);
  for (std::size_t n = 0; n < documents.size(); ++n) by_rule.push_back(dice.once_in(rules));
  auto ranks = test::random_ranks(dice, 20);
  for (auto& rank : ranks) rank.engine_class = dice.once_in(3) ? fallback : engine;
  ranks[dice.below(ranks.size())].engine_class = engine;
  ClassedCase classed{planned(documents, by_rule, ranks), {}};
  auto& settings = classed.made.settings;
  const auto given_up = 1 + dice.below(20);
  for (std::size_t n = 0; n < documents.size(); ++n) {
    for (std::size_t page = 0; page < documents[n].seconds.size(); ++page) {
      classed.by_rule.push_back(by_rule[n]);
      settings.given_up.push_back(dice.once_in(given_up));
    }
  }
  settings.schedule.slots = 1 + static_cast<int>(dice.below(3));
  settings.schedule.prefetch = static_cast<int>(dice.below(4));
  settings.schedule.seed = settings.network.seed =
      static_cast<std::uint32_t>(dice.below(1U << 30U));
  settings.schedule.backup = !dice.once_in(3);
  settings.schedule.drain_grace_s = dice.between(0, 20);
  settings.network.jitter_s = dice.once_in(2) ? dice.between(0, 1) : 0;
  settings.close_s = dice.between(0, 3);
  settings.longest_s = 20'000;
  return classed;
}

/// Who read what, and what was known of it there.
struct Readers {
  const ClassedCase& classed;
  std::uint64_t by_ranks_of_the_fallback = 0, given_up_and_read = 0;

  void operator()(const sched::TimelineEntry& entry) {
    const auto& settings = classed.made.settings;
    const auto index = entry.task.index;
    const auto rank_is = settings.ranks[static_cast<std::size_t>(entry.rank)].engine_class;
    if (rank_is == fallback) {
      EXPECT_EQ(class_of(entry.task), fallback) << "page " << index;
    }
    if (class_of(entry.task) == fallback) {
      EXPECT_TRUE(classed.by_rule[index] || settings.given_up[index]) << "page " << index;
      EXPECT_EQ(entry.history.empty(), classed.by_rule[index]) << "page " << index;
    }
    if (!entry.read) return;
    EXPECT_EQ(class_of(entry.task),
              classed.by_rule[index] || settings.given_up[index] ? fallback : engine);
    by_ranks_of_the_fallback += rank_is == fallback ? 1 : 0;
    given_up_and_read += entry.history.empty() ? 0 : 1;
  }
};

struct Mishaps {
  bool stopped = false, drained_or_failed = false;
};

Mishaps add_mishaps(Dice& dice, Case& made) {
  Mishaps mishaps;
  auto& ranks = made.settings.ranks;
  for (auto left = dice.below(4); left > 0; --left) {
    const auto at = dice.below(ranks.size());
    auto& rank = ranks[at];
    const double when_s = dice.between(0, 60);
    const auto what = dice.below(8);
    if (what < 4 && (at > 0 || what >= 2)) {
      rank.stops_s = when_s;
      if (what >= 2) rank.resumes_s = when_s + dice.between(0.1, dice.once_in(3) ? 100 : 15);
      mishaps.stopped = true;
    } else if (what < 6) {
      rank.loses_engine_s = when_s;
    } else if (dice.once_in(3)) {
      (what == 6 ? rank.drains_s : rank.fails_s) = when_s;
      mishaps.drained_or_failed = true;
    }
  }
  return mishaps;
}

void expect_sound(const sched::SimulationResult& result, std::uint64_t pages) {
  ASSERT_TRUE(result.ended);
  EXPECT_TRUE(result.bound);
  EXPECT_EQ(result.progress.pages, pages);
  EXPECT_LE(result.progress.done, result.committed);
  EXPECT_LE(result.committed, pages);
  EXPECT_LE(result.progress.done + result.progress.duplicates, result.records);
  EXPECT_EQ(result.abort, !result.progress.dead.empty());
  EXPECT_FALSE(test::lost_pages(result)) << testing::PrintToString(result.warnings);
}

TEST(SimulatedClasses, EveryPageIsReadOnceByWhoseItIsWithItsHistory) {
  std::uint64_t by_ranks_of_the_fallback = 0, given_up = 0;
  for (std::uint32_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 6'000'000};
    auto classed = random_case(dice);
    if (dice.once_in(12))
      classed.made.settings.schedule.stealing = static_cast<sched::Stealing>(dice.below(3));
    const auto pages = test::pages_of(classed.made);
    Readers readers{classed};

    const auto result = classed.made.run(std::ref(readers));

    expect_sound(result, pages);
    EXPECT_EQ(result.progress.done, pages);
    EXPECT_EQ(result.status,
              result.progress.failed > 0 ? ExitStatus::some_failed : ExitStatus::complete);
    EXPECT_LE(result.records, pages + result.progress.copies);
    EXPECT_TRUE(result.warnings.empty()) << result.warnings.front();
    by_ranks_of_the_fallback += readers.by_ranks_of_the_fallback;
    given_up += readers.given_up_and_read;
    if (::testing::Test::HasFailure()) return;
  }
  EXPECT_GT(by_ranks_of_the_fallback, cases);
  EXPECT_GT(given_up, cases);
}

TEST(SimulatedClasses, WhateverHappensTheRunEndsAndLosesNothing) {
  for (std::uint32_t seed = 0; seed < 2 * cases; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 7'000'000};
    auto classed = random_case(dice);
    const auto mishaps = add_mishaps(dice, classed.made);
    const auto pages = test::pages_of(classed.made);
    Readers readers{classed};

    const auto result = classed.made.run(std::ref(readers));

    expect_sound(result, pages);
    if (!mishaps.stopped && !mishaps.drained_or_failed) {
      EXPECT_LE(result.records, pages + result.progress.copies);
      EXPECT_EQ(result.progress.done, result.committed);
    }
    if (!mishaps.drained_or_failed && result.failures.empty()) {
      EXPECT_EQ(result.progress.done, pages);
    }
    if (!result.failures.empty()) {
      EXPECT_EQ(result.status, ExitStatus::error);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

/// Eight ranks of the engine give up a page in twenty, and two ranks read those as they come.
TEST(SimulatedClasses, RanksOfTheFallbackReadWhatIsGivenUpWhileTheEngineGoesOn) {
  auto ranks = test::equal_ranks(10);
  ranks[8].engine_class = ranks[9].engine_class = fallback;
  const auto documents = test::equal_documents(80, 10, 1);
  ClassedCase classed{planned(documents, std::vector<bool>(80), ranks), std::vector<bool>(800)};
  for (std::size_t n = 0; n < 800; ++n) classed.made.settings.given_up.push_back(n % 20 == 0);
  Readers readers{classed};

  const auto result = classed.made.run(std::ref(readers));

  EXPECT_EQ(result.status, ExitStatus::complete);
  EXPECT_EQ(readers.by_ranks_of_the_fallback, 40U);
  EXPECT_LE(result.makespan_s, 100 + 6);
}

}  // namespace simulated_classes_test
}  // namespace pecia
