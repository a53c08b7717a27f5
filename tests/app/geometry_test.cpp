// Pages of a model get the boxes of their words from another engine; both do as the test says.
#include "app/page_readers_fixture.hpp"

namespace pecia::app::test {
namespace geometry_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr auto text = "# The words of a page\n\nthat a model has read";

result::Reading models_reading() {
  auto reading = reading_of(text);
  reading.finish_reason = result::FinishReason::stop;
  reading.confidence = 0.75F;
  return reading;
}

/// A word a line.
result::Reading boxes_of(const std::vector<std::string>& words) {
  result::Reading reading;
  for (const auto& word : words) {
    result::Part part;
    const auto y = static_cast<float>(10 * reading.words.size());
    part.box = {0, y, 100, y + 8};
    part.text_begin = static_cast<std::uint32_t>(reading.text.size());
    reading.text += word;
    part.text_end = static_cast<std::uint32_t>(reading.text.size());
    reading.text += '\n';
    reading.words.push_back(part);
    reading.lines.push_back(part);
  }
  return reading;
}

const std::vector<std::string> same_words{"The", "words", "of", "a", "page", "that", "a", "model", "has", "read"};

class GeometryTest : public PageReadersTest {
 protected:
  GeometryTest() {
    job_.geometry = true;
    settings_.boxes.emplace();
    settings_.boxes->name = "boxer";
    script_.answer = [this](const std::string& engine, std::uint64_t ticket, Rung) -> Answer {
      return engine == "model" ? models_reading() : of_boxer(ticket);
    };
  }

  /// What the page has ended with, but for its words, is what it would have ended with without `geometry`.
  void expect_as_read(const result::PageOutcome& outcome) {
    EXPECT_EQ(outcome.state, result::State::ok);
    EXPECT_EQ(outcome.engine, "model");
    EXPECT_EQ(outcome.fingerprint, "model of the test");
    EXPECT_EQ(outcome.reading.text, text);
    EXPECT_FLOAT_EQ(outcome.reading.confidence, 0.75F);
    EXPECT_FLOAT_EQ(outcome.reading.confidence, models_reading().confidence);
    EXPECT_THAT(outcome.attempts, IsEmpty());
  }
  void expect_no_words(const result::PageOutcome& outcome, const std::string& why) {
    expect_as_read(outcome);
    EXPECT_THAT(outcome.reading.words, IsEmpty());
    EXPECT_THAT(outcome.reading.lines, IsEmpty());
    ASSERT_THAT(outcome.steps, SizeIs(1));
    EXPECT_EQ(outcome.steps[0].what, "geometry");
    EXPECT_THAT(outcome.steps[0].detail, HasSubstr("words have no boxes: " + why));
  }

  /// The model answers once, and then pages stay in the engines.
  void keep_in_boxer() {
    script_.answer = [this](const std::string& engine, std::uint64_t, Rung) -> Answer {
      if (engine == "model") script_.answers = false;
      return models_reading();
    };
  }
  /// Waits until it does.
  bool boxer_has_it() {
    for (int n = 0; n < 2000; ++n) {
      {
        const std::lock_guard lock{script_.mutex};
        if (script_.tries[0].size() == 2) return true;
      }
      std::this_thread::sleep_for(milliseconds{5});
    }
    return false;
  }

