#include "density.hpp"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "page/reader_fixture.hpp"
#include "pecia/base/error.hpp"
#include "protocol.hpp"
#include "support/confined.hpp"

namespace pecia::page {
namespace density_test {

using namespace test;

using Inked = std::function<bool(int x, int y)>;

Raster drawn(int width_px, int height_px, const Inked& is_ink, PixelFormat format, int ink = 20,
             int paper = 240) {
  auto raster = make_raster(width_px, height_px, format, 1'000'000'000);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      const auto level = static_cast<std::byte>(is_ink(x, y) ? ink : paper);
      switch (format) {
        case PixelFormat::gray1:
          if (is_ink(x, y)) raster.row(y)[x / 8] |= std::byte{0x80} >> (x % 8);
          break;
        case PixelFormat::gray8:
          raster.row(y)[x] = level;
          break;
        case PixelFormat::rgb8:
          std::fill_n(raster.row(y) + 3 * x, 3, level);
          break;
      }
    }
  }
  return raster;
}

const auto all_formats = {PixelFormat::gray1, PixelFormat::gray8, PixelFormat::rgb8};

/// Vertical bars of 8 pixels every 20, from 10 on, on rows 100 to 299.
bool stripes(int x, int y) { return y >= 100 && y < 300 && x >= 10 && (x - 10) % 20 < 8; }
/// Boxes of 12 x 24 in a grid: 20 a line in 10 lines.
bool letters(int x, int y) {
  return x >= 40 && x < 640 && y >= 40 && y < 640 && (x - 40) % 30 < 12 && (y - 40) % 60 < 24;
}
bool nothing(int, int) { return false; }

TEST(Density, CountsStripesAlongRows) {
  for (const auto format : all_formats) {
    const auto found = measure(drawn(411, 400, stripes, format));
    EXPECT_EQ(found.transitions, 20 * 100) << "20 stripes; half of 200 rows";
    EXPECT_NEAR(found.coverage, 20.0 * 8 * 200 / (411.0 * 400), .002);
    EXPECT_EQ(found.components, 0) << "too high for letters";
  }
}

TEST(Density, CountsWhatHasTheSizeOfLetters) {
  for (const auto format : all_formats) {
    const auto found = measure(drawn(700, 700, letters, format));
    EXPECT_EQ(found.components, 200);
    EXPECT_EQ(found.transitions, 20 * 10 * 12);
  }
}

TEST(Density, OfABlankPageIsNone) {
  for (const auto format : all_formats) {
    for (const int paper : {255, 128, 0}) {
      const auto found = measure(drawn(333, 201, nothing, format, 0, paper));
      EXPECT_EQ(found.transitions, 0) << paper;
      EXPECT_EQ(found.components, 0);
      EXPECT_EQ(found.coverage, 0);
    }
  }
}

TEST(Density, TakesAPageThatIsHalvedAlreadyAsItIs) {
  const auto whole = drawn(700, 700, letters, PixelFormat::gray8);
  const auto half = halved(whole);
  EXPECT_EQ(half.reduction, 2);
  EXPECT_EQ(half.width_px, 350);
  EXPECT_EQ(measure(half).transitions, measure(whole).transitions);
}

TEST(Density, CountsNoStainAndNoShadow) {
  auto page = drawn(700, 700, letters, PixelFormat::gray8);
  for (int y = 0; y < 700; ++y) {
    for (int x = 0; x < 700; ++x)  // ever darker to the right
      page.row(y)[x] =
          static_cast<std::byte>(std::to_integer<int>(page.row(y)[x]) * (1000 - x) / 1000);
  }
  EXPECT_EQ(measure(page).components, 200);
}

TEST(Density, CountsWhatTouchesAtACornerAsOne) {
  const auto steps = [](int x, int y) { return x / 16 == y / 16 && x < 64; };
  EXPECT_EQ(measure(drawn(200, 200, steps, PixelFormat::gray1)).components, 1);
  const auto cup = [](int x, int y) {  // two strokes that meet below
    return y >= 20 && y < 60 &&
           ((x >= 20 && x < 28) || (x >= 52 && x < 60) || (y >= 52 && x >= 20 && x < 60));
  };
  EXPECT_EQ(measure(drawn(200, 200, cup, PixelFormat::gray1)).components, 1);
}

TEST(Density, OfTheSmallestPagesIsDefined) {
  for (const auto format : all_formats) {
    EXPECT_EQ(measure(drawn(1, 1, nothing, format)).transitions, 0);
    EXPECT_EQ(measure(drawn(1, 9, nothing, format)).transitions, 0);
    EXPECT_EQ(measure(drawn(9, 1, nothing, format)).transitions, 0);
  }
  EXPECT_EQ(measure(drawn(
                        1, 1, [](int, int) { return true; }, PixelFormat::gray1))
                .coverage,
            1);
}

// ---- through pecia-page

class MeasuringTest : public test::PageReaderTest {
 protected:
  Density measured(const Source& from, std::uint32_t page = 1) {
    const auto found = reader_.measure(from, page);
    if (const auto* failure = std::get_if<Failure>(&found)) {
      ADD_FAILURE() << from.file << ": " << failure->detail;
      return {};
    }
    return std::get<Density>(found);
  }
  /// The L of made_documents.hpp at half size: 13 rows with one black run, in any turn 3 to 16.
  static void expect_the_picture(const Density& density) {
    EXPECT_EQ(density.transitions, 13);
    EXPECT_EQ(density.components, 1);
    EXPECT_NEAR(density.coverage, .146, .02);
  }
};

TEST_F(MeasuringTest, FindsTheSameInEveryCoding) {
  expect_the_picture(measured(source("a.jpg", make_jpeg(1))));
  expect_the_picture(measured(source("b.jpg", make_jpeg(3))));
  expect_the_picture(measured(source("c.jpg", make_jpeg(4))));
  write_png(folder_.path() / "gray.png", PNG_COLOR_TYPE_GRAY, 8);
  write_png(folder_.path() / "bits.png", PNG_COLOR_TYPE_GRAY, 1);
  expect_the_picture(measured(source("gray.png")));
  expect_the_picture(measured(source("bits.png")));
  expect_the_picture(measured(source("jpeg.pdf", page_with(gray_jpeg, make_jpeg(1)))));
}

TEST_F(MeasuringTest, ReachesEveryPageOfATiff) {
  TiffOptions options{COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISWHITE, 1};
  options.pages = 3;
  write_tiff(folder_.path() / "three.tif", options);
  for (const std::uint32_t page : {3U, 1U, 2U})
    expect_the_picture(measured(source("three.tif"), page));
}

TEST_F(MeasuringTest, RasterisesAPageThatIsNoImage) {
  // 120 x 80 points at half of 300 dpi are 250 x 166 pixels; the bar is 50 of them high.
  const auto bar =
      measured(source("bar.pdf", PdfBuilder{}.finish(media, "0 g 30 28 20 24 re f\n", "")));
  EXPECT_NEAR(bar.transitions, 50, 2);
  EXPECT_EQ(bar.components, 1);
}

TEST_F(MeasuringTest, OfWhatCannotBeReadIsAFailure) {
  EXPECT_TRUE(std::holds_alternative<Failure>(
      reader_.measure(source("cut.jpg", make_jpeg(1).substr(0, 300)), 1)));
  EXPECT_TRUE(std::holds_alternative<Failure>(reader_.measure(source("none.jpg"), 1)));
  EXPECT_TRUE(std::holds_alternative<Failure>(reader_.measure(source("a.jpg", make_jpeg(1)), 2)));
}

TEST_F(MeasuringTest, APageThatTheChildDoesNotSurviveCostsTheNextOneNothing) {
  Limits limits;
  limits.wall_s = 5;
  Reader reader{limits};
  const auto jpeg = source("a.jpg", make_jpeg(1));
  ASSERT_TRUE(std::holds_alternative<Density>(reader.measure(jpeg, 1)));
  test::stop_process(reader.child_pid());

  const auto hung = reader.measure(jpeg, 1);
  const auto next = reader.measure(jpeg, 1);

  ASSERT_TRUE(std::holds_alternative<Failure>(hung));
  EXPECT_TRUE(std::get<Failure>(hung).retriable);
  EXPECT_TRUE(std::holds_alternative<Density>(next));
}

TEST(DensityProtocol, RefusesNonsense) {
  const auto round = [](const Density& density) {
    return std::get<Density>(protocol::decode_answer(protocol::encode(protocol::Answer{density})));
  };
  EXPECT_EQ(round({81'234, 1'700, .25F}).components, 1'700);
  EXPECT_THROW((void)round({-1, 0, 0}), Error);
  EXPECT_THROW((void)round({0, std::numeric_limits<float>::quiet_NaN(), 0}), Error);
  EXPECT_THROW((void)round({0, 0, 1.5F}), Error);
}

}  // namespace density_test
}  // namespace pecia::page
