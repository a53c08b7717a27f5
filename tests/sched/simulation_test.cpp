#include "pecia/sched/simulation.hpp"

#include <gtest/gtest.h>

#include <array>

#include "sched/cases.hpp"

namespace pecia {
namespace simulation_test {

using sched::ExitStatus;
using sched::never_s;
using sched::SimulatedRank;
using sched::SimulationResult;
using test::Case;
using test::Dice;

constexpr std::uint32_t cases = 2000 / test::fewer;

/// A corpus, ranks and a network at random; no mishaps.
Case random_case(Dice& dice, double most_jitter_s) {
  const auto pages = dice.once_in(10) ? dice.below(4) : dice.below(600);
  auto ranks = test::random_ranks(dice, 40);
  plan::PartitionOptions options;
  if (dice.once_in(4)) options.strategy = static_cast<plan::Strategy>(dice.below(4));
  auto made = test::planned(test::random_documents(dice, pages, dice.once_in(3)), std::move(ranks),
                            options);
  auto& schedule = made.settings.schedule;
  schedule.slots = 1 + static_cast<int>(dice.below(3));
  schedule.prefetch = static_cast<int>(dice.below(4));
  schedule.seed = made.settings.network.seed = static_cast<std::uint32_t>(dice.below(1U << 30U));
  schedule.backup = !dice.once_in(3);
  schedule.calibrate = !dice.once_in(4);
  schedule.drain_grace_s = dice.between(0, 20);
  made.settings.network.jitter_s =
      most_jitter_s > 0 && dice.once_in(2) ? dice.between(0, most_jitter_s) : 0;
  made.settings.close_s = dice.between(0, 3);
  made.settings.longest_s = 20'000;
  return made;
}

/// Some pages are to be read alone.
void read_some_alone(Dice& dice, Case& made) {
  const auto times = 1 + dice.below(20);
  for (auto& share : made.shares) {
    for (auto& task : share.tasks) task.alone = dice.once_in(times);
  }
}

/// What was read where and when, with an eye to pages that are read alone.
struct Beside {
  std::map<int, std::vector<sched::TimelineEntry>> by_rank;
  double alone_from_s = never_s;
  std::map<std::uint32_t, double> others_done_s;  ///< by index: a copy may end later