  std::function<Answer(std::uint64_t ticket)> of_boxer = [](std::uint64_t) { return boxes_of(same_words); };
};

TEST_F(GeometryTest, GivesTheWordsOfAModelTheirBoxes) {
  read_all(pages);
  for (const auto& [index, outcome] : sink_.outcomes) {
    expect_as_read(outcome);
    ASSERT_THAT(outcome.reading.words, SizeIs(10));
    EXPECT_THAT(outcome.reading.lines, SizeIs(10));
    EXPECT_FLOAT_EQ(outcome.reading.words[9].box.y0, 90);
    ASSERT_THAT(outcome.steps, SizeIs(1));
    EXPECT_EQ(outcome.steps[0].what, "geometry");
    EXPECT_EQ(outcome.steps[0].detail, "boxer 1, eng: 100 % of letters placed, 10 of 10 words, 1.00 alike");
    EXPECT_EQ(sink_.seconds_of.at(index), 1) << "what a page costs is what the engine took for it";
    EXPECT_THAT(script_.tries[index], ElementsAre("model/normal", "boxer/normal"));
  }
  EXPECT_EQ(script_.made["boxer"], 1);
}

TEST_F(GeometryTest, LeavesThePageAsItIsWhereTheOtherEngineFails) {
  of_boxer = [](std::uint64_t) { return failure_of(Reason::engine_crashed); };
  read_all(1);
  expect_no_words(sink_.outcomes.at(0), "engine_crashed (as the test wants it)");
}

TEST_F(GeometryTest, LeavesThePageAsItIsWhereTheOtherEngineFindsNothing) {
  of_boxer = [](std::uint64_t ticket) -> Answer {
    if (ticket == 0) return engine::Blank{};
    return reading_of("no words");
  };
  read_all(2);
  expect_no_words(sink_.outcomes.at(0), "boxer found no words");
  expect_no_words(sink_.outcomes.at(1), "boxer found no words");
}

TEST_F(GeometryTest, LeavesThePageAsItIsWhereTheOtherEngineReadsSomethingElse) {
  of_boxer = [](std::uint64_t) {
    return boxes_of({"completely", "different", "things", "stand", "there", "model", "unknown"});
  };
  read_all(1);
  expect_no_words(sink_.outcomes.at(0), "boxer 1, eng has another text");
}

TEST_F(GeometryTest, LeavesThePageAsItIsWhereTheAnswerMakesNoSense) {
  of_boxer = [](std::uint64_t) {
    auto reading = boxes_of(same_words);
    reading.words[3].text_end = 10'000;
    return reading;
  };
  read_all(1);
  expect_no_words(sink_.outcomes.at(0), "the answer of boxer makes no sense");
}

TEST_F(GeometryTest, LeavesPagesAsTheyAreWhereTheOtherEngineCannotStart) {
  script_.starting = [](const std::string& engine, int) {
    if (engine == "boxer") throw UsageError{"no such language"};
  };
  read_all(pages);
  for (const auto& [index, outcome] : sink_.outcomes)
    expect_no_words(outcome, "the engine for boxes boxer cannot read on this rank: no such language");
  EXPECT_TRUE(sink_.lost.empty());
  EXPECT_TRUE(sink_.problems.empty());
}

TEST_F(GeometryTest, ReadsAgainWhatAnEngineForBoxesHadThatWasLost) {
  script_.stepping = [](const std::string& engine, int made) {
    if (engine == "boxer" && made == 1) throw Error{"gone"};
  };
  read_all(pages);
  for (const auto& [index, outcome] : sink_.outcomes) EXPECT_THAT(outcome.reading.words, SizeIs(10));
  EXPECT_EQ(script_.made["boxer"], 2);
  EXPECT_EQ(script_.made["model"], 1);
}

TEST_F(GeometryTest, AsksOnlyForPagesThatAModelHasRead) {
  script_.answer = [](const std::string& engine, std::uint64_t ticket, Rung) -> Answer {
    if (engine != "model") return boxes_of(same_words);
    if (ticket == 0) return engine::Blank{};
    if (ticket == 1) return failure_of(Reason::engine_failed);
    return boxes_of({"it", "has", "words"});
  };
  read_all(3);
  EXPECT_EQ(sink_.outcomes.at(0).state, result::State::blank);
  EXPECT_EQ(sink_.outcomes.at(1).state, result::State::failed);
  EXPECT_THAT(sink_.outcomes.at(2).reading.words, SizeIs(3));
  EXPECT_THAT(sink_.outcomes.at(2).steps, IsEmpty());
  EXPECT_EQ(script_.made["boxer"], 0) << "it is not started for nothing";
}

TEST_F(GeometryTest, AsksForDocumentsThatRulesName) {
  job_.geometry = false;
  read_all(1);
  EXPECT_THAT(sink_.outcomes.at(0).reading.words, IsEmpty());
  EXPECT_THAT(sink_.outcomes.at(0).steps, IsEmpty());

  Rule rule;
  rule.match = "a/*";
  rule.geometry = true;
  job_.rules.push_back(rule);
  sink_.outcomes.clear();
  read_all(1);
  EXPECT_THAT(sink_.outcomes.at(0).reading.words, SizeIs(10));
}

TEST_F(GeometryTest, AsksTheFallbackWhereThatIsTheSameEngine) {
  with_fallback();
  settings_.boxes->name = "helper";
  script_.answer = [](const std::string& engine, std::uint64_t ticket, Rung) -> Answer {
    if (engine == "model" && ticket == 1) return failure_of(Reason::engine_failed);
    return engine == "model" ? models_reading() : boxes_of(same_words);
  };
  read_all(2);
  EXPECT_EQ(script_.made["helper"], 1);
  expect_as_read(sink_.outcomes.at(0));
  EXPECT_THAT(sink_.outcomes.at(0).reading.words, SizeIs(10));
  EXPECT_EQ(sink_.outcomes.at(1).state, result::State::ok_fallback);
  EXPECT_THAT(script_.tries[1], ElementsAre("model/normal", "helper/normal")) << "its words have boxes";
}

TEST_F(GeometryTest, IsNotWaitedForWhenTheJobIsToldToStop) {
  keep_in_boxer();
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  read(readers, 1);
  ASSERT_TRUE(boxer_has_it());
  EXPECT_THAT(sink_.outcomes, IsEmpty());

  readers.drain();

  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 1; }));
  expect_no_words(sink_.outcomes.at(0), "the job was told to stop");
  EXPECT_THAT(script_.cancelled, ElementsAre(0));
}

TEST_F(GeometryTest, IsNotBegunWhenTheJobWasToldToStop) {
  PageReaders* of_page = nullptr;
  script_.answer = [&of_page](const std::string&, std::uint64_t, Rung) -> Answer {
    of_page->drain();
    return models_reading();
  };
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  of_page = &readers;
  read(readers, 1);
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.outcomes.size() == 1; }));
  expect_no_words(sink_.outcomes.at(0), "the job was told to stop");
  EXPECT_EQ(script_.made["boxer"], 0);
}

TEST_F(GeometryTest, LetsGoOfAPageThatNobodyWantsAnyMore) {
  keep_in_boxer();
  PageReaders readers{settings_, sink_, milliseconds{5000}};
  const auto works = read(readers, 1);
  ASSERT_TRUE(boxer_has_it());
  works[0]->unwanted = true;
  ASSERT_TRUE(sink_.wait_until([&] { return sink_.came_back.size() == 1; }));
  EXPECT_THAT(sink_.outcomes, IsEmpty());
}

TEST_F(GeometryTest, EndsPagesAsTheyWereReadWhenTheReadersEnd) {
  keep_in_boxer();
  {
    PageReaders readers{settings_, sink_, milliseconds{5000}};
    read(readers, 1);
    ASSERT_TRUE(boxer_has_it());
  }
  ASSERT_THAT(sink_.outcomes, SizeIs(1));
  expect_no_words(sink_.outcomes.at(0), "the job was told to stop or the engine was lost");
}

}  // namespace geometry_test
}  // namespace pecia::app::test
