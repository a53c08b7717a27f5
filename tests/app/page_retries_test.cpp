// What follows on an attempt at a page that failed, or read it poorly.
#include <atomic>

#include "app/page_retries_fixture.hpp"

namespace pecia::app::test {
namespace page_retries_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::StartsWith;

/// Numbers in four columns, one column after the other.
result::Reading table_in_columns() {
  result::Reading reading;
  reading.confidence = 0.9F;
  for (int cell = 0; cell < 16; ++cell) {
    const auto x = 100 * static_cast<float>(cell / 4), y = 30 * static_cast<float>(cell % 4);
    result::Part part{{x, y, x + 60, y + 20}, static_cast<std::uint32_t>(reading.text.size()), 0, 0.9F};
    reading.text += "1815";
    part.text_end = static_cast<std::uint32_t>(reading.text.size());
    reading.text += '\n';
    reading.lines.push_back(part);
  }
  reading.words = reading.lines;
  return reading;
}

TEST_F(PageRetriesTest, ATableThatWasReadInColumnsIsReadInRowsOnceIfTheBudgetHasRoom) {
  script_.answer = [](const std::string&, std::uint64_t, Rung) { return table_in_columns(); };
  for (const bool budget : {true, false}) {
    script_.tries.clear();
    sink_.outcomes.clear();
    job_.engine.retry_budget = budget ? 1 : 0;
    // Worth as much, and so no better than a first reading that is no table.
    script_.other_answer = [](std::uint64_t, int) { return sure(0.67F, "rows"); };
    read_all(1);
    EXPECT_EQ(script_.tries[0].size(), budget ? 2U : 1U);
    EXPECT_THAT(sink_.outcomes.at(0).reading.text, StartsWith(budget ? "rows" : "1815"));
  }
  job_.engine.retry_budget = 1;
  rule(Reason::low_confidence).attempts = 3;
  script_.tries.clear();
  sink_.outcomes.clear();
  script_.other_answer = [](std::uint64_t, int) { return sure(0.1F, "noise"); };
  read_all(1);
  EXPECT_EQ(script_.tries[0].size(), 2U) << "no other way than in rows";
  EXPECT_THAT(sink_.outcomes.at(0).reading.text, StartsWith("1815"));
}

TEST_F(PageRetriesTest, WhatWasReadPoorlyIsReadInAnotherWayAndTheBetterReadingIsKept) {
  read_all(pages);
  EXPECT_THAT(script_.tries[2], ElementsAre("tesseract/normal", "tesseract/normal 1"));
  EXPECT_THAT(script_.tries[1], ElementsAre("tesseract/normal"));
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_EQ(outcome.state, result::State::ok);
  EXPECT_THAT(outcome.reading.text, StartsWith("better"));
  ASSERT_EQ(outcome.attempts.size(), 1U);
  EXPECT_EQ(outcome.attempts[0].engine, "tesseract");
  EXPECT_EQ(outcome.attempts[0].reason, Reason::low_confidence);
  EXPECT_EQ(outcome.attempts[0].detail, "confidence 0.40; confidence 0.70 (sauvola, psm 4) was better");
  EXPECT_EQ(sink_.seconds_of.at(2), 2) << "what the page cost is both";
  EXPECT_EQ(sink_.seconds_of.at(1), 1);
  EXPECT_THAT(sink_.outcomes.at(1).attempts, IsEmpty());
}

TEST_F(PageRetriesTest, TheFirstReadingIsKeptWhereTheOtherIsWorse) {
  script_.other_answer = [](std::uint64_t, int) { return sure(0.35F, "worse"); };
  read_all(pages);
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_THAT(outcome.reading.text, StartsWith("poor"));
  ASSERT_EQ(outcome.attempts.size(), 1U);
  EXPECT_EQ(outcome.attempts[0].detail, "confidence 0.35; confidence 0.40 was better");
}

TEST_F(PageRetriesTest, ABlankPageIsNoBetterReading) {
  script_.other_answer = [](std::uint64_t, int) { return engine::Blank{}; };
  read_all(pages);
  EXPECT_EQ(sink_.outcomes.at(2).state, result::State::ok);
  EXPECT_THAT(sink_.outcomes.at(2).reading.text, StartsWith("poor"));
}

TEST_F(PageRetriesTest, AnotherReadingThatFailsCostsThePageNothing) {
  for (const auto reason : {Reason::engine_crashed, Reason::engine_timeout}) {
    sink_.outcomes.clear();
    script_.tries.clear();
    script_.other_answer = [reason](std::uint64_t, int) { return failure_of(reason); };
    read_all(pages);
    const auto& outcome = sink_.outcomes.at(2);
    EXPECT_EQ(outcome.state, result::State::ok);
    EXPECT_THAT(outcome.reading.text, StartsWith("poor"));
    ASSERT_EQ(outcome.attempts.size(), 1U);
    EXPECT_EQ(outcome.attempts[0].reason, reason);
    EXPECT_EQ(script_.tries[2].size(), 2U);
  }
}

TEST_F(PageRetriesTest, ThereAreAsManyOtherReadingsAsTheJobSaysWhileTheyArePoor) {
  rule(Reason::low_confidence).attempts = 3;
  script_.other_answer = [](std::uint64_t, int reading) {
    return sure(reading == 1 ? 0.5F : reading == 2 ? 0.45F : 0.8F, "way" + std::to_string(reading));
  };
  read_all(pages);
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_THAT(outcome.reading.text, StartsWith("way3"));
  ASSERT_EQ(outcome.attempts.size(), 3U);
  EXPECT_EQ(outcome.attempts[1].detail, "confidence 0.45; confidence 0.50 was better");
}

TEST_F(PageRetriesTest, PagesOfLowPriorityAreReadOnce) {
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto work = std::make_shared<PageWork>();
  work->task.page = {0, 3};
  work->task.index = 2;
  work->task.priority = corpus::Priority::low;
  readers.read(work);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.contains(2); }));
  EXPECT_THAT(sink_.outcomes.at(2).reading.text, StartsWith("poor"));
  EXPECT_THAT(sink_.outcomes.at(2).attempts, IsEmpty());
}

