#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <map>

#include "engine/deepseek/ppm.hpp"
#include "page/reader_fixture.hpp"

// The images that DeepSeek-OCR-2's golden values are made from, decoded here and by Pillow, with
// which the reference decodes. Where the two differ, this room is right, or as right.
namespace pecia::page {
namespace reference_test {

using namespace test;

/// How a page may differ from Pillow's.
enum class Difference {
  none,
  rounding,    ///< CMYK to RGB in 8 bits: products are rounded, Pillow's approximated; by one level
  over_white,  ///< transparent pixels are paper, as viewers show them; Pillow drops alpha
  scaled,      ///< 16-bit gray is scaled to 8 bits; Pillow clips it at 255, so that nearly all is
               ///< white
  unturned,    ///< orientation in a PNG's EXIF, which most viewers ignore, is ignored
  no_document,  ///< BMP, in which nobody archives
};

const std::map<std::string, Difference> on_purpose{
    {"cmyk_255x51.tif", Difference::rounding},     {"cmyk_60x50.jpg", Difference::rounding},
    {"la_31x77.png", Difference::over_white},      {"rgba_40x30.png", Difference::over_white},
    {"ptrans_97x101.png", Difference::over_white}, {"i16_50x47.png", Difference::scaled},
    {"exif8_61x26.png", Difference::unturned},     {"rgb_33x70.bmp", Difference::no_document},
};

int level_at(const Image& image, int x, int y, int channel) {
  return std::to_integer<int>(image.pixels[static_cast<std::size_t>(y) * image.stride_bytes +
                                           static_cast<std::size_t>(3 * x + channel)]);
}

bool fits(Difference difference, int ours, int pillows) {
  switch (difference) {
    case Difference::none:
    case Difference::unturned:
      return ours == pillows;
    case Difference::rounding:
      return std::abs(ours - pillows) <= 1;
    case Difference::over_white:
      return ours >= pillows;
    case Difference::scaled:
      return pillows == 255 || ours <= 1;
    case Difference::no_document:
      break;
  }
  return false;
}

/// Values that are not as they may be, and those that differ at all.
struct Found {
  int wrong = 0, different = 0;
};

Found compare(const Image& ours, const Image& pillows, Difference difference) {
  const bool turned = difference == Difference::unturned;
  Found found;
  for (int y = 0; y < ours.height_px; ++y) {
    for (int x = 0; x < ours.width_px; ++x) {
      for (int channel = 0; channel < 3; ++channel) {
        const int one = level_at(ours, x, y, channel);
        const int other = turned ? level_at(pillows, y, ours.width_px - 1 - x, channel)
                                 : level_at(pillows, x, y, channel);
        found.wrong += !fits(difference, one, other);
        found.different += one != other;
      }
    }
  }
  return found;
}

TEST_F(PageReaderTest, EqualsPillowButWhereItDiffersOnPurpose) {
  ImageRequest request;
  request.pixels = ImageRequest::Pixels::rgb;
  std::size_t files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(PECIA_TEST_DATA "/deepseek/golden/images")) {
    const auto name = entry.path().filename().string();
    SCOPED_TRACE(name);
    ++files;
    const auto known = on_purpose.find(name);
    const auto difference = known == on_purpose.end() ? Difference::none : known->second;
    if (difference == Difference::no_document) {
      EXPECT_EQ(failure_of({entry.path(), corpus::Format::unknown, {}}).reason,
                Reason::not_a_document);
      continue;
    }
    const auto ours = image_of({entry.path(), corpus::Format::unknown, {}}, 1, request);
    const auto pillows = engine::deepseek::test_pixels("golden", name);
    ASSERT_EQ(ours.format, PixelFormat::rgb8);
    const bool turned = difference == Difference::unturned;
    ASSERT_EQ(ours.width_px, turned ? pillows.height_px : pillows.width_px);
    ASSERT_EQ(ours.height_px, turned ? pillows.width_px : pillows.height_px);
    const auto found = compare(ours, pillows, difference);
    EXPECT_EQ(found.wrong, 0);
    EXPECT_EQ(found.different > 0, difference != Difference::none && !turned)
        << "the list above is out of date";
  }
  EXPECT_EQ(files, 30);
}

}  // namespace reference_test
}  // namespace pecia::page
