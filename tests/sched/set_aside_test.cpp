// Pages that wait for another attempt, and what is known of those that were tried.
#include <gtest/gtest.h>

#include "sched/hand_run.hpp"

namespace pecia {
namespace set_aside_test {

using test::HandRun;
using test::pages;
using test::share_of;

sched::Settings one_at_a_time() {
  sched::Settings settings;
  settings.slots = 1;
  settings.prefetch = 1;
  settings.short_first = false;
  return settings;
}

TEST(SetAside, PagesThatWaitForAnotherAttemptHoldUpNoOther) {
  HandRun run{{share_of(pages(0, 50, 0))}, one_at_a_time()};
  run.at_time(0);
  auto& rank = run.at(0);
  for (int n = 0; n < 50; ++n) {
    const auto page = rank.next_page();
    ASSERT_TRUE(page) << n;
    if (n % 2 == 0) rank.on_started(page->index);  // an engine had it, or no decoder could open it
    rank.on_set_aside(page->index);
  }
  EXPECT_EQ(rank.in_flight(), 50U);
}

TEST(SetAside, APageThatIsDueTakesAPlaceAgain) {
  HandRun run{{share_of(pages(0, 8, 0))}, one_at_a_time()};
  run.at_time(0);
  auto& rank = run.at(0);
  for (int n = 0; n < 3; ++n) rank.on_set_aside(rank.next_page()->index);
  for (std::uint32_t n = 0; n < 3; ++n) rank.on_due(n);
  EXPECT_FALSE(rank.next_page());
  rank.on_finished(0, 1);
  rank.on_finished(1, 1);
  EXPECT_TRUE(rank.next_page());
}

TEST(SetAside, PagesOfLaterLevelsDoNotWaitForOne) {
  auto tasks = pages(0, 2, 0);
  tasks[0].priority = corpus::Priority::urgent;
  HandRun run{{share_of(tasks)}, one_at_a_time()};
  run.at_time(0);
  auto& rank = run.at(0);
  ASSERT_EQ(rank.next_page()->index, 0U);
  rank.on_set_aside(0);
  run.through(0.5, 3);
  const auto next = rank.next_page();
  ASSERT_TRUE(next);
  EXPECT_EQ(next->index, 1U);
}

/// One rank holds a page that is read for long, and one that waits for another attempt.
TEST(SetAside, IsNotCalledBackAndThoseThatAreReadForLongAreCopiedAllTheSame) {
  HandRun run{{share_of(pages(0, 2, 0)), {}}, one_at_a_time()};
  auto& rank = run.at(0);
  rank.on_set_aside(rank.next_page()->index);
  const auto read = rank.next_page();
  ASSERT_TRUE(read);
  rank.on_started(read->index);
  (void)run.at(1).next_page();
  run.through(0.5, 60);
  EXPECT_TRUE(run.commands(0).empty());
  const auto copied = run.at(1).next_page();
  ASSERT_TRUE(copied);
  EXPECT_EQ(copied->index, read->index);
}

TEST(SetAside, APageThatComesBackAfterAnAttemptIsHandedOutWithItsHistory) {
  HandRun run{{share_of(pages(0, 2, 0)), {}}, one_at_a_time()};
  auto& rank = run.at(0);
  const auto page = rank.next_page();
  ASSERT_TRUE(page);
  rank.on_started(page->index);
  (void)rank.next_page();  // the other one stays here
  rank.on_returned(*page, "the storage was away");
  (void)run.at(1).next_page();
  run.through(0.5, 3);
  const auto stolen = run.at(1).next_page();
  ASSERT_TRUE(stolen);
  EXPECT_EQ(stolen->index, page->index);
  EXPECT_EQ(run.at(1).history_of(*stolen), "the storage was away");
}

}  // namespace set_aside_test
}  // namespace pecia
