#include "pecia/result/outcome.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::result {
namespace outcome_test {

PageOutcome full_outcome() {
  PageOutcome outcome;
  outcome.state = State::ok;
  outcome.detail = "detail";
  outcome.engine = "tesseract";
  outcome.languages = "deu+lat";
  outcome.seconds = 2.5F;
  outcome.attempts = {{"tesseract", Reason::engine_crashed, "killed by signal 9", 1.5F}, {"", Reason::timeout, "", 60}};
  outcome.geometry.page_width_px = 2480;
  outcome.geometry.to_page[4] = 12.5;
  outcome.geometry.embedded = true;
  outcome.reading.text = "Ein Wort\n";
  outcome.reading.confidence = 0.5F;
  outcome.reading.words = {{{1, 2, 3, 4}, 0, 3, 0.25F}, {{5, 2, 9, 4}, 4, 8, 1}};
  outcome.reading.lines = {{{1, 2, 9, 4}, 0, 8, 0.5F}};
  outcome.reading.blocks = {{outcome.reading.lines[0]}};
  return outcome;
}

/// As a model may read it.
PageOutcome models_outcome() {
  auto outcome = full_outcome();
  outcome.fingerprint = "0123456789abcdef";
  outcome.rung = Rung::plain_prompt;
  outcome.attempts[0].rung = Rung::stronger_guard;
  outcome.attempts[0].finish_reason = FinishReason::repeats;
  outcome.reading.finish_reason = FinishReason::stop;
  outcome.reading.raw = "with tags";
  outcome.reading.ids = {1, 2, 3};
  auto& block = outcome.reading.blocks[0];
  block.label = "table";
  block.kind = BlockKind::table;
  block.unparsed = true;
  block.boxes = {{1, 2, 3, 4}, {5, 2, 9, 4}};
  return outcome;
}

PageOutcome outcome_in_two_languages() {
  auto outcome = models_outcome();
  outcome.steps.push_back({"deskew", "", std::nullopt});
  outcome.reading.words[1].language = 2;
  return outcome;
}

Bytes encoded(const PageOutcome& outcome) {
  ByteWriter out;
  encode(out, outcome);
  return std::move(out).bytes();
}

TEST(Outcome, ComesBackAsItWas) {
  const auto bytes = encoded(full_outcome());
  ByteReader in{bytes};
  const auto back = decode_outcome(in);
  in.expect_end();
  EXPECT_EQ(encoded(back), bytes);
  EXPECT_EQ(back.attempts.size(), 2U);
  EXPECT_EQ(back.attempts[0].detail, "killed by signal 9");
  EXPECT_EQ(back.reading.words[1].text_end, 8U);
  EXPECT_TRUE(back.geometry.embedded);
}

TEST(Outcome, OfAModelComesBackAsItWasButForWhatIsNotKept) {
  const auto bytes = encoded(models_outcome());
  ByteReader in{bytes};
  const auto back = decode_outcome(in);
  in.expect_end();
  EXPECT_EQ(encoded(back), bytes);
  EXPECT_EQ(back.fingerprint, "0123456789abcdef");
  EXPECT_EQ(back.rung, Rung::plain_prompt);
  EXPECT_EQ(back.attempts[0].rung, Rung::stronger_guard);
  EXPECT_EQ(back.attempts[0].finish_reason, FinishReason::repeats);
  EXPECT_EQ(back.attempts[1].rung, Rung::normal);
  EXPECT_EQ(back.reading.finish_reason, FinishReason::stop);
  EXPECT_EQ(back.reading.raw, "");
  EXPECT_TRUE(back.reading.ids.empty());
  const auto& block = back.reading.blocks.at(0);
  EXPECT_EQ(block.label, "table");
  EXPECT_EQ(block.kind, BlockKind::table);
  EXPECT_TRUE(block.unparsed);
  ASSERT_EQ(block.boxes.size(), 2U);
  EXPECT_EQ(block.boxes[1].x1, 9);
}

TEST(Outcome, KeepsTheLanguagesOfWordsWhereTheyAreTold) {
  const auto bytes = encoded(outcome_in_two_languages());
  EXPECT_EQ(bytes.front(), std::byte{0x80 | 0x40 | 0x20});
  ByteReader in{bytes};
  const auto back = decode_outcome(in);
  in.expect_end();
  EXPECT_EQ(encoded(back), bytes);
  EXPECT_EQ(back.reading.words[0].language, 0U);
  EXPECT_EQ(back.reading.words[1].language, 2U);

  auto told_none = bytes;
  told_none.back() = std::byte{0};
  ByteReader of_none{told_none};
  EXPECT_THROW((void)decode_outcome(of_none), Error);
}

TEST(Outcome, WithAWordOfALanguageBeyondAllThatAreToldComesBack) {
  auto outcome = full_outcome();
  outcome.reading.words[0].language = 256;
  const auto bytes = encoded(outcome);
  ByteReader in{bytes};
  EXPECT_EQ(decode_outcome(in).reading.words[0].language, 0U);
  in.expect_end();
}

TEST(Reading, KeepsTheLanguagesOfItsWordsInMessages) {
  ByteWriter out;
  encode(out, outcome_in_two_languages().reading);
  const auto bytes = std::move(out).bytes();
  ByteReader in{bytes};
  const auto back = decode_reading(in);
  in.expect_end();
  EXPECT_EQ(back.words[0].language, 0U);
  EXPECT_EQ(back.words[1].language, 2U);
}

// A record of an earlier release is checked against its bytes, also in shards of now.
TEST(Outcome, ThatEarlierReleasesCouldWriteIsWrittenAsTheyDid) {
  const auto plain = encoded(full_outcome());
  EXPECT_EQ(plain.front(), std::byte{0});
  const auto extended = encoded(models_outcome());
  EXPECT_EQ(extended.front(), std::byte{0x80});
  ASSERT_GT(extended.size(), plain.size());
  EXPECT_TRUE(std::equal(plain.begin() + 1, plain.end(), extended.begin() + 1));
  auto claims_more = plain;
  claims_more.front() = std::byte{0x80};
  claims_more.resize(plain.size() + 64);
  ByteReader in{claims_more};
  EXPECT_THROW((void)decode_outcome(in), Error);
}

TEST(Outcome, CutOffAnywhereIsAnError) {
  for (const auto& bytes : {encoded(full_outcome()), encoded(models_outcome()), encoded(outcome_in_two_languages())}) {
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      ByteReader in{std::span{bytes}.first(size)};
      EXPECT_THROW((void)decode_outcome(in), Error) << size;
    }
  }
}

