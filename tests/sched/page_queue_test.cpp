#include "page_queue.hpp"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "sched/hand_run.hpp"

namespace pecia {
namespace page_queue_test {

using corpus::Priority;
using sched::Level;
using test::pages;

double cost_of(const std::vector<plan::Task>& tasks) { return test::share_of(tasks).cost_s; }

sched::PageQueue queue_of(std::uint32_t documents, std::uint32_t count) {
  sched::PageQueue queue;
  for (std::uint32_t document = 0; document < documents; ++document)
    queue.add(pages(document, count, document * count));
  return queue;
}

TEST(PageQueue, GivesHalfOfTheCostInWholeDocuments) {
  auto queue = queue_of(10, 6);

  const auto given = queue.take(0.5, Level::low, false);

  EXPECT_EQ(cost_of(given), 30);
  EXPECT_EQ(queue.cost_s(Level::low), 30);
  std::map<std::uint32_t, int> by_document;
  for (const auto& task : given) ++by_document[task.page.document];
  for (const auto& [document, count] : by_document) EXPECT_EQ(count, 6) << "document " << document;
}

TEST(PageQueue, WhoeverIsFreeBeginsWithTheDearest) {
  sched::PageQueue queue;
  for (std::uint32_t n = 0; n < 40; ++n) queue.add(pages(n, 1, n, n < 20 ? 10.0F : 1.0F));

  const auto given = queue.take(0.5, Level::low, false);

  const auto dear =
      std::ranges::count_if(given, [](const plan::Task& task) { return task.cost_s > 5; });
  EXPECT_EQ(dear, 11);  // 110 s of 220 s
  EXPECT_EQ(given.size(), 11U);
}

TEST(PageQueue, ADocumentLargerThanAQuarterIsSharedPageByPage) {
  auto queue = queue_of(1, 20);

  EXPECT_EQ(queue.take(0.5, Level::low, false).size(), 10U);
  EXPECT_EQ(queue.size(), 10U);
}

TEST(PageQueue, TheDocumentThatIsBeingReadStaysWhileThereAreOthers) {
  auto queue = queue_of(2, 20);

  const auto given = queue.take(0.5, Level::low, false);

  EXPECT_EQ(given.size(), 20U);
  for (const auto& task : given) EXPECT_EQ(task.page.document, 1U);
}

TEST(PageQueue, TheLastPageIsGivenOnlyToWhomCanStartIt) {
  auto queue = queue_of(1, 1);

  EXPECT_TRUE(queue.take(0.4, Level::low, false).empty());
  EXPECT_EQ(queue.take(0.4, Level::low, true).size(), 1U);
  EXPECT_EQ(queue.size(), 0U);
}

TEST(PageQueue, GivesOnlyOfTheMostUrgentLevelThatMayStart) {
  sched::PageQueue queue;
  auto low = pages(0, 10, 0);
  for (auto& task : low) task.priority = Priority::low;
  queue.add(low);

  EXPECT_TRUE(queue.take(0.5, Level::normal, true).empty());
  EXPECT_FALSE(queue.next(Level::normal));
  queue.add(pages(1, 4, 10));
  const auto given = queue.take(0.5, Level::low, true);
  for (const auto& task : given) EXPECT_EQ(task.priority, Priority::normal);
  EXPECT_EQ(queue.size(Level::normal), 2U);
}

TEST(PageQueue, NextIsFromTheDearEndAndNextShortFromTheOther) {
  sched::PageQueue queue;
  queue.add(pages(0, 1, 0, 9));
  queue.add(pages(1, 1, 1, 1));
  queue.merge(pages(2, 1, 2, 5));

  EXPECT_EQ(queue.next(Level::low)->index, 0U);
  EXPECT_EQ(queue.next_short(Level::low)->index, 1U);
  EXPECT_EQ(queue.next(Level::low)->index, 2U);
  EXPECT_FALSE(queue.next(Level::low));
}

TEST(PageQueue, APageThatComesBackIsTheNext) {
  auto queue = queue_of(1, 3);
  const auto first = queue.next(Level::low);
  queue.put_back(*first);

  EXPECT_EQ(queue.next(Level::low)->index, first->index);
}

TEST(PageQueue, DroppedPagesCostNothing) {
  auto queue = queue_of(2, 5);
  (void)queue.next(Level::low);

  EXPECT_EQ(queue.drop([](const plan::Task& task) { return task.index >= 3; }), 7U);
  EXPECT_EQ(queue.size(), 2U);
  EXPECT_DOUBLE_EQ(queue.cost_s(Level::low), 2);
}

TEST(PageQueue, ADocumentThatTurnsOutDearMovesToTheFront) {
  auto queue = queue_of(3, 2);
  queue.scale(2, 4);

  EXPECT_EQ(queue.next(Level::low)->page.document, 2U);
  EXPECT_DOUBLE_EQ(queue.cost_s(Level::low), 4 + 4);
}

/// Whatever is done to a queue, no page is lost or doubled, and the cost is that of its pages.
TEST(PageQueue, LosesNothing) {
  for (std::uint32_t seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::minstd_rand random{seed + 1};
    sched::PageQueue queue;
    std::multiset<std::uint32_t> outside;
    std::map<std::uint32_t, plan::Task> tasks;
    for (std::uint32_t n = 0; n < 100; ++n) {
      plan::Task task{
          {n / 7, n}, static_cast<float>(1 + random() % 9), 0, n, static_cast<Priority>(n / 7 % 3)};
      tasks[n] = task;
      outside.insert(n);
    }
    const auto out = [&](const plan::Task& task) {
      EXPECT_EQ((outside.insert(task.index), outside.count(task.index)), 1U);
    };
    for (int step = 0; step < 300; ++step) {
      const auto last = static_cast<Level>(random() % 3);
      std::vector<plan::Task> some;
      switch (random() % 6) {
        case 0:
        case 1:
          for (auto count = random() % 20; count > 0 && !outside.empty(); --count) {
            some.push_back(tasks[*outside.begin()]);
            outside.erase(outside.begin());
          }
          random() % 2 ? queue.add(some) : queue.merge(some);
          break;
        case 2:
          for (const auto& task :
               queue.take(0.01 * static_cast<double>(random() % 101), last, random() % 2))
            out(task);
          break;
        case 3:
          if (const auto task = random() % 2 ? queue.next(last) : queue.next_short(last))
            out(*task);
          break;
        case 4:
          if (!outside.empty()) {
            queue.put_back(tasks[*outside.rbegin()]);
            outside.erase(std::prev(outside.end()));
          }
          break;
        default:
          queue.scale(static_cast<std::uint32_t>(random() % 15), 1.1);
      }
      ASSERT_EQ(queue.size() + outside.size(), 100U);
    }
    const double cost_s = queue.cost_s(Level::low);
    EXPECT_NEAR(cost_s, cost_of(queue.take_all()), 1e-3 * (1 + cost_s));
  }
}

}  // namespace page_queue_test
}  // namespace pecia