TEST_F(PageRetriesTest, APageForWhichTheBudgetHasNothingLeftSaysSo) {
  job_.engine.retry_budget = 1e-6;
  read_all(pages);
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_THAT(script_.tries[2], ElementsAre("tesseract/normal"));
  EXPECT_THAT(outcome.attempts, IsEmpty());
  ASSERT_EQ(outcome.steps.size(), 1U);
  EXPECT_EQ(outcome.steps[0].what, "reading");
  EXPECT_EQ(outcome.steps[0].detail, "confidence 0.40; no other reading: engine.retry_budget is used up");
  EXPECT_THAT(sink_.outcomes.at(1).steps, IsEmpty());
}

TEST_F(PageRetriesTest, WithoutABudgetNothingIsReadTwice) {
  job_.engine.retry_budget = 0;
  read_all(pages);
  EXPECT_THAT(script_.tries[2], ElementsAre("tesseract/normal"));
  EXPECT_THAT(sink_.outcomes.at(2).steps, IsEmpty());
}

TEST_F(PageRetriesTest, TheFallbackReadsPagesInOtherWaysToo) {
  settings_.engine.name = job_.engine.name = "model";
  settings_.fallback.emplace();
  settings_.fallback->name = job_.fallback.engine = "tesseract";
  script_.answer = [](const std::string& engine, std::uint64_t, Rung) -> Answer {
    if (engine == "model") return failure_of(Reason::engine_failed);
    return sure(0.4F, "poor");
  };
  read_all(1);
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.state, result::State::ok_fallback);
  EXPECT_THAT(outcome.reading.text, StartsWith("better"));
  ASSERT_EQ(outcome.attempts.size(), 2U);
  EXPECT_EQ(outcome.attempts[0].reason, Reason::engine_failed);
  EXPECT_EQ(outcome.attempts[1].reason, Reason::low_confidence);
  EXPECT_EQ(outcome.attempts[1].rung, Rung::fallback);
}

