#include "output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace output_test {

using result::BlockKind;
using result::FinishReason;

constexpr std::int32_t eos = 1;

const Tokenizer& tokenizer() {
  static const auto made =
      Tokenizer::load(std::string{PECIA_TEST_DATA} + "/deepseek/reader/checkpoint/tokenizer.json");
  return made;
}

page::Image raster(int width_px, int height_px) {
  page::Image image;
  image.width_px = width_px;
  image.height_px = height_px;
  return image;
}

/// `text` as the model might say it, every token with the same probability.
Generated said(const std::string& text, float log_probability = -0.5F) {
  Generated generated;
  generated.ids = tokenizer().encode(text);
  generated.ids.push_back(eos);
  generated.log_probabilities.assign(generated.ids.size(), log_probability);
  return generated;
}

std::string tag(const std::string& label, const std::string& boxes) {
  return "<|ref|>" + label + "<|/ref|><|det|>" + boxes + "<|/det|>";
}

void expect_box(const result::Box& box, float x0, float y0, float x1, float y1) {
  EXPECT_NEAR(box.x0, x0, .01);
  EXPECT_NEAR(box.y0, y0, .01);
  EXPECT_NEAR(box.x1, x1, .01);
  EXPECT_NEAR(box.y1, y1, .01);
}

TEST(Output, OfTheReaderComesWithItsTagsAndItsText) {
  std::ifstream file{std::string{PECIA_TEST_DATA} + "/deepseek/reader/expected.jsonl"};
  int rows = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const auto row = nlohmann::json::parse(line);
    Generated generated;
    generated.ids = row.at("ids").get<std::vector<std::int32_t>>();
    generated.log_probabilities.assign(generated.ids.size(), -0.1F);
    const auto image = raster(row.at("width"), row.at("height"));
    const auto reading = to_reading(generated, tokenizer(), eos, image, false);
    EXPECT_EQ(reading.raw, row.at("text"));
    EXPECT_EQ(reading.ids, generated.ids);
    EXPECT_EQ(reading.finish_reason, FinishReason::stop);
    EXPECT_EQ(result::problem_of(reading), "") << line;
    EXPECT_EQ(reading.text.find("<|"), std::string::npos);
    for (const auto& block : reading.blocks) {
      EXPECT_LE(block.box.x1, static_cast<float>(image.width_px));
      EXPECT_LE(block.box.y1, static_cast<float>(image.height_px));
    }
  }
  EXPECT_EQ(rows, 60);
}

TEST(Output, HasBoxesInPageCoordinates) {
  auto image = raster(500, 999);
  image.to_page.m = {2, 0, 0, 2, 10, 20};
  const auto reading = to_reading(said(tag("text", "[[0, 0, 999, 999]]") + "\n1\n\n" +
                                       tag("image", "[[0, 100, 333, 200], [666, 300, 999, 400]]")),
                                  tokenizer(), eos, image, false);
  ASSERT_EQ(reading.blocks.size(), 2U);
  expect_box(reading.blocks[0].box, 10, 20, 1010, 2018);
  EXPECT_TRUE(reading.blocks[0].boxes.empty());
  const auto& picture = reading.blocks[1];
  EXPECT_EQ(picture.kind, BlockKind::image);
  EXPECT_EQ(picture.text_begin, picture.text_end);
  ASSERT_EQ(picture.boxes.size(), 2U);
  expect_box(picture.boxes[1], 10 + 2 * 500 * 666 / 999.0F, 620, 1010, 820);
  expect_box(picture.box, 10, 220, 1010, 820);
}

// The model saw the page turned clockwise: its top left corner was the page's bottom left one.
TEST(Output, OfAPageThatWasTurnedIsTurnedBack) {
  const auto reading = to_reading(said(tag("text", "[[0, 0, 333, 666]]") + "\n1"), tokenizer(), eos,
                                  raster(300, 900), true);
  expect_box(reading.blocks.at(0).box, 0, 600, 200, 900);
}