  void operator()(const sched::TimelineEntry& entry) {
    by_rank[entry.rank].push_back(entry);
    if (entry.task.alone)
      alone_from_s = std::min(alone_from_s, entry.started_s);
    else if (entry.read)
      others_done_s.try_emplace(entry.task.index, entry.ended_s);
  }
  /// Pages in an engine while another was read alone on their rank.
  [[nodiscard]] std::size_t pages_beside() const {
    std::size_t pages = 0;
    for (const auto& [rank, entries] : by_rank) {
      for (const auto& alone : entries) {
        if (!alone.task.alone) continue;
        pages += static_cast<std::size_t>(std::ranges::count_if(entries, [&](const auto& other) {
          return &other != &alone && other.started_s < alone.ended_s && alone.started_s < other.ended_s;
        }));
      }
    }
    return pages;
  }
};

/// What may go wrong, to some ranks, at any time. Rank 0 never stops for ever.
struct Mishaps {
  bool stopped = false, stopped_for_ever = false, lost_engine = false, drained = false,
       failed = false;
};

Mishaps add_mishaps(Dice& dice, Case& made) {
  Mishaps mishaps;
  auto& ranks = made.settings.ranks;
  const auto times = dice.below(4);
  for (std::size_t n = 0; n < times; ++n) {
    const auto at = dice.below(ranks.size());
    auto& rank = ranks[at];
    const double when_s = dice.between(0, 60);
    const auto what = dice.below(8);
    if (what < 2 && at > 0) {
      rank.stops_s = when_s;
      mishaps.stopped = mishaps.stopped_for_ever = true;
    } else if (what < 4) {
      rank.stops_s = when_s;
      rank.resumes_s = when_s + dice.between(0.1, dice.once_in(3) ? 100 : 15);
      mishaps.stopped = true;
    } else if (what < 6) {
      rank.loses_engine_s = when_s;
      mishaps.lost_engine = true;
    } else if (what == 6 && dice.once_in(2)) {
      rank.drains_s = when_s;
      mishaps.drained = true;
    } else if (what == 7 && dice.once_in(3)) {
      rank.fails_s = when_s;
      mishaps.failed = true;
    }
  }
  return mishaps;
}

/// What holds of every run.
void expect_sound(const SimulationResult& result, std::uint64_t pages) {
  const auto& progress = result.progress;
  EXPECT_EQ(progress.pages, pages);
  EXPECT_LE(progress.done, result.committed);
  EXPECT_LE(result.committed, pages);
  EXPECT_GE(result.records, result.committed);
  // Each record is a page done or one too many; those of a rank that was never heard again are not
  // known.
  EXPECT_LE(progress.done + progress.duplicates, result.records);
  EXPECT_EQ(result.abort, !progress.dead.empty());
  EXPECT_TRUE(result.bound);
  EXPECT_FALSE(test::lost_pages(result)) << testing::PrintToString(result.warnings);
}

TEST(Simulation, WithoutMishapsEveryPageIsReadOnceAndTheStatusIsRight) {
  for (std::uint32_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed};
    const auto made = random_case(dice, 1);
    const auto pages = test::pages_of(made);

    const auto result = made.run();

    ASSERT_TRUE(result.ended);
    expect_sound(result, pages);
    EXPECT_EQ(result.committed, pages);
    EXPECT_EQ(result.progress.done, pages);
    EXPECT_EQ(result.progress.failed,
              static_cast<std::uint64_t>(std::ranges::count(made.seconds, 0.0F)));
    EXPECT_EQ(result.status,
              result.progress.failed > 0 ? ExitStatus::some_failed : ExitStatus::complete);
    EXPECT_EQ(result.reported_rows, result.records);
    EXPECT_LE(result.records, pages + result.progress.copies);
    EXPECT_LE(result.progress.duplicates, result.progress.copies);
    if (!made.settings.schedule.backup) {
      EXPECT_EQ(result.progress.copies, 0U);
      EXPECT_EQ(result.records, pages);
    }
    EXPECT_TRUE(result.warnings.empty()) << result.warnings.front();
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, WhateverHappensTheRunEndsAndLosesNothing) {
  for (std::uint32_t seed = 0; seed < 2 * cases; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 1'000'000};
    auto made = random_case(dice, 1);
    const auto mishaps = add_mishaps(dice, made);
    const auto pages = test::pages_of(made);

    const auto result = made.run();

    ASSERT_TRUE(result.ended);
    expect_sound(result, pages);
    if (!mishaps.stopped && !mishaps.failed) {
      EXPECT_LE(result.records, pages + result.progress.copies);
      EXPECT_EQ(result.progress.done, result.committed);
    }
    if (!mishaps.stopped_for_ever) {
      EXPECT_TRUE(result.progress.dead.empty() || mishaps.stopped);
    }
    const bool all_done = result.progress.done == pages;
    if (!mishaps.drained && !mishaps.failed && result.failures.empty()) {
      EXPECT_TRUE(all_done);
    }
    if (!result.failures.empty()) {
      EXPECT_EQ(result.status, ExitStatus::error);
    } else if (!all_done) {
      EXPECT_EQ(result.status, ExitStatus::unfinished);
    } else if (!mishaps.stopped && !mishaps.drained) {
      EXPECT_EQ(result.status,
                result.progress.failed > 0 ? ExitStatus::some_failed : ExitStatus::complete);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, PagesThatAreReadAloneComeLastAndShareTheirRankWithNone) {
  for (std::uint32_t seed = 0; seed < cases / 2; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 4'000'000};
    auto made = random_case(dice, 1);
    read_some_alone(dice, made);
    const auto pages = test::pages_of(made);

    Beside beside;
    const auto result = made.run(std::ref(beside));

    ASSERT_TRUE(result.ended);
    expect_sound(result, pages);
    EXPECT_EQ(result.committed, pages);
    EXPECT_EQ(beside.pages_beside(), 0U);
    for (const auto& [index, done_s] : beside.others_done_s) EXPECT_LE(done_s, beside.alone_from_s) << index;
    if (::testing::Test::HasFailure()) return;
  }
}

TEST(Simulation, PagesThatAreReadAloneAreNotLostWhateverHappens) {
  for (std::uint32_t seed = 0; seed < cases; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 5'000'000};
    auto made = random_case(dice, 1);
    read_some_alone(dice, made);
    const auto mishaps = add_mishaps(dice, made);
    const auto pages = test::pages_of(made);

    Beside beside;
    const auto result = made.run(std::ref(beside));

    ASSERT_TRUE(result.ended);
    expect_sound(result, pages);
    EXPECT_EQ(beside.pages_beside(), 0U);
    if (!mishaps.drained && !mishaps.failed && result.failures.empty()) {
      EXPECT_EQ(result.progress.done, pages);
    }
    if (::testing::Test::HasFailure()) return;
  }
}

/// No list schedule is longer than the bound and one page on the slowest rank. What comes on top is
/// the way of a message, a fsync, and the report that tells rank 0.
TEST(Simulation, TheLastPageIsDoneSoonAfterTheBound) {
  constexpr double messages_s = 2;
  for (std::uint32_t seed = 0; seed < cases / 2; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 2'000'000};
    const auto made = random_case(dice, 0);
    if (test::pages_of(made) == 0) continue;
    double slowest = 1;
    for (const auto& rank : made.settings.ranks)
      slowest =
          std::min({slowest, rank.speed, rank.slows_s < never_s ? rank.slow_speed : rank.speed});
    const double longest_s = static_cast<double>(*std::ranges::max_element(made.seconds)) / slowest;

    const auto result = made.run();

    EXPECT_GE(result.makespan_s, result.bound_s);
    EXPECT_LE(result.makespan_s, result.bound_s + longest_s + messages_s);
    if (::testing::Test::HasFailure()) return;
  }
}