TEST_F(PageRetriesTest, APageThatIsReadInAnotherWayCanBeTakenBack) {
  script_.other_answer = [&](std::uint64_t, int) -> Answer { throw Error{"it is not to answer"}; };
  script_.answer = [&](const std::string&, std::uint64_t, Rung) {
    script_.answers = false;
    return sure(0.4F, "poor");
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto works = read(readers, 1);
  ASSERT_TRUE(was_asked(0, 2));
  EXPECT_FALSE(works[0]->leave_unless_reading()) << "it stays where its first reading is";
  works[0]->unwanted = true;
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 1; }));
  EXPECT_THAT(sink_.outcomes, IsEmpty());
}

TEST_F(PageRetriesTest, ADelayHoldsNobodyUp) {
  rule(Reason::engine_crashed).delay_s = 3600;
  int crashes = 0;
  script_.answer = [&](const std::string&, std::uint64_t ticket, Rung) -> Answer {
    if (ticket == 2 && crashes++ == 0) return failure_of(Reason::engine_crashed);
    return sure(0.9F);
  };
  settings_.decoders = 1;
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, pages);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == pages - 1 && sink_.aside == 1; }));
  EXPECT_FALSE(sink_.look([&] { return sink_.outcomes.contains(2); }));
}

TEST_F(PageRetriesTest, ADelayEnds) {
  rule(Reason::engine_crashed).delay_s = 0.5;
  int crashes = 0;
  script_.answer = [&](const std::string&, std::uint64_t, Rung) -> Answer {
    if (crashes++ == 0) return failure_of(Reason::engine_crashed);
    return sure(0.9F);
  };
  const auto began = std::chrono::steady_clock::now();
  read_all(1);
  EXPECT_GE(std::chrono::steady_clock::now() - began, milliseconds{500});
  EXPECT_EQ(sink_.outcomes.at(0).attempts.size(), 1U);
}

TEST_F(PageRetriesTest, APageThatIsDueIsReadOnceTheSinkIsReadyForIt) {
  rule(Reason::engine_crashed).delay_s = 0.1;
  sink_.holds_due = true;
  int crashes = 0;
  script_.answer = [&](const std::string&, std::uint64_t, Rung) -> Answer {
    if (crashes++ == 0) return failure_of(Reason::engine_crashed);
    return sure(0.9F);
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.held.contains(0); }));
  std::this_thread::sleep_for(milliseconds{300});
  EXPECT_THAT(script_.tries[0], ElementsAre("tesseract/normal"));
  sink_.held.at(0)();
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.contains(0); }));
}

TEST_F(PageRetriesTest, APageThatIsSetAsideIsTakenBackAtOnce) {
  rule(Reason::engine_crashed).delay_s = 3600;
  script_.answer = [](const std::string&, std::uint64_t, Rung) { return failure_of(Reason::engine_crashed); };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto works = read(readers, 2);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.aside == 2; }));
  EXPECT_TRUE(works[0]->leave_unless_reading()) << "by a steal, or a stop";
  readers.cancel();
  ASSERT_TRUE(sink_.wait_until([&] { return !sink_.came_back.empty(); }));
  EXPECT_THAT(sink_.came_back, ElementsAre(1U)) << "each once";
}

TEST_F(PageRetriesTest, ADrainTakesBackWhatIsSetAsideAndWhatFailsLater) {
  rule(Reason::engine_crashed).delay_s = 3600;
  script_.answer = [](const std::string&, std::uint64_t, Rung) { return failure_of(Reason::engine_crashed); };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 2);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.aside == 2; }));
  readers.drain();
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 2; }));
  read(readers, 3);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 5; }));
  EXPECT_EQ(sink_.aside, 2);
  EXPECT_THAT(sink_.outcomes, IsEmpty());
}

/// A decoder is held up, by a page that is read again or by another one, until a drain has begun.
class DrainTest : public PageRetriesTest, public testing::WithParamInterface<bool> {};
INSTANTIATE_TEST_SUITE_P(HeldUpByItselfOrAnother, DrainTest, testing::Bool());

