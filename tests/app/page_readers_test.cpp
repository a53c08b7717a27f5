// The threads that read pages, with engines that do as they are told.
#include "app/page_readers_fixture.hpp"

namespace pecia::app::test {
namespace page_readers_test {

using testing::ElementsAre;
using testing::HasSubstr;

TEST_F(PageReadersTest, ReadPagesAndStartNoFallbackThatNobodyNeeds) {
  with_fallback();
  read_all(pages);
  for (const auto& [index, outcome] : sink_.outcomes) {
    EXPECT_EQ(outcome.state, result::State::ok);
    EXPECT_EQ(outcome.engine, "model");
    EXPECT_EQ(outcome.reading.text, "read by model");
  }
  EXPECT_EQ(script_.made["model"], 1);
  EXPECT_EQ(script_.made["helper"], 0);
}

TEST_F(PageReadersTest, ClimbTheLadderAndThenAskTheFallback) {
  with_fallback();
  script_.answer = [](const std::string& engine, std::uint64_t ticket,
                      Rung) -> Answer {
    if (engine == "model" && ticket == 2) return failure_of(Reason::repetition);
    return reading_of("read by " + engine);
  };
  read_all(pages);
  EXPECT_THAT(script_.tries[2],
              ElementsAre("model/normal", "model/stronger_guard", "model/plain_prompt",
                          "model/rotated", "helper/normal"));
  EXPECT_THAT(script_.tries[1], ElementsAre("model/normal"));
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_EQ(outcome.state, result::State::ok_fallback);
  EXPECT_EQ(outcome.engine, "helper");
  EXPECT_EQ(outcome.fingerprint, "helper of the test");
  EXPECT_EQ(outcome.reading.text, "read by helper");
  ASSERT_EQ(outcome.attempts.size(), 4u);
  for (const auto& attempt : outcome.attempts) {
    EXPECT_EQ(attempt.engine, "model");
    EXPECT_EQ(attempt.reason, Reason::repetition);
    EXPECT_EQ(attempt.finish_reason, result::FinishReason::repeats);
  }
  EXPECT_EQ(outcome.attempts[3].rung, Rung::rotated);
  EXPECT_EQ(sink_.seconds_of.at(2), 0) << "what the fallback takes is no cost of the engine's";
  EXPECT_EQ(script_.made["helper"], 1);
}

TEST_F(PageReadersTest, GiveAPageUpAtTheEndOfTheLadderWithoutAFallback) {
  script_.answer = [](const std::string&, std::uint64_t, Rung) {
    return failure_of(Reason::repetition);
  };
  read_all(1);
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.state, result::State::failed);
  EXPECT_EQ(outcome.reason, Reason::repetition);
  EXPECT_EQ(outcome.engine, "model");
  EXPECT_EQ(outcome.attempts.size(), 3u);
  EXPECT_EQ(outcome.reading.text, "la la la");
}

TEST_F(PageReadersTest, RecordWhatTheFallbackCouldNotReadEither) {
  with_fallback();
  script_.answer = [](const std::string&, std::uint64_t, Rung) {
    return failure_of(Reason::engine_failed);
  };
  read_all(1);
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.state, result::State::failed);
  EXPECT_EQ(outcome.engine, "helper");
  ASSERT_EQ(outcome.attempts.size(), 1u);
  EXPECT_EQ(outcome.attempts[0].engine, "model");
  EXPECT_THAT(script_.tries[0], ElementsAre("model/normal", "helper/normal"));
}

TEST_F(PageReadersTest, FailOnlyWhatNeedsAFallbackThatCannotStart) {
  with_fallback();
  script_.starting = [](const std::string& engine, int) {
    if (engine == "helper") throw Error{"no such language"};
  };
  script_.answer = [](const std::string&, std::uint64_t ticket,
                      Rung) -> Answer {
    if (ticket % 2 == 0) return failure_of(Reason::engine_failed);
    return reading_of("good");
  };
  read_all(pages);
  EXPECT_EQ(sink_.outcomes.at(1).state, result::State::ok);
  for (const auto index : {0u, 2u, 4u}) {
    const auto& outcome = sink_.outcomes.at(index);
    EXPECT_EQ(outcome.state, result::State::failed);
    EXPECT_EQ(outcome.reason, Reason::engine_failed);
    EXPECT_EQ(outcome.engine, "model");
    EXPECT_THAT(outcome.detail,
                HasSubstr("the fallback helper cannot read on this rank: no such language"));
  }
  EXPECT_TRUE(sink_.lost.empty()) << "the rank goes on";
}

