// The threads that read pages, with engines that do as they are told.
#include "page_readers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <map>
#include <mutex>

#include "pecia/base/error.hpp"
#include "pecia/corpus/listing.hpp"

namespace pecia::app {
namespace {

using engine::Rung;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;

/// What engines of the test do, and what was seen of them.
struct Script {
  std::mutex mutex;
  /// The answer to a page: a reading, unless it says otherwise. Called under `mutex`.
  std::function<decltype(engine::Completion::result)(const std::string& engine,
                                                     std::uint64_t ticket, Rung)>
      answer;
  std::function<void(const std::string& engine, int made)> starting = [](const std::string&, int) {
  };
  std::function<void(const std::string& engine, int made)> stepping = [](const std::string&, int) {
  };
  std::map<std::string, int> made;
  std::map<std::uint64_t, std::vector<std::string>> tries;  ///< "engine/rung" by ticket
  std::vector<std::uint64_t> cancelled;
  bool answers = true;  ///< else pages stay in it
};

class ScriptedEngine final : public engine::Engine {
 public:
  ScriptedEngine(Script& script, std::string name) : script_{script}, name_{std::move(name)} {
    const std::lock_guard lock{script_.mutex};
    number_ = ++script_.made[name_];
    script_.starting(name_, number_);
  }
  page::ImageRequest wants(const page::PageInfo&, const engine::ReadOptions&) const override {
    return {};
  }
  engine::Prepared prepare(const page::Image& image,
                           const engine::ReadOptions& options) const override {
    return {image, options, 1, {}};
  }
  engine::Room room() const override { return {8, 1000}; }
  void submit(std::uint64_t ticket, engine::Prepared page) override {
    const std::lock_guard lock{script_.mutex};
    script_.tries[ticket].push_back(name_ + "/" + std::string{result::name(page.options.rung)});
    inside_.emplace_back(ticket, page.options.rung);
  }
  std::vector<engine::Completion> step(milliseconds max_wait) override {
    std::vector<engine::Completion> done;
    {
      const std::lock_guard lock{script_.mutex};
      script_.stepping(name_, number_);
      if (script_.answers) {
        for (const auto& [ticket, rung] : std::exchange(inside_, {}))
          done.push_back({ticket, script_.answer(name_, ticket, rung), 1});
      }
    }
    if (done.empty()) std::this_thread::sleep_for(max_wait / 4);
    return done;
  }
  void cancel(std::uint64_t ticket) override {
    const std::lock_guard lock{script_.mutex};
    script_.cancelled.push_back(ticket);
    std::erase_if(inside_, [&](const auto& page) { return page.first == ticket; });
  }
  engine::Description description() const override { return {name_, "1", name_ + " of the test"}; }

 private:
  Script& script_;
  std::string name_;
  int number_ = 0;
  std::vector<std::pair<std::uint64_t, Rung>> inside_;
};

class Sink final : public PageSink {
 public:
  void ready(const engine::Description&) override {}
  void engine_lost(const std::string& why, bool for_good) override {
    note([&] { lost.emplace_back(why, for_good); });
  }
  void failed(const std::string& why, bool) override {
    note([&] { problems.push_back(why); });
  }
  void taken(const PageWork&) override {}
  void begun(const PageWork&) override {}
  void ended(const PageWork& page, result::PageOutcome outcome, double seconds) override {
    note([&] {
      EXPECT_TRUE(outcomes.emplace(page.task.index, std::move(outcome)).second)
          << "a page ended twice";
      seconds_of[page.task.index] = seconds;
    });
  }
  void returned(const PageWork& page) override {
    note([&] { came_back.push_back(page.task.index); });
  }
  void given_up(const PageWork& page) override {
    note([&] { histories.emplace(page.task.index, history_of(page)); });
  }

  bool wait_until(const std::function<bool()>& condition) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, std::chrono::seconds{20}, condition);
  }

  std::map<std::uint32_t, result::PageOutcome> outcomes;
  std::map<std::uint32_t, double> seconds_of;
  std::vector<std::uint32_t> came_back;
  std::map<std::uint32_t, std::string> histories;  ///< of pages that were given up
  std::vector<std::pair<std::string, bool>> lost;
  std::vector<std::string> problems;

 private:
  template <class Do>
  void note(Do act) {
    const std::lock_guard lock{mutex_};
    act();
    changed_.notify_all();
  }
  std::mutex mutex_;
  std::condition_variable changed_;
};

result::Reading reading_of(const std::string& text) {
  result::Reading reading;
  reading.text = text;
  return reading;
}

engine::PageFailure failure_of(Reason reason) {
  engine::PageFailure failure{reason, "as the test wants it", {}};
  if (reason == Reason::repetition) {
    failure.reading = reading_of("la la la");
    failure.reading->finish_reason = result::FinishReason::repeats;
  }
  return failure;
}

class PageReadersTest : public testing::Test {
 protected:
  static constexpr std::uint32_t pages = 6;

  PageReadersTest() {
    script_.answer = [](const std::string& engine, std::uint64_t, Rung) {
      return reading_of("read by " + engine);
    };
    corpus::Document document;
    document.path = "a/b.tif";
    document.id = corpus::document_id(document.path);
    document.pages.resize(pages);
    manifest_ = corpus::Manifest{{document}};
    seconds_.emplace_back(pages, 1.F);
    settings_.job = &job_;
    settings_.manifest = &manifest_;
    settings_.trace_seconds = &seconds_;
    settings_.engine.name = "model";
    settings_.decoders = 2;
    settings_.make_engine = [this](const engine::EngineSettings& settings) {
      return std::make_unique<ScriptedEngine>(script_, settings.name);
    };
    job_.engine.name = "model";
  }

  void with_fallback() {
    job_.fallback.engine = "helper";
    settings_.fallback.emplace();
    settings_.fallback->name = "helper";
  }

  std::vector<std::shared_ptr<PageWork>> read(PageReaders& readers, std::uint32_t number) {
    std::vector<std::shared_ptr<PageWork>> works;
    for (std::uint32_t n = 0; n < number; ++n) {
      works.push_back(std::make_shared<PageWork>());
      works.back()->task.page = {0, n + 1};
      works.back()->task.index = n;
      readers.read(works.back());
    }
    return works;
  }

  /// Until so many pages have ended.
  void read_all(std::uint32_t number) {
    PageReaders readers{settings_, sink_, milliseconds{5000}};
    read(readers, number);
    ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == number; }));
  }

  Job job_;
  corpus::Manifest manifest_;
  std::vector<std::vector<float>> seconds_;
  ReadingSettings settings_;
  Script script_;
  Sink sink_;
};

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
                      Rung) -> decltype(engine::Completion::result) {
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
                      Rung) -> decltype(engine::Completion::result) {
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
                      Rung) -> decltype(engine::Completion::result) {
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
                      Rung) -> decltype(engine::Completion::result) {
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
  go_on(*work, sink_.histories.at(2));
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
  go_on(*work, history_of(given_up));
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
  go_on(*work, history_of(given_up));
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  readers.read(work);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 1; }));
  EXPECT_EQ(sink_.outcomes.at(0).state, result::State::ok_fallback);
  EXPECT_THAT(script_.tries[0], ElementsAre("helper/normal"));
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

}  // namespace
}  // namespace pecia::app