TEST_P(DrainTest, BeginsNoOtherReading) {
  settings_.decoders = 1;
  std::atomic<bool> held{false}, go_on{false};
  sink_.on_taken = [&](const PageWork& work) {
    if (GetParam() ? !work.best : work.task.index != 5) return;
    held = true;
    while (!go_on) std::this_thread::sleep_for(milliseconds{2});
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto poor = std::make_shared<PageWork>(), other = std::make_shared<PageWork>();
  poor->task = {{0, 3}, 1, 0, 2};
  other->task = {{0, 6}, 1, 0, 5};
  if (!GetParam()) {
    const std::lock_guard lock{script_.mutex};
    script_.answers = false;
  }
  readers.read(poor);
  if (!GetParam()) {
    ASSERT_TRUE(was_asked(2, 1));
    readers.read(other);
    while (!held) std::this_thread::sleep_for(milliseconds{2});
    const std::lock_guard lock{script_.mutex};
    script_.answers = true;
  }
  while (!held) std::this_thread::sleep_for(milliseconds{2});
  std::this_thread::sleep_for(milliseconds{300});  // the other reading is queued
  readers.drain();
  go_on = true;
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.contains(2); }));
  EXPECT_THAT(script_.tries[2], ElementsAre("tesseract/normal"));
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_THAT(outcome.reading.text, StartsWith("poor"));
  ASSERT_EQ(outcome.steps.size(), 1U);
  EXPECT_THAT(outcome.steps[0].detail, testing::HasSubstr("no other reading: the job was told to stop"));
}

TEST_F(PageRetriesTest, WhatIsUnwantedIsNotSetAside) {
  rule(Reason::engine_crashed).delay_s = 3600;
  std::vector<std::shared_ptr<PageWork>> works;
  script_.answer = [&](const std::string&, std::uint64_t, Rung) {
    works.at(0)->unwanted = true;  // as it ends
    return failure_of(Reason::engine_crashed);
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  {
    const std::lock_guard lock{script_.mutex};
    works = read(readers, 1);
  }
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 1; }));
  EXPECT_EQ(sink_.aside, 0);
}

// ---- another reading is under way, and nobody waits for it

constexpr auto broken_off =
    "confidence 0.40; no other reading: it was broken off, since the job was told to stop or the engine was lost";

constexpr auto not_begun = "confidence 0.40; no other reading: the job was told to stop or the engine was lost";

class OtherReadingTest : public PageRetriesTest {
 protected:
  OtherReadingTest() {
    script_.answer = [this](const std::string&, std::uint64_t, Rung) {
      script_.answers = false;  // so that the other reading stays in the engine
      return sure(0.4F, "poor");
    };
    script_.stepping = [this](const std::string&, int) {
      if (engine_is_lost_) throw engine::LostForGood{"as the test wants it"};
    };
  }
  void expect_first_reading(const char* step) {
    ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.contains(0); }));
    const auto& outcome = sink_.outcomes.at(0);
    EXPECT_EQ(outcome.state, result::State::ok);
    EXPECT_THAT(outcome.reading.text, StartsWith("poor"));
    ASSERT_EQ(outcome.steps.size(), 1U);
    EXPECT_EQ(outcome.steps[0].detail, step);
    EXPECT_THAT(sink_.came_back, IsEmpty());
  }
  std::atomic<bool> engine_is_lost_{false};
};

TEST_F(OtherReadingTest, IsBrokenOffByTheEndOfARunAndThePageKeepsItsFirst) {
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(was_asked(0, 2));
  readers.cancel();
  expect_first_reading(broken_off);
}

TEST_F(OtherReadingTest, IsLostWithTheEngineAndThePageKeepsItsFirst) {
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(was_asked(0, 2));
  engine_is_lost_ = true;
  expect_first_reading(broken_off);
  EXPECT_GT(sink_.seconds_of.at(0), 1) << "what it took until then counts";
}

