#include "scheduler.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace pecia::engine::deepseek {
namespace scheduler_test {

using Tickets = std::vector<std::uint64_t>;

/// Runs a scheduler as the generator does, and checks every plan.
class Runner {
 public:
  explicit Runner(SchedulerLimits limits) : scheduler_{limits}, limits_{limits} {}

  struct Page {
    int prompt = 0, answer = 0;
    int prefilled = 0, said = 0;
    bool prompt_there = false;
    std::vector<int> bounds;  ///< of its chunks, since it last began
  };
  void add(std::uint64_t ticket, int prompt, int answer, int max_new = 8192) {
    pages[ticket] = {prompt, answer, 0, 0, false, {}};
    scheduler_.add(ticket, prompt, max_new);
  }
  Scheduler::Plan step() {
    auto plan = scheduler_.plan();
    for (const auto ticket : plan.preempted) pages.at(ticket).prefilled = pages.at(ticket).said = 0;
    for (const auto ticket : plan.overflown) overflown.push_back(ticket), pages.erase(ticket);
    for (const auto ticket : plan.admitted) {
      pages.at(ticket).bounds.clear();
      if (!std::exchange(pages.at(ticket).prompt_there, true)) scheduler_.ready(ticket);
    }
    check_blocks();
    int tokens = 0;
    for (const auto& chunk : plan.prefill) {
      auto& page = pages.at(chunk.ticket);
      EXPECT_EQ(chunk.begin, page.prefilled);
      page.prefilled += chunk.count;
      page.bounds.push_back(page.prefilled);
      EXPECT_EQ(chunk.last, page.prefilled == page.prompt);
      tokens += chunk.count;
    }
    if (plan.prefill.size() > 1) {
      EXPECT_LE(tokens, limits_.prefill_tokens_per_step);
    }
    for (const auto ticket : plan.decode) {
      EXPECT_EQ(pages.at(ticket).prefilled, pages.at(ticket).prompt);
      say(ticket);
    }
    for (const auto& chunk : plan.prefill)
      if (chunk.last) say(chunk.ticket);
    return plan;
  }
  void check_blocks() const {
    std::set<std::int32_t> taken;
    for (const auto& [ticket, page] : pages) {
      for (const auto block : scheduler_.table(ticket))
        EXPECT_TRUE(taken.insert(block).second) << "block of two";
      if (page.said > 0) {
        EXPECT_GE(scheduler_.table(ticket).size() * block_tokens, static_cast<std::size_t>(page.prompt + page.said));
      }
    }
    EXPECT_EQ(static_cast<int>(taken.size()) + scheduler_.free_blocks(), limits_.blocks);
  }
  void say(std::uint64_t ticket) {
    auto& page = pages.at(ticket);
    scheduler_.generated(ticket);
    if (++page.said < page.answer) return;
    bounds[ticket] = page.bounds;
    finished.push_back(ticket);
    pages.erase(ticket);
    scheduler_.finish(ticket);
  }

  std::map<std::uint64_t, Page> pages;
  Tickets finished, overflown;
  std::map<std::uint64_t, std::vector<int>> bounds;
  Scheduler& scheduler() { return scheduler_; }