TEST_F(PageReadersTest, GiveTheFallbackWhatRulesSay) {
  with_fallback();
  Rule rule;
  rule.match = "a/**";
  rule.engine = "helper";
  job_.rules.push_back(rule);
  read_all(pages);
  for (const auto& [index, outcome] : sink_.outcomes) {
    EXPECT_EQ(outcome.state, result::State::ok);
    EXPECT_EQ(outcome.engine, "helper");
  }
  EXPECT_THAT(script_.tries[0], ElementsAre("helper/normal"));
}

TEST_F(PageReadersTest, ReadAgainWhatAFallbackHadThatWasLost) {
  with_fallback();
  script_.stepping = [](const std::string& engine, int made) {
    if (engine == "helper" && made == 1) throw Error{"gone"};
  };
  script_.answer = [](const std::string& engine, std::uint64_t,
                      Rung) -> Answer {
    if (engine == "model") return failure_of(Reason::engine_failed);
    return reading_of("read by " + engine);
  };
  read_all(pages);
  for (const auto& [index, outcome] : sink_.outcomes)
    EXPECT_EQ(outcome.state, result::State::ok_fallback);
  EXPECT_EQ(script_.made["helper"], 2);
  EXPECT_EQ(script_.made["model"], 1);
  EXPECT_TRUE(sink_.came_back.empty()) << "the engine need not read them again";
}

TEST_F(PageReadersTest, GiveBackWhatAnEngineHadThatWasLostAndMakeAnother) {
  script_.stepping = [](const std::string&, int made) {
    if (made == 1) throw Error{"gone"};
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, pages);
  ASSERT_TRUE(
      sink_.wait_until([&] { return sink_.outcomes.size() + sink_.came_back.size() == pages; }));
  EXPECT_FALSE(sink_.came_back.empty());
  ASSERT_TRUE(sink_.wait_until([&] { return !sink_.lost.empty(); }));
  const auto made_another = [&] {
    const std::lock_guard lock{script_.mutex};
    return script_.made["model"] == 2;
  };
  for (int n = 0; n < 2000 && !made_another(); ++n) std::this_thread::sleep_for(milliseconds{5});
  EXPECT_THAT(sink_.lost, ElementsAre(std::pair{std::string{"gone"}, false}));
  EXPECT_TRUE(made_another());
}

TEST_F(PageReadersTest, ReadNoMoreOnceTheEngineIsLostForGood) {
  script_.stepping = [](const std::string&, int) { throw engine::LostForGood{"started 4 times"}; };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, pages);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == pages && !sink_.lost.empty(); }));
  EXPECT_THAT(sink_.lost, ElementsAre(std::pair{std::string{"started 4 times"}, true}));
  EXPECT_EQ(script_.made["model"], 1);
}

TEST_F(PageReadersTest, ReturnEveryPageOnceWhenCancelledWhereverItIs) {
  with_fallback();
  script_.answers = false;
  std::vector<std::shared_ptr<PageWork>> works;
  {
    PageReaders readers{settings_, sink_, milliseconds{5000}};
    works = read(readers, pages);
    readers.cancel();
  }
  EXPECT_EQ(sink_.came_back.size(), pages);
  EXPECT_TRUE(sink_.outcomes.empty());
}

/// On the rank of the engine, then `go on` on another.
TEST_F(PageReadersTest, LeaveWhatTheEngineGivesUpToARankOfTheFallbackThatEndsTheRecord) {
  with_fallback();
  settings_.give_up = true;
  script_.answer = [](const std::string& engine, std::uint64_t ticket,
                      Rung) -> Answer {
    if (engine == "model" && ticket == 2) return failure_of(Reason::repetition);
    return reading_of("read by " + engine);
  };
  {
    PageReaders readers{settings_, sink_, milliseconds{5000}};
    read(readers, pages);
    ASSERT_TRUE(sink_.wait_until(
        [&] { return sink_.outcomes.size() + sink_.histories.size() == pages; }));
  }
  ASSERT_TRUE(sink_.histories.contains(2));
  EXPECT_EQ(script_.made["helper"], 0);

  settings_.engine.name = "helper";
  settings_.fallback.reset();
  settings_.fallback_for_all = true;
  settings_.give_up = false;
  PageReaders others{settings_, sink_, milliseconds{5000}};
  const auto work = std::make_shared<PageWork>();
  work->task = {{0, 3}, 1, 0, 2};
  go_on(*work, sink_.histories.at(2), job_.retries);
  others.read(work);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.contains(2); }));
  const auto& outcome = sink_.outcomes.at(2);
  EXPECT_EQ(outcome.state, result::State::ok_fallback);
  EXPECT_EQ(outcome.engine, "helper");
  EXPECT_EQ(outcome.rung, Rung::fallback);
  EXPECT_EQ(outcome.reading.text, "read by helper");
  EXPECT_THAT(script_.tries[2], ElementsAre("model/normal", "model/stronger_guard", "model/plain_prompt",
                                            "model/rotated", "helper/normal"));
  ASSERT_EQ(outcome.attempts.size(), 4u);
  EXPECT_EQ(outcome.attempts[3].rung, Rung::rotated);
  EXPECT_EQ(outcome.attempts[0].finish_reason, result::FinishReason::repeats);
}

