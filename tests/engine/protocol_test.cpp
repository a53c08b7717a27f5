#include "protocol.hpp"

#include <gtest/gtest.h>

namespace pecia::engine::protocol {
namespace {

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

TEST(Protocol, CarriesHowAPageIsRead) {
  Read read;
  read.ticket = 3;
  read.options.languages = {"deu"};
  read.options.prompt = "plain";
  read.options.rung = Rung::rotated;
  read.image = page::make_image(3, 2, page::PixelFormat::gray8, 300).image;
  const auto back = decode_read(encode(read));
  EXPECT_EQ(back.options.prompt, "plain");
  EXPECT_EQ(back.options.rung, Rung::rotated);
  EXPECT_EQ(back.options.languages, read.options.languages);
  read.options.rung = Rung::fallback;  // of the ladder's end no engine is told
  EXPECT_THROW((void)decode_read(encode(read)), Error);
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

}  // namespace
}  // namespace pecia::engine::protocol
