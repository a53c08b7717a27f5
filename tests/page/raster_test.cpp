#include "raster.hpp"

#include <gtest/gtest.h>

namespace pecia::page {
namespace {

/// 3 x 2 pixels: 1 2 3 / 4 5 6.
Raster numbered() {
  auto raster = make_raster(3, 2, PixelFormat::gray8, 100);
  for (std::size_t n = 0; n < 6; ++n) raster.pixels[n] = static_cast<std::byte>(n + 1);
  return raster;
}

std::string digits(const Raster& raster) {
  std::string text;
  for (int y = 0; y < raster.height_px; ++y) {
    for (int x = 0; x < raster.width_px; ++x) text += static_cast<char>('0' + std::to_integer<int>(raster.row(y)[x]));
    text += '/';
  }
  return text;
}

TEST(Raster, IsTurnedAsExifSays) {
  const char* expected[] = {"", "123/456/", "321/654/", "654/321/", "456/123/", "14/25/36/", "41/52/63/", "63/52/41/", "36/25/14/"};
  for (int value = 1; value <= 8; ++value) EXPECT_EQ(digits(oriented(numbered(), exif_orientation(value))), expected[value]) << value;
  EXPECT_EQ(digits(oriented(numbered(), exif_orientation(99))), expected[1]);
}

TEST(Raster, IsCroppedWithinItself) {
  EXPECT_EQ(digits(cropped(numbered(), 1, 0, 3, 1)), "23/");
  EXPECT_EQ(digits(cropped(numbered(), -5, -5, 50, 50)), "123/456/");
}

TEST(Raster, OfBitsKeepsItsBits) {
  auto bits = make_raster(10, 1, PixelFormat::gray1, 100);
  bits.pixels = {std::byte{0b10000000}, std::byte{0b01000000}};  // black at 0 and 9
  EXPECT_EQ(to_gray(bits).format, PixelFormat::gray1);
  const auto mirrored = oriented(bits, {false, true, false});
  EXPECT_EQ(mirrored.pixels, (std::vector{std::byte{0b10000000}, std::byte{0b01000000}}));
  const auto part = cropped(bits, 9, 0, 10, 1);
  EXPECT_EQ(part.pixels, std::vector{std::byte{0b10000000}});
  const auto rgb = to_rgb(bits);
  EXPECT_EQ(rgb.pixels[0], std::byte{0});
  EXPECT_EQ(rgb.pixels[3], std::byte{255});
  EXPECT_EQ(to_bilevel(to_gray(rgb)).pixels, bits.pixels);
}

TEST(Raster, IsScaledByAveraging) {
  auto raster = make_raster(4, 2, PixelFormat::gray8, 100);
  raster.pixels = {std::byte{0}, std::byte{100}, std::byte{10}, std::byte{10}, std::byte{100}, std::byte{0}, std::byte{10}, std::byte{10}};
  raster.dpi = 300;
  const auto half = scaled_down(raster, 2);
  EXPECT_EQ(half.width_px, 2);
  EXPECT_EQ(half.height_px, 1);
  EXPECT_EQ(std::to_integer<int>(half.pixels[0]), 50);
  EXPECT_EQ(std::to_integer<int>(half.pixels[1]), 10);
  EXPECT_DOUBLE_EQ(half.dpi, 150);
  EXPECT_EQ(scaled_down(raster, 100).width_px, 4) << "never up";
}

TEST(Raster, TooLargeOrEmptyIsRefused) {
  EXPECT_THROW((void)make_raster(11, 10, PixelFormat::gray8, 100), PageError);
  EXPECT_THROW((void)make_raster(0, 10, PixelFormat::gray8, 100), PageError);
}

}  // namespace
}  // namespace pecia::page