TEST_F(OtherReadingTest, IsNotBegunByADrainAndNotBrokenOff) {
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(was_asked(0, 2));
  readers.drain();
  const auto late = std::make_shared<PageWork>();
  late->task.page = {0, 2};
  late->task.index = 1;
  readers.read(late);
  ASSERT_TRUE(was_asked(1, 1));
  {
    const std::lock_guard lock{script_.mutex};
    script_.answers = true;
    script_.answer = [](const std::string&, std::uint64_t, Rung) { return sure(0.4F, "poor"); };
  }
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 2; }));
  EXPECT_THAT(sink_.outcomes.at(0).reading.text, StartsWith("better"));
  EXPECT_THAT(sink_.outcomes.at(1).reading.text, StartsWith("poor"));
  EXPECT_EQ(script_.tries[1].size(), 1U);
  ASSERT_EQ(sink_.outcomes.at(1).steps.size(), 1U);
  EXPECT_EQ(sink_.outcomes.at(1).steps[0].detail, "confidence 0.40; no other reading: the job was told to stop");
}

TEST_F(OtherReadingTest, ThatIsSetAsideEndsWithADrain) {
  rule(Reason::low_confidence).delay_s = 3600;
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.aside == 1; }));
  readers.drain();
  expect_first_reading(not_begun);
}

TEST_F(OtherReadingTest, ThatIsSetAsideComesBackIfItIsUnwanted) {
  rule(Reason::low_confidence).delay_s = 3600;
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto works = read(readers, 1);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.aside == 1; }));
  works[0]->unwanted = true;
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 1; }));
  EXPECT_THAT(sink_.outcomes, IsEmpty());
}

TEST_F(PageRetriesTest, AnotherReadingThatFailsCostsTheBudgetWhatItTook) {
  job_.engine.retry_budget = 0.1;  // of 60 s, to begin with
  script_.answer = [](const std::string&, std::uint64_t, Rung) { return sure(0.4F, "poor"); };
  script_.other_answer = [](std::uint64_t, int) { return failure_of(Reason::engine_timeout); };
  script_.seconds = [](std::uint64_t, int reading) { return reading > 0 ? 100 : 1; };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  for (std::uint32_t n = 0; n < 2; ++n) {
    const auto work = std::make_shared<PageWork>();
    work->task.page = {0, n + 1};
    work->task.index = n;
    readers.read(work);
    ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.contains(n); }));
  }
  EXPECT_EQ(script_.tries[0].size(), 2U);
  EXPECT_EQ(sink_.seconds_of.at(0), 101);
  EXPECT_EQ(script_.tries[1].size(), 1U);
  ASSERT_EQ(sink_.outcomes.at(1).steps.size(), 1U);
  EXPECT_THAT(sink_.outcomes.at(1).steps[0].detail, testing::EndsWith("engine.retry_budget is used up"));
}

TEST_F(PageRetriesTest, ATableIsNoOtherWayOfReading) {
  script_.answer = [](const std::string&, std::uint64_t, Rung) {
    auto reading = sure(0.4F, "poor");
    reading.steps.push_back({"reading", "a table, read row by row: psm 4; 8 of 9 lines are cells beside two others, 3 of them numbers"});
    return reading;
  };
  read_all(1);
  ASSERT_EQ(sink_.outcomes.at(0).attempts.size(), 1U);
  EXPECT_EQ(sink_.outcomes.at(0).attempts[0].detail, "confidence 0.40; confidence 0.70 (sauvola, psm 4) was better");
}

TEST(AloneGate, LetsOneInAloneWhenTheOthersAreOutAndHoldsUpThoseWhoComeLater) {
  AloneGate gate;
  std::atomic<int> inside{0}, most{0}, alones{0};
  std::atomic<bool> disturbed{false};
  std::vector<std::thread> threads;
  for (int n = 0; n < 4; ++n)
    threads.emplace_back([&, n] {
      for (int times = 0; times < 200; ++times) {
        const bool alone = n == 0 && times % 10 == 0;
        const AloneGate::Pass pass{gate, alone};
        const int now = ++inside;
        most = std::max(most.load(), now);
        std::this_thread::sleep_for(std::chrono::microseconds{50});
        if (alone && (++alones, inside != 1)) disturbed = true;
        --inside;
      }
    });
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(disturbed);
  EXPECT_EQ(alones, 20);
  EXPECT_GT(most, 1) << "others are in together";
}

}  // namespace page_retries_test
}  // namespace pecia::app::test