TEST_F(PageReadersTest, OfAPageThatARankOfTheFallbackCannotReadEitherTheRecordSaysAll) {
  settings_.engine.name = "helper";
  settings_.fallback_for_all = true;
  script_.answer = [](const std::string&, std::uint64_t, Rung) { return failure_of(Reason::engine_failed); };
  PageWork given_up;
  given_up.attempts.push_back({"model", Reason::repetition, "again and again", 1, Rung::rotated});
  given_up.partial = reading_of("la la la");
  const auto work = std::make_shared<PageWork>();
  work->task.page = {0, 1};
  go_on(*work, history_of(given_up), job_.retries);
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  readers.read(work);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 1; }));
  const auto& outcome = sink_.outcomes.at(0);
  EXPECT_EQ(outcome.state, result::State::failed);
  EXPECT_EQ(outcome.reason, Reason::engine_failed);
  EXPECT_EQ(outcome.engine, "helper");
  EXPECT_EQ(outcome.reading.text, "la la la");
  ASSERT_EQ(outcome.attempts.size(), 1u);
  EXPECT_EQ(outcome.attempts[0].detail, "again and again");
}

TEST_F(PageReadersTest, GoOnWithAPageThatWasGivenUpWhereNobodyElseHasTheFallback) {
  with_fallback();
  settings_.give_up = true;
  PageWork given_up;
  given_up.attempts.push_back({"model", Reason::no_end, "", 1, Rung::rotated});
  const auto work = std::make_shared<PageWork>();
  work->task.page = {0, 1};
  go_on(*work, history_of(given_up), job_.retries);
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  readers.read(work);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 1; }));
  EXPECT_EQ(sink_.outcomes.at(0).state, result::State::ok_fallback);
  EXPECT_THAT(script_.tries[0], ElementsAre("helper/normal"));
}

TEST_F(PageReadersTest, GoOnWithAPageThatWasGivenUpWithAllThatItsAttemptsChanged) {
  job_.retries = {};
  PageWork given_up;
  for (const auto reason : {Reason::out_of_memory, Reason::out_of_memory, Reason::out_of_memory, Reason::timeout, Reason::timeout})
    given_up.attempts.push_back({"", reason, "", 1, Rung::normal});
  given_up.attempts.push_back({"model", Reason::engine_failed, "", 1, Rung::normal});
  PageWork work;
  go_on(work, history_of(given_up), job_.retries);
  EXPECT_EQ(work.attempts.size(), 6U);
  EXPECT_EQ(work.options.rung, Rung::fallback);
  EXPECT_EQ(work.smaller, 2);
  EXPECT_EQ(work.scale_limits, 4);
  EXPECT_EQ(work.options.time_scale, 1);
  EXPECT_TRUE(work.options.alone);
}

TEST_F(PageReadersTest, KeepNoStepsOfTheAttemptBefore) {
  PageWork work;
  work.steps.push_back({"pdf", "of an attempt that failed", std::nullopt});
  prepare_for(work, {});
  EXPECT_TRUE(work.steps.empty());
}

TEST_F(PageReadersTest, TakeAPageFromTheFallbackThatIsNotWantedAnyMore) {
  with_fallback();
  script_.answer = [&](const std::string&, std::uint64_t, Rung) {
    script_.answers = false;  // of the fallback
    return failure_of(Reason::engine_failed);
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto works = read(readers, 1);
  const auto in_fallback = [&] {
    const std::lock_guard lock{script_.mutex};
    return script_.tries[0].size() == 2;
  };
  for (int n = 0; n < 2000 && !in_fallback(); ++n) std::this_thread::sleep_for(milliseconds{5});
  ASSERT_TRUE(in_fallback());
  EXPECT_FALSE(works[0]->leave_unless_reading());
  works[0]->unwanted = true;
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 1; }));
  EXPECT_THAT(script_.cancelled, ElementsAre(0u));
}

TEST_F(PageReadersTest, SayWhatTheUserMustMend) {
  script_.starting = [](const std::string&, int) { throw UsageError{"no weights"}; };
  EXPECT_THROW((PageReaders{settings_, sink_, milliseconds{5000}}), UsageError);
  EXPECT_THAT(sink_.problems, ElementsAre("no weights"));
}

}  // namespace page_readers_test
}  // namespace pecia::app::test
