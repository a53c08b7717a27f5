#include "protocol.hpp"

#include <gtest/gtest.h>

#include <initializer_list>
#include <limits>

namespace pecia::engine::protocol {
namespace protocol_test {

result::Reading model_reading() {
  result::Reading reading;
  reading.text = "# Register\n\n1";
  reading.confidence = 0.5F;
  reading.finish_reason = result::FinishReason::repeats;
  reading.raw = "<|ref|>title<|/ref|># Register\n\n1";
  reading.ids = {336, -1, 1};
  result::Block block;
  block.text_end = 10;
  block.box = {1, 2, 30, 40};
  block.label = "title";
  block.kind = result::BlockKind::table;
  block.unparsed = true;
  block.boxes = {{1, 2, 3, 4}, {10, 20, 30, 40}};
  reading.blocks = {block};
  return reading;
}

void expect_same(const result::Reading& one, const result::Reading& other) {
  ByteWriter first, second;
  result::encode(first, one);
  result::encode(second, other);
  EXPECT_EQ(first.bytes(), second.bytes());
}

TEST(Protocol, CarriesAModelsReadingWithItsTokens) {
  const auto answer = decode_answer(encode(Completion{7, model_reading(), 1.5}));
  const auto& reading = std::get<result::Reading>(std::get<Completion>(answer).result);
  expect_same(reading, model_reading());
  EXPECT_EQ(reading.raw, model_reading().raw);
  EXPECT_EQ(reading.ids, model_reading().ids);
  EXPECT_EQ(reading.finish_reason, result::FinishReason::repeats);
  EXPECT_EQ(reading.blocks.at(0).boxes.size(), 2U);
}

TEST(Protocol, CarriesWhatAFailureHadRead) {
  const auto failure_of = [](const PageFailure& failure) {
    return std::get<PageFailure>(
        std::get<Completion>(decode_answer(encode(Completion{7, failure, 1}))).result);
  };
  const auto partial = failure_of({Reason::repetition, "it repeats itself", model_reading()});
  ASSERT_TRUE(partial.reading.has_value());
  expect_same(*partial.reading, model_reading());
  EXPECT_FALSE(failure_of({Reason::engine_failed, "", {}}).reading.has_value());
}

Read read_of(const ReadOptions& options) {
  return {3, options, page::make_image(3, 2, page::PixelFormat::gray8, 300).image};
}

TEST(Protocol, CarriesHowAPageIsRead) {
  using Change = void (*)(ReadOptions&);
  // Each alone, so that no two can be taken for one another.
  for (const Change change : std::initializer_list<Change>{
           [](ReadOptions&) {}, [](ReadOptions& options) { options.languages = {"deu", "lat"}; },
           [](ReadOptions& options) { options.prompt = "plain"; }, [](ReadOptions& options) { options.rung = Rung::rotated; },
           [](ReadOptions& options) { options.reading = 2; }, [](ReadOptions& options) { options.by_rows = true; }, [](ReadOptions& options) { options.time_scale = 4; },
           [](ReadOptions& options) { options.split = true; }, [](ReadOptions& options) { options.find_blank = false; },
           [](ReadOptions& options) { options.mend_old_letters = false; }}) {
    ReadOptions options;
    change(options);
    const auto back = decode_read(encode(read_of(options))).options;
    EXPECT_EQ(back.languages, options.languages);
    EXPECT_EQ(back.prompt, options.prompt);
    EXPECT_EQ(back.rung, options.rung);
    EXPECT_EQ(back.reading, options.reading);
    EXPECT_EQ(back.by_rows, options.by_rows);
    EXPECT_EQ(back.time_scale, options.time_scale);
    EXPECT_EQ(back.split, options.split);
    EXPECT_EQ(back.find_blank, options.find_blank);
    EXPECT_EQ(back.mend_old_letters, options.mend_old_letters);
  }
}

TEST(Protocol, AWayOfReadingThatThereIsNotIsAnError) {
  ReadOptions options;
  options.rung = Rung::fallback;  // of the ladder's end no engine is told
  EXPECT_THROW((void)decode_read(encode(read_of(options))), Error);
  for (const double scale : {0.0, -1.0, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()}) {
    options = {};
    options.time_scale = scale;
    EXPECT_THROW((void)decode_read(encode(read_of(options))), Error) << scale;
  }
}

TEST(Protocol, WhatMakesNoSenseIsAnError) {
  auto reading = model_reading();
  reading.blocks[0].boxes[0] = {5, 5, 1, 1};
  EXPECT_THROW((void)decode_answer(encode(Completion{1, reading, 1})), Error);
  EXPECT_THROW(
      (void)decode_answer(encode(Completion{1, PageFailure{Reason::no_end, "", reading}, 1})),
      Error);
  reading = model_reading();
  reading.raw = "\xFF";
  EXPECT_THROW((void)decode_answer(encode(Completion{1, reading, 1})), Error);
  const auto sound = encode(Completion{1, model_reading(), 1});
  for (std::size_t size = 0; size < sound.size(); ++size)
    EXPECT_THROW(
        (void)decode_answer({sound.begin(), sound.begin() + static_cast<std::ptrdiff_t>(size)}),
        Error)
        << size;
}

}  // namespace protocol_test
}  // namespace pecia::engine::protocol