 private:
  Scheduler scheduler_;
  SchedulerLimits limits_;
};

TEST(Scheduler, the_next_page_enters_at_the_step_after_one_finished) {
  Runner runner{
      {.sequences = 2, .blocks = 100, .chunk_tokens = 64, .prefill_tokens_per_step = 128}};
  runner.add(1, 10, 3);
  runner.add(2, 10, 9);
  runner.add(3, 10, 2);
  EXPECT_EQ(runner.step().admitted, (Tickets{1, 2}));
  for (int i = 0; i < 3; ++i) runner.step();  // prompts and first tokens, then one each
  ASSERT_EQ(runner.finished, Tickets{1});
  const auto plan = runner.step();
  EXPECT_EQ(plan.admitted, Tickets{3});
  EXPECT_EQ(plan.decode, Tickets{2}) << "the other goes on meanwhile";
  EXPECT_EQ(runner.step().prefill.size(), 1U);
}

TEST(Scheduler, decoding_goes_on_beside_a_long_prompt_whose_chunks_are_its_own) {
  Runner runner{
      {.sequences = 4, .blocks = 200, .chunk_tokens = 64, .prefill_tokens_per_step = 128}};
  runner.add(1, 10, 50);
  runner.step();
  runner.step();
  runner.add(2, 200, 1);
  runner.add(3, 70, 1);
  int steps = 0;
  while (runner.finished.size() < 2) {
    EXPECT_EQ(runner.step().decode, Tickets{1});
    ++steps;
  }
  EXPECT_LE(steps, 6);
  EXPECT_EQ(runner.bounds.at(2), (std::vector{64, 128, 192, 200}));
  EXPECT_EQ(runner.bounds.at(3), (std::vector{64, 70}));
}

TEST(Scheduler, admits_no_more_than_are_predicted_to_fit) {
  Runner runner{
      {.sequences = 8, .blocks = 60, .chunk_tokens = 512, .prefill_tokens_per_step = 512}};
  for (std::uint64_t ticket = 1; ticket <= 4; ++ticket) runner.add(ticket, 32, 700);
  EXPECT_EQ(runner.step().admitted, (Tickets{1, 2}));  // 21 blocks each by the first guess
}

TEST(Scheduler, learns_the_usual_length) {
  Runner runner{
      {.sequences = 8, .blocks = 60, .chunk_tokens = 512, .prefill_tokens_per_step = 512}};
  runner.add(1, 32, 20);
  while (runner.finished.empty()) runner.step();
  for (std::uint64_t ticket = 2; ticket <= 9; ++ticket) runner.add(ticket, 32, 20);
  EXPECT_EQ(runner.step().admitted.size(), 8U);
}

TEST(Scheduler, the_page_admitted_last_gives_way_when_blocks_run_out) {
  Runner runner{
      {.sequences = 3, .blocks = 30, .chunk_tokens = 512, .prefill_tokens_per_step = 512}};
  runner.add(1, 32, 5);
  while (runner.finished.empty()) runner.step();  // answers seem short from now on
  runner.add(2, 32, 600);
  runner.add(3, 32, 600);
  Tickets preempted;
  while (runner.finished.size() < 3) {
    const auto plan = runner.step();
    preempted.insert(preempted.end(), plan.preempted.begin(), plan.preempted.end());
    ASSERT_FALSE(plan.decode.empty() && plan.prefill.empty() && plan.admitted.empty())
        << "nothing is done";
  }
  EXPECT_EQ(preempted, Tickets{3});
  EXPECT_EQ(runner.finished, (Tickets{1, 2, 3}));
  EXPECT_TRUE(runner.overflown.empty());
}

TEST(Scheduler, what_does_not_fit_alone_overflows) {
  Runner runner{{.sequences = 3, .blocks = 4, .chunk_tokens = 512, .prefill_tokens_per_step = 512}};
  runner.add(1, 200, 1);   // the prompt
  runner.add(2, 100, 90);  // the answer
  runner.add(3, 60, 60);
  for (int i = 0; i < 300 && runner.finished.empty(); ++i) runner.step();
  EXPECT_EQ(runner.overflown, (Tickets{1, 2}));
  EXPECT_EQ(runner.finished, Tickets{3});
}

TEST(Scheduler, a_cancelled_page_gives_its_blocks_back_at_once) {
  Runner runner{{.sequences = 2, .blocks = 100, .chunk_tokens = 64, .prefill_tokens_per_step = 64}};
  runner.add(1, 100, 100);
  runner.step();
  ASSERT_LT(runner.scheduler().free_blocks(), 100);
  runner.scheduler().cancel(1);
  EXPECT_EQ(runner.scheduler().free_blocks(), 100);
  runner.scheduler().cancel(1);
}

TEST(Scheduler, random_pages_all_finish_and_share_no_block) {
  for (unsigned seed = 0; seed < 30; ++seed) {
    std::mt19937 random{seed};
    const auto below = [&](int limit) {
      return static_cast<int>(random() % static_cast<unsigned>(limit));
    };
    Runner runner{{.sequences = 1 + below(8),
                   .blocks = 20 + below(60),
                   .chunk_tokens = 16 << below(4),
                   .prefill_tokens_per_step = 32 << below(4)}};
    const std::uint64_t pages = 40;
    std::uint64_t added = 0;
    for (int i = 0; runner.finished.size() + runner.overflown.size() < pages; ++i) {
      ASSERT_LT(i, 100'000) << "seed " << seed;
      while (added < pages && below(3) == 0)
        runner.add(++added, 1 + below(300), 1 + below(200), 200);
      runner.step();
    }
    EXPECT_EQ(runner.scheduler().running(), 0U);
  }
}

}  // namespace scheduler_test
}  // namespace pecia::engine::deepseek
