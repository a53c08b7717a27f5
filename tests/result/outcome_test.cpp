#include "pecia/result/outcome.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "pecia/base/error.hpp"

namespace pecia::result {
namespace {

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

TEST(Outcome, CutOffAnywhereIsAnError) {
  const auto bytes = encoded(full_outcome());
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    ByteReader in{std::span{bytes}.first(size)};
    EXPECT_THROW((void)decode_outcome(in), Error) << size;
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
}

TEST(State, NamesAreRead) {
  for (int n = 0; n < 5; ++n) EXPECT_EQ(parse_state(name(static_cast<State>(n))), static_cast<State>(n));
  EXPECT_EQ(parse_state("fine"), std::nullopt);
}

}  // namespace
}  // namespace pecia::result
