// Ranks of a job's engine and ranks of its fallback, message by message.
#include <gtest/gtest.h>

#include <set>

#include "sched/hand_run.hpp"

namespace pecia {
namespace classes_test {

using sched::class_of;
using sched::EngineClass;
using test::HandRun;
using test::pages;
using test::share_of;

constexpr auto engine = EngineClass::engine;
constexpr auto fallback = EngineClass::fallback;

sched::Settings of(std::vector<EngineClass> class_by_rank) {
  sched::Settings settings;
  settings.class_by_rank = std::move(class_by_rank);
  settings.short_first = false;
  settings.backup = false;
  settings.prefetch = 1;
  return settings;
}

std::vector<plan::Task> by_rule(std::vector<plan::Task> tasks) {
  for (auto& task : tasks) task.engine_class = static_cast<std::uint8_t>(fallback);
  return tasks;
}

/// The indices of the pages that a rank begins now.
std::set<std::uint32_t> begun(sched::Scheduler& rank) {
  std::set<std::uint32_t> indices;
  while (const auto task = rank.next_page()) {
    rank.on_started(task->index);
    indices.insert(task->index);
  }
  return indices;
}

TEST(Classes, ARankOfTheFallbackGetsWhatTheEngineGaveUpAndNothingElse) {
  HandRun run{{share_of(pages(0, 6, 0)), {}}, of({engine, fallback})};
  run.at_time(0);
  run.through(0.5, 3);
  EXPECT_EQ(run.at(1).next_page(), std::nullopt);
  EXPECT_EQ(run.at(1).unstarted(), 0U);
  ASSERT_TRUE(begun(run.at(0)).contains(0));

  run.at(0).on_given_up(0, "it repeats itself");
  run.through(3, 6);
  const auto page = run.at(1).next_page();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->index, 0U);
  EXPECT_EQ(run.at(1).history_of(*page), "it repeats itself");
  EXPECT_EQ(run.at(1).next_page(), std::nullopt);
  EXPECT_FALSE(begun(run.at(0)).contains(0));
}

TEST(Classes, PagesThatRulesGiveTheFallbackAreStolenByItsRanksOnly) {
  HandRun run{{{}, share_of(by_rule(pages(0, 20, 0))), {}}, of({engine, fallback, fallback})};
  run.at_time(0);
  (void)run.at(2).next_page();
  run.through(0.5, 4);
  EXPECT_EQ(run.at(0).unstarted(), 0U);
  EXPECT_GT(run.at(2).unstarted(), 4U);
  EXPECT_EQ(run.at(1).unstarted() + run.at(2).unstarted() + run.at(2).in_flight(), 20U);
}

TEST(Classes, WithoutARankThatTakesThemARankOfTheEngineReadsThemItself) {
  HandRun run{{share_of(pages(0, 6, 0)), {}}, of({engine, fallback})};
  run.at_time(0);
  ASSERT_TRUE(begun(run.at(0)).contains(0));
  run.stop(1);
  run.through(0.5, 10);  // it does not answer
  run.at(0).on_given_up(0, "it repeats itself");
  const auto page = run.at(0).next_page();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->index, 0U);
  EXPECT_EQ(run.at(0).history_of(*page), "it repeats itself");
}

TEST(Classes, ARankOfTheFallbackWithoutAnEngineIsNotWaitedFor) {
  HandRun run{{share_of(pages(0, 6, 0)), {}}, of({engine, fallback})};
  run.at_time(0);
  ASSERT_TRUE(begun(run.at(0)).contains(0));
  run.at(1).on_engine_lost("not installed", true);
  run.through(0.5, 3);
  EXPECT_TRUE(run.at(0).failures().empty());
  run.at(0).on_given_up(0, "");
  EXPECT_EQ(begun(run.at(0)), std::set<std::uint32_t>{0});
}

/// Its engine takes long to load, say.
TEST(Classes, WhatNobodyFetchesIsReadByItsRankOnceItHasNothingElse) {
  HandRun run{{share_of(pages(0, 1, 0)), {}}, of({engine, fallback})};
  run.at_time(0);
  ASSERT_EQ(begun(run.at(0)), std::set<std::uint32_t>{0});
  run.at(0).on_given_up(0, "");
  EXPECT_TRUE(begun(run.at(0)).empty());
  run.through(0.5, 4);
  EXPECT_TRUE(begun(run.at(0)).empty());
  run.through(4.5, 8);
  EXPECT_EQ(begun(run.at(0)), std::set<std::uint32_t>{0});
}

TEST(Classes, PagesOfARankThatStoppedAreReadAnewByTheEngine) {
  HandRun run{{{}, share_of(pages(0, 1, 0)), {}}, of({engine, engine, fallback})};
  run.at_time(0);
  ASSERT_EQ(begun(run.at(1)), std::set<std::uint32_t>{0});
  run.at(1).on_given_up(0, "it repeats itself");
  run.stop(1);
  run.through(0.5, 10);
  EXPECT_TRUE(begun(run.at(2)).empty());
  const auto page = run.at(0).next_page();
  ASSERT_TRUE(page);
  EXPECT_EQ(class_of(*page), engine);
  EXPECT_EQ(run.at(0).history_of(*page), "");
}

TEST(Classes, APageGivenUpComesBackWithItsHistoryFromAThiefThatStopped) {
  HandRun run{{share_of(pages(0, 6, 0)), {}}, of({engine, fallback})};
  run.at_time(0);
  (void)begun(run.at(1));
  ASSERT_TRUE(begun(run.at(0)).contains(0));
  run.at(0).on_given_up(0, "it repeats itself");
  run.at_time(1);  // its load is known now, and the next look offers it
  run.stop(1);
  run.through(1.5, 12);
  const auto page = run.at(0).next_page();
  ASSERT_TRUE(page);
  EXPECT_EQ(page->index, 0U);
  EXPECT_EQ(run.at(0).history_of(*page), "it repeats itself");
}

TEST(Classes, ADrainLeavesWhatWasGivenUpToTheNextJob) {
  HandRun run{{share_of(pages(0, 2, 0)), {}}, of({engine, fallback})};
  run.at_time(0);
  ASSERT_TRUE(begun(run.at(0)).contains(0));
  run.at(0).on_drain_requested();
  run.at(0).on_given_up(0, "");
  EXPECT_EQ(run.at(0).unstarted(), 0U);
  EXPECT_FALSE(run.at(0).next_page());
}

TEST(Classes, APageGivenUpHasStartedAsFarAsTheNextPriorityGoes) {
  auto tasks = pages(0, 2, 0);
  tasks[0].priority = corpus::Priority::urgent;
  HandRun run{{share_of(tasks), {}}, of({engine, fallback})};
  run.at_time(0);
  run.stop(1);
  ASSERT_EQ(begun(run.at(0)), std::set<std::uint32_t>{0});
  run.at(0).on_given_up(0, "");
  run.through(0.5, 2);
  EXPECT_EQ(begun(run.at(0)), std::set<std::uint32_t>{1});
}

TEST(Classes, WithoutARankOfTheEngineTheRunEndsWithAnError) {
  HandRun run{{share_of(by_rule(pages(0, 1, 0))), share_of(pages(1, 3, 1))},
              of({fallback, engine})};
  run.at_time(0);
  run.at(1).on_engine_lost("gone", true);
  run.through(0.5, 2);
  EXPECT_EQ(run.at(0).failures().size(), 1U);
}

}  // namespace classes_test
}  // namespace pecia