TEST(Output, KindsComeFromLabels) {
  for (const auto& [label, kind] : {std::pair{"text", BlockKind::text},
                                    {"title", BlockKind::text},
                                    {"table", BlockKind::table},
                                    {"equation", BlockKind::formula},
                                    {"image", BlockKind::image},
                                    {"image_caption", BlockKind::text}}) {
    const auto reading = to_reading(said(tag(label, "[[1, 2, 3, 4]]") + "\n1"), tokenizer(), eos,
                                    raster(100, 100), false);
    EXPECT_EQ(reading.blocks.at(0).kind, kind) << label;
    EXPECT_EQ(reading.blocks.at(0).label, label);
  }
}

TEST(Output, ConfidenceIsThatOfTheTokensOfItsText) {
  auto generated = said(
      tag("text", "[[1, 2, 3, 4]]") + "\n12\n\n" + tag("text", "[[1, 2, 3, 4]]") + "\n345678\n\n",
      0);
  // Digits are tokens of their own; the last of each kind in the output are those of the text.
  const auto set = [&](const std::string& digits, float log_probability) {
    for (const char digit : digits) {
      const auto id = tokenizer().encode(std::string(1, digit)).at(0);
      for (auto n = generated.ids.size(); n-- > 0;) {
        if (generated.ids[n] != id) continue;
        generated.log_probabilities[n] = log_probability;
        break;
      }
    }
  };
  set("5678", -1);
  const auto reading = to_reading(generated, tokenizer(), eos, raster(100, 100), false);
  ASSERT_EQ(reading.blocks.size(), 2U);
  EXPECT_FLOAT_EQ(reading.blocks[0].confidence, 1);
  EXPECT_NEAR(reading.blocks[1].confidence, std::exp(-4 / 6.0), 1e-5);
  EXPECT_NEAR(reading.confidence, (2 + 6 * std::exp(-4 / 6.0)) / 8, 1e-5);
}

TEST(Output, WithoutMarkupHasTheConfidenceOfAllTokens) {
  const auto reading =
      to_reading(said("123\n45", -0.25F), tokenizer(), eos, raster(100, 100), false);
  EXPECT_EQ(reading.text, "123\n45");
  EXPECT_TRUE(reading.blocks.empty());
  EXPECT_NEAR(reading.confidence, std::exp(-0.25), 1e-5);
}

TEST(Output, OfProbabilitiesThatAreNoneIsStillSound) {
  for (const float value : {NAN, -INFINITY, INFINITY, 3.0F}) {
    const auto reading = to_reading(said(tag("text", "[[1, 2, 3, 4]]") + "\n1", value), tokenizer(),
                                    eos, raster(100, 100), false);
    EXPECT_EQ(result::problem_of(reading), "") << value;
  }
  auto generated = said("1");
  generated.log_probabilities.pop_back();
  EXPECT_THROW((void)to_reading(generated, tokenizer(), eos, raster(1, 1), false), Error);
}

TEST(Output, CutOffWithinACharacterIsUtf8) {
  auto generated = said("1ß");
  generated.ids.resize(generated.ids.size() - 2);  // the end, and half of it
  generated.log_probabilities.resize(generated.ids.size());
  generated.finish_reason = FinishReason::length;
  const auto reading = to_reading(generated, tokenizer(), eos, raster(100, 100), false);
  EXPECT_EQ(reading.text, "1\xEF\xBF\xBD");
  EXPECT_EQ(reading.finish_reason, FinishReason::length);
  EXPECT_EQ(result::problem_of(reading), "");
}

TEST(Output, OfNothingIsEmpty) {
  const auto reading = to_reading(said(""), tokenizer(), eos, raster(100, 100), false);
  EXPECT_EQ(reading.text, "");
  EXPECT_EQ(reading.confidence, 0);
}

}  // namespace output_test
}  // namespace pecia::engine::deepseek