TEST(Outcome, WithAnUnknownStateOrReasonIsAnError) {
  for (const std::size_t at : {0U, 1U}) {
    auto bytes = encoded(full_outcome());
    bytes[at] = std::byte{200};
    ByteReader in{bytes};
    EXPECT_THROW((void)decode_outcome(in), Error);
  }
}

TEST(Reading, ThatMakesNoSenseIsNamed) {
  const auto problem_with = [](auto change) {
    auto reading = full_outcome().reading;
    change(reading);
    return problem_of(reading);
  };
  EXPECT_EQ(problem_with([](Reading&) {}), "");
  EXPECT_NE(problem_with([](Reading& r) { r.text = "\xFF"; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.confidence = NAN; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.words[0].confidence = 1.5F; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.words[1].text_end = 100; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.words[1].text_begin = 9; }), "");
  EXPECT_NE(problem_with([](Reading& r) { std::swap(r.words[0], r.words[1]); }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.lines[0].box.x0 = INFINITY; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.blocks[0].box = {5, 0, 1, 1}; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.blocks[0].boxes = {{0, 5, 1, 1}}; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.blocks[0].label = "\xFF"; }), "");
  EXPECT_NE(problem_with([](Reading& r) { r.raw = "\xFF"; }), "");
}

TEST(State, NamesAreRead) {
  for (int n = 0; n < 5; ++n) EXPECT_EQ(parse_state(name(static_cast<State>(n))), static_cast<State>(n));
  EXPECT_EQ(parse_state("fine"), std::nullopt);
}

}  // namespace outcome_test
}  // namespace pecia::result
