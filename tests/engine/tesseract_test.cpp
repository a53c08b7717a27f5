#include "tesseract_engine.hpp"

#include <algorithm>

#include "engine/engine_contract.hpp"
#include "pecia/engine/factory.hpp"

namespace pecia {
namespace tesseract_test {

result::Reading read_phototest(const page::Affine& to_page) {
  auto image = test::read_netpbm(std::string{PECIA_TEST_DATA} + "/engine/phototest.pbm", 300);
  image.to_page = to_page;
  engine::TesseractEngine engine{{"eng"}};
  const auto done = test::read_all(engine, {image});
  return std::get<result::Reading>(done.at(1).result);
}

std::string text_of(const result::Reading& reading, const result::Part& part) {
  return reading.text.substr(part.text_begin, part.text_end - part.text_begin);
}

TEST(TesseractEngine, MeetsTheContractInProcess) {
  engine::TesseractEngine engine{{"eng"}};
  test::meets_the_contract(engine);
  test::a_bad_page_leaves_its_neighbours_alone(engine);
}

TEST(TesseractEngine, WantsPagesAtTheirFullSize) {
  // Half the size is for measuring pages; to read them so costs words.
  EXPECT_TRUE(engine::TesseractEngine{{"eng"}}.wants({}, {}).exact);
  engine::EngineSettings settings;
  settings.languages = {"eng"};
  const auto remote = engine::make_engine(settings);
  EXPECT_TRUE(remote->wants({}, {}).exact);
  EXPECT_EQ(remote->wants({}, {}).dpi, 300);
}

TEST(TesseractEngine, ReadsWordsLinesAndBlocksInOrder) {
  const auto reading = read_phototest({});

  EXPECT_EQ(reading.text.find("This is a lot of 12 point text"), 0U) << reading.text;
  EXPECT_EQ(result::problem_of(reading), "");
  EXPECT_GT(reading.confidence, 0.8F);
  ASSERT_GE(reading.words.size(), 8U);
  const std::vector<std::string> first{"This", "is", "a", "lot", "of", "12", "point", "text"};
  for (std::size_t n = 0; n < first.size(); ++n) EXPECT_EQ(text_of(reading, reading.words[n]), first[n]);
  for (const auto& word : reading.words) {
    EXPECT_GE(word.box.x0, 0);
    EXPECT_LE(word.box.x1, 640);
    EXPECT_GE(word.box.y0, 0);
    EXPECT_LE(word.box.y1, 480);
  }
  EXPECT_LT(reading.words[0].box.x1, reading.words[1].box.x0);
  EXPECT_GE(reading.lines.size(), 6U);
  EXPECT_GE(reading.blocks.size(), 1U);
  EXPECT_EQ(text_of(reading, reading.lines[0]).find("This is a lot"), 0U);
}

TEST(TesseractEngine, GivesBoxesInPageCoordinates) {
  const auto as_read = read_phototest({});
  page::Affine doubled_and_moved;
  doubled_and_moved.m = {2, 0, 0, 2, 10, 20};
  const auto mapped = read_phototest(doubled_and_moved);

  ASSERT_EQ(as_read.words.size(), mapped.words.size());
  for (std::size_t n = 0; n < mapped.words.size(); ++n) {
    EXPECT_FLOAT_EQ(mapped.words[n].box.x0, 2 * as_read.words[n].box.x0 + 10);
    EXPECT_FLOAT_EQ(mapped.words[n].box.y1, 2 * as_read.words[n].box.y1 + 20);
  }
}

TEST(TesseractEngine, TellsABlankPageFromAPictureWithoutWords) {
  auto picture = page::make_image(600, 400, page::PixelFormat::gray8, 300);
  for (std::size_t n = 0; n < picture.pixels.size(); ++n) picture.pixels[n] = static_cast<std::byte>((n / 600) * 255 / 400);
  engine::TesseractEngine engine{{"eng"}};

  const auto done = test::read_all(engine, {test::plain_page(600, 400, 250), picture.image});

  EXPECT_TRUE(std::holds_alternative<engine::Blank>(done.at(1).result));
  EXPECT_TRUE(std::holds_alternative<result::Reading>(done.at(2).result));
}

TEST(TesseractEngine, APictureLeavesNoEmptyLines) {
  const auto text = test::text_page();
  constexpr int picture_height = 500;
  auto page = page::make_image(text.width_px, picture_height + text.height_px, page::PixelFormat::gray8, text.dpi);
  const auto row = static_cast<std::size_t>(text.width_px);
  for (std::size_t y = 0; y < picture_height; ++y) {
    for (std::size_t x = 0; x < row; ++x) {
      const bool inside = y > 60 && y < picture_height - 60 && x > row / 4 && x < row / 4 * 3;
      page.pixels[y * row + x] = static_cast<std::byte>(inside ? 40 : 255);
    }
  }
  std::ranges::copy(text.pixels, page.pixels.begin() + static_cast<std::ptrdiff_t>(picture_height * row));
  engine::TesseractEngine engine{{"eng"}};

  const auto done = test::read_all(engine, {page.image});

  const auto& reading = std::get<result::Reading>(done.at(1).result);
  EXPECT_GT(reading.words.size(), 3U);
  EXPECT_NE(reading.text.front(), '\n') << reading.text;
  for (const auto* parts : {&reading.lines, &reading.words}) {
    for (const auto& part : *parts)
      EXPECT_NE(text_of(reading, part).find_first_not_of(' '), std::string::npos) << reading.text;
  }
  for (const auto& block : reading.blocks) {
    EXPECT_NE(text_of(reading, block).find_first_not_of(' '), std::string::npos) << reading.text;
    EXPECT_TRUE(block.label.empty() && block.kind == result::BlockKind::text);
  }
}

TEST(TesseractEngine, ReadsEveryPixelFormatAlike) {
  const auto gray = test::text_page();
  auto color = page::make_image(gray.width_px, gray.height_px, page::PixelFormat::rgb8, gray.dpi);
  for (std::size_t n = 0; n < gray.pixels.size(); ++n) {
    for (std::size_t channel = 0; channel < 3; ++channel) color.pixels[3 * n + channel] = gray.pixels[n];
  }
  engine::TesseractEngine engine{{"eng"}};
  const auto done = test::read_all(engine, {gray, color.image});
  EXPECT_EQ(test::text_of(done.at(1)), test::text_of(done.at(2)));
}

}  // namespace tesseract_test
}  // namespace pecia