/// When each page was first begun, anywhere.
std::array<std::pair<double, double>, corpus::priorities> starts_by_level(const Case& made) {
  std::map<std::uint32_t, std::pair<double, corpus::Priority>> first;
  const auto result = made.run([&](const sched::TimelineEntry& entry) {
    const auto [at, inserted] =
        first.try_emplace(entry.task.index, entry.started_s, entry.task.priority);
    if (!inserted) at->second.first = std::min(at->second.first, entry.started_s);
  });
  EXPECT_TRUE(result.ended);
  EXPECT_EQ(result.progress.done, result.progress.pages);
  std::array<std::pair<double, double>, corpus::priorities> starts;
  starts.fill({never_s, -1});
  for (const auto& [index, start] : first) {
    auto& [earliest_s, latest_s] = starts[static_cast<std::size_t>(start.second)];
    earliest_s = std::min(earliest_s, start.first);
    latest_s = std::max(latest_s, start.first);
  }
  return starts;
}

TEST(Simulation, APageOfALevelStartsOnceAllOfTheLevelsBeforeHaveStartedAnywhere) {
  for (std::uint32_t seed = 0; seed < cases / 4; ++seed) {
    SCOPED_TRACE(seed);
    Dice dice{seed + 3'000'000};
    auto made = test::planned(test::random_documents(dice, 20 + dice.below(500), true),
                              test::random_ranks(dice, 30));
    made.settings.schedule.slots = 1 + static_cast<int>(dice.below(3));
    made.settings.network.jitter_s = dice.between(0, 1);
    made.settings.longest_s = 20'000;

    const auto starts = starts_by_level(made);

    for (std::size_t level = 0; level < starts.size(); ++level) {
      for (std::size_t later = level + 1; later < starts.size(); ++later)
        EXPECT_LE(starts[level].second, starts[later].first)
            << "levels " << level << " and " << later;
    }
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace simulation_test
}  // namespace pecia
