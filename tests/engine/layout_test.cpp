#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "engine/engine_contract.hpp"
#include "tesseract/page_layout.hpp"
#include "tesseract/page_parts.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/skew.hpp"
#include "tesseract/transforms.hpp"
#include "tesseract_engine.hpp"

namespace pecia {
namespace layout_test {

using engine::Area;
using engine::PixPointer;

constexpr int paper = 235, black = 25;

PixPointer sheet(int width, int height, int level = paper) {
  PixPointer pix{pixCreate(width, height, 8)};
  pixSetAllArbitrary(pix.get(), static_cast<l_uint32>(level));
  return pix;
}

void fill(Pix* pix, const Area& area, int level) {
  for (int y = area.y0; y < area.y1; ++y) {
    for (int x = area.x0; x < area.x1; ++x) pixSetPixel(pix, x, y, static_cast<l_uint32>(level));
  }
}

/// Lines of marks of the size of letters, with spaces between some of them.
void write_lines(Pix* pix, const Area& area, int level = black, int pitch = 24) {
  for (int y = area.y0; y + 12 < area.y1; y += pitch) {
    int mark = y;
    for (int x = area.x0; x + 7 < area.x1; x += 10, ++mark) {
      if (mark % 6 == 5) continue;
      fill(pix, {x, y + (mark % 3 == 0 ? 0 : 4), x + 7, y + 12}, level);
    }
  }
}

/// Of a reduced page, 1,240 x 877: two pages of a book at 75 dots an inch.
PixPointer two_up() {
  auto pix = sheet(1240, 877);
  write_lines(pix.get(), {80, 90, 560, 800});
  write_lines(pix.get(), {680, 100, 1160, 800});
  return pix;
}

std::optional<engine::Gutter> gutter(const PixPointer& pix, bool scanned = true) {
  return engine::gutter_of(pix.get(), {0, 0, pixGetWidth(pix.get()), pixGetHeight(pix.get())},
                           scanned);
}

TEST(Borders, ThatAreDarkAreCutOff) {
  auto pix = sheet(600, 900);
  write_lines(pix.get(), {90, 100, 520, 800});
  fill(pix.get(), {0, 0, 50, 900}, 10);
  fill(pix.get(), {0, 860, 600, 900}, 10);

  EXPECT_EQ(engine::page_area(pix.get()), (Area{50, 0, 600, 860}));
}

TEST(Borders, ThatSlantAreCutOffAsFarAsThereIsNoInk) {
  auto pix = sheet(600, 900);
  write_lines(pix.get(), {90, 100, 520, 800});
  for (int y = 0; y < 900; ++y) fill(pix.get(), {0, y, 30 + y / 30, y + 1}, 10);

  const auto area = engine::page_area(pix.get());

  EXPECT_GE(area.x0, 55);
  EXPECT_LE(area.x0, 90);
  EXPECT_EQ((Area{0, area.y0, area.x1, area.y1}), (Area{0, 0, 600, 900}));
}

TEST(Borders, AreNotCutWhereTextStandsInThemOrTheyAreAPicture) {
  auto title = sheet(600, 900);
  fill(title.get(), {0, 0, 600, 60}, black);
  write_lines(title.get(), {40, 20, 560, 60}, paper);
  write_lines(title.get(), {40, 100, 560, 800});
  EXPECT_EQ(engine::page_area(title.get()), (Area{0, 0, 600, 900}));

  auto picture = sheet(600, 900);
  fill(picture.get(), {0, 0, 600, 400}, black);
  write_lines(picture.get(), {40, 450, 560, 800});
  EXPECT_EQ(engine::page_area(picture.get()), (Area{0, 0, 600, 900}));

  auto negative = sheet(600, 900, 20);
  write_lines(negative.get(), {40, 100, 560, 800}, paper);
  EXPECT_EQ(engine::page_area(negative.get()), (Area{0, 0, 600, 900}));

  auto text_at_the_edge = sheet(600, 900);
  write_lines(text_at_the_edge.get(), {0, 100, 560, 800});
  EXPECT_EQ(engine::page_area(text_at_the_edge.get()), (Area{0, 0, 600, 900}));
}

TEST(Gutter, OfATwoUpScanIsFound) {
  const auto found = gutter(two_up());
  ASSERT_TRUE(found);
  EXPECT_GT(found->x, 560);
  EXPECT_LT(found->x, 680);
}

TEST(Gutter, IsFoundByItsShadowWhereItIsNarrow) {
  auto pix = sheet(1240, 877);
  write_lines(pix.get(), {80, 90, 590, 800});
  write_lines(pix.get(), {645, 100, 1160, 800});
  EXPECT_FALSE(gutter(pix));
  for (int x = 600; x < 640; ++x) {
    for (int y = 0; y < 877; ++y) {
      l_uint32 level = 0;
      pixGetPixel(pix.get(), x, y, &level);
      pixSetPixel(pix.get(), x, y, level * static_cast<l_uint32>(50 + 2 * std::abs(x - 620)) / 100);
    }
  }

  const auto found = gutter(pix);

  ASSERT_TRUE(found);
  EXPECT_NEAR(found->x, 620, 6);
  EXPECT_TRUE(gutter(pix, false)) << "a fold is a fold in a PDF of several layers, too";
}

TEST(Gutter, IsNotSeenInOnePage) {
  const auto none = [](const char* what, const std::function<void(Pix*)>& draw, int width = 1240,
                       int height = 877) {
    const auto pix = sheet(width, height);
    draw(pix.get());
    EXPECT_FALSE(gutter(pix)) << what;
  };
  none(
      "upright, two columns",
      [](Pix* pix) {
        write_lines(pix, {60, 60, 380, 1100});
        write_lines(pix, {480, 60, 800, 1100});
      },
      860, 1200);
  none("columns under a heading", [](Pix* pix) {
    write_lines(pix, {300, 40, 900, 60});
    write_lines(pix, {60, 120, 570, 800});
    write_lines(pix, {670, 120, 1180, 800});
  });
  none("two columns", [](Pix* pix) {
    write_lines(pix, {60, 60, 600, 800});
    write_lines(pix, {645, 60, 1180, 800});
  });
  none("a table", [](Pix* pix) {
    for (int column = 0; column < 6; ++column)
      write_lines(pix, {60 + 195 * column, 60, 155 + 195 * column, 800}, black, 40);
  });
  none("a table of two columns with a rule", [](Pix* pix) {
    write_lines(pix, {60, 60, 605, 800});
    write_lines(pix, {635, 60, 1180, 800});
    fill(pix, {619, 20, 621, 850}, black);
  });
  none("an empty side", [](Pix* pix) { write_lines(pix, {60, 60, 560, 800}); });
  none("a picture beside a text", [](Pix* pix) {
    write_lines(pix, {60, 60, 560, 800});
    fill(pix, {680, 100, 1180, 700}, 120);
  });
  none("an empty page", [](Pix*) {});
  const auto born_digital = two_up();
  EXPECT_FALSE(gutter(born_digital, false)) << "without a fold, what is no scan is one page";
}

/// Where a mark is after a change, and where that place was before.
void expect_mark_kept(const std::function<engine::Moved(Pix*)>& change) {
  auto pix = sheet(200, 120);
  fill(pix.get(), {149, 29, 152, 32}, 0);  // its middle: 150.5, 30.5
  const auto moved = change(pix.get());
  double sum_x = 0, sum_y = 0, sum = 0;
  for (int y = 0; y < pixGetHeight(moved.pix.get()); ++y) {
    for (int x = 0; x < pixGetWidth(moved.pix.get()); ++x) {
      l_uint32 level = 0;
      pixGetPixel(moved.pix.get(), x, y, &level);
      const double dark = level < 200 ? 255.0 - level : 0;
      sum_x += dark * (x + 0.5);
      sum_y += dark * (y + 0.5);
      sum += dark;
    }
  }
  ASSERT_GT(sum, 0);
  const auto& m = moved.to_before.m;
  const double x = sum_x / sum, y = sum_y / sum;
  EXPECT_NEAR(m[0] * x + m[2] * y + m[4], 150.5, 0.7);
  EXPECT_NEAR(m[1] * x + m[3] * y + m[5], 30.5, 0.7);
}

TEST(Transforms, LeadBackToWhereAPixelWas) {
  for (const int quarters : {0, 1, 2, 3})
    expect_mark_kept([&](Pix* pix) { return engine::turned_quarters(pix, quarters); });
  for (const double degrees : {-9.0, -1.5, 0.7, 4.0, 10.0})
    expect_mark_kept([&](Pix* pix) { return engine::turned(pix, degrees); });
  expect_mark_kept([](Pix* pix) { return engine::cut_out(pix, 100, 10, 180, 90); });
  expect_mark_kept([](Pix* pix) {
    auto first = engine::turned(pix, 5);
    auto second = engine::turned_quarters(first.pix.get(), 1);
    second.to_before = engine::composed(first.to_before, second.to_before);
    return second;
  });
}

TEST(Skew, IsMeasured) {
  auto page = sheet(900, 1200);
  write_lines(page.get(), {100, 100, 800, 1100});
  for (const double degrees : {0.0, 0.8, -2.5, 6.0, -9.0}) {
    const auto pix = engine::turned(page.get(), -degrees);
    const auto skew = engine::skew_of(pix.pix.get());
    EXPECT_TRUE(skew.sure) << degrees;
    EXPECT_NEAR(skew.degrees, degrees, 0.2);
  }
  EXPECT_FALSE(engine::skew_of(sheet(900, 1200).get()).sure);
}

result::Reading reading_of(const std::string& word, float confidence) {
  result::Reading reading;
  reading.text = word + "\n";
  reading.confidence = confidence;
  const result::Part part{{0, 0, 10, 10}, 0, static_cast<std::uint32_t>(word.size()), confidence};
  reading.blocks.push_back({part});
  reading.lines.push_back(part);
  reading.words.push_back(part);
  reading.steps.push_back({"split", word, std::nullopt});
  return reading;
}

TEST(JoinedReadings, HaveTheirTextsOneAfterTheOther) {
  const auto all = engine::joined({reading_of("left", 0.5F), {}, reading_of("rightside", 0.9F)});

  EXPECT_EQ(all.text, "left\n\nrightside\n");
  EXPECT_EQ(result::problem_of(all), "");
  ASSERT_EQ(all.words.size(), 2U);
  EXPECT_EQ(
      all.text.substr(all.words[1].text_begin, all.words[1].text_end - all.words[1].text_begin),
      "rightside");
  EXPECT_EQ(all.blocks[1].text_begin, 6U);
  EXPECT_NEAR(all.confidence, (4 * 0.5 + 9 * 0.9) / 13, 1e-5);
  EXPECT_EQ(all.steps.size(), 2U);
}

// ---- real pages, as the engine reads them

page::Image phototest() {
  return test::read_netpbm(std::string{PECIA_TEST_DATA} + "/engine/phototest.pbm", 300);
}

page::Image image_of(Pix* pix) {
  auto made = page::make_image(pixGetWidth(pix), pixGetHeight(pix), page::PixelFormat::gray8, 300);
  for (int y = 0; y < made.image.height_px; ++y) {
    for (int x = 0; x < made.image.width_px; ++x) {
      l_uint32 level = 0;
      pixGetPixel(pix, x, y, &level);
      made.pixels[static_cast<std::size_t>(y) * made.image.stride_bytes +
                  static_cast<std::size_t>(x)] = static_cast<std::byte>(level);
    }
  }
  made.image.embedded = true;
  return made.image;
}

result::Reading read(const page::Image& image, const engine::ReadOptions& options) {
  engine::TesseractEngine tesseract{{"eng"}};
  tesseract.submit(1, tesseract.prepare(image, options));
  return std::get<result::Reading>(tesseract.step(std::chrono::milliseconds{0}).at(0).result);
}

std::string text_of(const result::Reading& reading, const result::Part& part) {
  return reading.text.substr(part.text_begin, part.text_end - part.text_begin);
}

PixPointer gray_phototest() {
  return PixPointer{pixConvertTo8(engine::to_pix(phototest()).get(), 0)};
}

/// Every word of `reading` that `straight` has once, too, lies where that has it, after
/// `to_straight`.
void expect_words_in_place(const result::Reading& reading, const result::Reading& straight,
                           const page::Affine& to_straight) {
  int compared = 0;
  for (const auto& word : reading.words) {
    const auto text = text_of(reading, word);
    const result::Part* same = nullptr;
    int count = 0;
    for (const auto& other : straight.words) {
      if (text_of(straight, other) == text) same = &other, ++count;
    }
    if (count != 1) continue;
    const double x = (word.box.x0 + word.box.x1) / 2.0, y = (word.box.y0 + word.box.y1) / 2.0;
    const auto& m = to_straight.m;
    EXPECT_NEAR(m[0] * x + m[2] * y + m[4], (same->box.x0 + same->box.x1) / 2.0, 5) << text;
    EXPECT_NEAR(m[1] * x + m[3] * y + m[5], (same->box.y0 + same->box.y1) / 2.0, 5) << text;
    ++compared;
  }
  EXPECT_GT(compared, 5);
}

TEST(TesseractEngine, LevelsASkewedPageAndBoxesStayOnIt) {
  const auto skewed = engine::turned(gray_phototest().get(), 4);

  const auto reading = read(image_of(skewed.pix.get()), test::english());

  EXPECT_NE(reading.text.find("This is a lot of 12 point text"), std::string::npos) << reading.text;
  ASSERT_EQ(reading.steps.size(), 1U);
  EXPECT_EQ(reading.steps[0].what, "deskew");
  ASSERT_TRUE(reading.steps[0].to_page);
  expect_words_in_place(reading, read(phototest(), test::english()), skewed.to_before);
}

TEST(TesseractEngine, TurnsAPageUprightInASecondReadingOnly) {
  const auto upside_down = engine::turned_quarters(gray_phototest().get(), 2);
  auto options = test::english();
  EXPECT_TRUE(read(image_of(upside_down.pix.get()), options).steps.empty());
  options.reading = 1;

  const auto reading = read(image_of(upside_down.pix.get()), options);

  EXPECT_NE(reading.text.find("This is a lot of 12 point text"), std::string::npos) << reading.text;
  ASSERT_GE(reading.steps.size(), 1U);
  EXPECT_EQ(reading.steps[0].what, "orientation");
  EXPECT_EQ(reading.steps[0].detail.find("turned clockwise by 180 degrees"), 0U)
      << reading.steps[0].detail;
  expect_words_in_place(reading, read(phototest(), test::english()), upside_down.to_before);
}

TEST(TesseractEngine, ReadsATwoUpScanAsTwoPages) {
  const auto page = gray_phototest();
  auto both = sheet(1320, 700, 255);
  pixRasterop(both.get(), 0, 100, 640, 480, PIX_SRC, page.get(), 0, 0);
  pixRasterop(both.get(), 680, 110, 640, 480, PIX_SRC, page.get(), 0, 0);
  auto options = test::english();
  options.split = true;

  const auto reading = read(image_of(both.get()), options);

  const auto first = reading.text.find("This is a lot of 12 point text");
  const auto end = reading.text.find("lazy fox", first);
  const auto second = reading.text.find("This is a lot of 12 point text", first + 1);
  EXPECT_EQ(first, 0U) << reading.text;
  EXPECT_NE(second, std::string::npos);
  EXPECT_LT(end, second) << "the left page is read to its end first";
  EXPECT_EQ(result::problem_of(reading), "");
  ASSERT_EQ(reading.steps.size(), 2U);
  EXPECT_EQ(reading.steps[0].what, "split");
  EXPECT_EQ(reading.steps[0].detail.find("left page"), 0U);
  EXPECT_EQ(reading.steps[1].detail.find("right page"), 0U);
  for (const auto& word : reading.words)
    EXPECT_EQ(word.box.x0 < 660, word.text_begin < second) << text_of(reading, word);
  options.split = false;
  EXPECT_TRUE(read(image_of(both.get()), options).steps.empty());
}

std::vector<std::string> details_of(const result::Reading& reading, const std::string& what) {
  std::vector<std::string> details;
  for (const auto& step : reading.steps) {
    if (step.what == what) details.push_back(step.detail.substr(0, step.detail.find(", confidence")));
  }
  return details;
}

TEST(TesseractEngine, ReadsBothPagesOfATurnedTwoUpScanAlikeAndInAnotherWayTheNextTime) {
  const auto page = gray_phototest();
  auto both = sheet(1320, 700, 255);
  pixRasterop(both.get(), 0, 100, 640, 480, PIX_SRC, page.get(), 0, 0);
  pixRasterop(both.get(), 680, 110, 640, 480, PIX_SRC, page.get(), 0, 0);
  const auto image = image_of(engine::turned_quarters(both.get(), 2).pix.get());
  auto options = test::english();
  options.split = true;
  std::vector<std::string> ways;
  for (options.reading = 1; options.reading <= 2; ++options.reading) {
    const auto reading = read(image, options);
    ASSERT_EQ(details_of(reading, "split").size(), 2U);
    const auto found = details_of(reading, "reading");
    ASSERT_EQ(found.size(), 2U);
    EXPECT_NE(found[0].find("turned upright"), std::string::npos) << found[0];
    EXPECT_EQ(found[0], found[1]);
    ways.push_back(found[0]);
  }
  EXPECT_NE(ways[0], ways[1]);
}

TEST(TesseractEngine, LevelsNoPageBeyondTheLongestSideThatTesseractReads) {
  const auto tall = sheet(250, 2020);
  write_lines(tall.get(), {10, 20, 240, 2000});
  const auto skewed = engine::turned(tall.get(), -3);
  const PixPointer strip{pixExpandReplicate(skewed.pix.get(), 16)};
  ASSERT_LE(pixGetHeight(strip.get()), 32767);
  ASSERT_TRUE(engine::skew_of(engine::reduced(strip.get(), 1800).gray.get()).sure);
  page::Image image;
  image.width_px = pixGetWidth(strip.get());
  image.height_px = pixGetHeight(strip.get());
  engine::Orienting orienting{""};
  const auto parts = engine::parts_of(PixPointer{pixClone(strip.get())}, image, test::english(), orienting);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(parts[0].steps.empty());
  EXPECT_EQ(pixGetHeight(parts[0].pix.get()), image.height_px);
}

TEST(TesseractEngine, LeavesSmallPagesAndBordersOfThemAlone) {
  auto pix = sheet(900, 590);
  write_lines(pix.get(), {60, 60, 380, 560});
  write_lines(pix.get(), {520, 60, 840, 560});
  engine::Orienting orienting{""};
  auto options = test::english();
  options.split = true;
  const auto image = image_of(pix.get());
  EXPECT_EQ(engine::parts_of(engine::to_pix(image), image, options, orienting).size(), 1U);
  auto larger = sheet(900, 610);
  pixRasterop(larger.get(), 0, 0, 900, 590, PIX_SRC, pix.get(), 0, 0);
  const auto large = image_of(larger.get());
  EXPECT_EQ(engine::parts_of(engine::to_pix(large), large, options, orienting).size(), 2U);
}

TEST(TesseractEngine, HasNoBordersWhereTheSizeIsNoMultipleOfTheReducedOne) {
  const PixPointer pix{pixCreate(2550, 3301, 1)};
  for (int y = 300; y < 3000; y += 90)
    pixRasterop(pix.get(), 300, y, 1900, 30, PIX_SET, nullptr, 0, 0);
  auto made = page::make_image(2550, 3301, page::PixelFormat::gray1, 300);
  engine::Orienting orienting{""};
  auto options = test::english();
  options.split = true;
  const auto parts =
      engine::parts_of(PixPointer{pixClone(pix.get())}, made.image, options, orienting);
  ASSERT_EQ(parts.size(), 1U);
  EXPECT_TRUE(parts[0].steps.empty());
  EXPECT_EQ(pixGetWidth(parts[0].pix.get()), 2550);
}

TEST(Orienting, WithoutTheModelGoesByTheLetters) {
  engine::Orienting orienting{"/nowhere"};
  const auto page = gray_phototest();
  for (int quarters = 0; quarters < 4; ++quarters) {
    const auto pix = engine::turned_quarters(page.get(), quarters);
    const auto found = orienting.of(pix.pix.get(), 300);
    EXPECT_TRUE(found.sure) << quarters << ": " << found.evidence;
    EXPECT_EQ(found.quarters, (4 - quarters) % 4) << found.evidence;
  }
  EXPECT_FALSE(orienting.of(sheet(900, 1200).get(), 300).sure);
}

}  // namespace layout_test
}  // namespace pecia
