#include "row_sink.hpp"

#include <gtest/gtest.h>

namespace pecia::page {
namespace raster_test {

/// 3 x 2 pixels: 1 2 3 / 4 5 6.
Raster numbered() {
  auto raster = make_raster(3, 2, PixelFormat::gray8, 100);
  for (std::size_t n = 0; n < 6; ++n) raster.pixels[n] = static_cast<std::byte>(n + 1);
  return raster;
}

Decoding turning(Orientation orientation) { return decoding_of({}, 1000, orientation); }

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
  for (int value = 1; value <= 8; ++value) EXPECT_EQ(digits(made_to_order(numbered(), turning(exif_orientation(value)))), expected[value]) << value;
  EXPECT_EQ(digits(made_to_order(numbered(), turning(exif_orientation(99)))), expected[1]);
}

TEST(Raster, IsCroppedWithinItself) {
  EXPECT_EQ(digits(cropped(numbered(), 1, 0, 3, 1)), "23/");
  EXPECT_EQ(digits(cropped(numbered(), -5, -5, 50, 50)), "123/456/");
}

TEST(Raster, OfBitsKeepsItsBits) {
  auto bits = make_raster(10, 1, PixelFormat::gray1, 100);
  bits.pixels = {std::byte{0b10000000}, std::byte{0b01000000}};  // black at 0 and 9
  ImageRequest gray, colors;
  gray.pixels = ImageRequest::Pixels::gray;
  colors.pixels = ImageRequest::Pixels::rgb;
  EXPECT_EQ(made_to_order(bits, decoding_of(gray, 100)).format, PixelFormat::gray1);
  const auto mirrored = made_to_order(bits, turning({false, true, false}));
  EXPECT_EQ(mirrored.pixels, (PixelBuffer{std::byte{0b10000000}, std::byte{0b01000000}}));
  const auto turned = made_to_order(bits, turning({true, false, true}));
  EXPECT_EQ(turned.height_px, 10);
  EXPECT_EQ(turned.pixels[0], std::byte{0b10000000}) << "what was last is first";
  EXPECT_EQ(turned.pixels[1], std::byte{0});
  const auto part = cropped(bits, 9, 0, 10, 1);
  EXPECT_EQ(part.pixels, PixelBuffer{std::byte{0b10000000}});
  const auto rgb = made_to_order(bits, decoding_of(colors, 100));
  EXPECT_EQ(rgb.pixels[0], std::byte{0});
  EXPECT_EQ(rgb.pixels[3], std::byte{255});
  EXPECT_EQ(to_bilevel(to_gray(rgb)).pixels, bits.pixels);
}

TEST(Raster, OfBitsIsCroppedToWhatIsLeftOfIt) {
  auto bits = make_raster(24, 2, PixelFormat::gray1, 100);
  for (auto& byte : bits.pixels) byte = std::byte{0xFF};
  const auto part = cropped(bits, 8, 0, 20, 2);
  EXPECT_EQ(part.pixels, (PixelBuffer{std::byte{0xFF}, std::byte{0xF0}, std::byte{0xFF}, std::byte{0xF0}}));
}

TEST(Raster, KeepsTheSizeThatItHadWhereItGetsOtherPixels) {
  auto small = numbered();
  small.full_width_px = 300;
  small.full_height_px = 200;
  ImageRequest colors;
  colors.pixels = ImageRequest::Pixels::rgb;
  const auto turned = made_to_order(small, decoding_of(colors, 100, exif_orientation(6)));
  EXPECT_EQ(turned.format, PixelFormat::rgb8);
  EXPECT_EQ(turned.full_width_px, 200);
  EXPECT_EQ(turned.full_height_px, 300);
}

TEST(Raster, IsScaledByAveraging) {
  auto raster = make_raster(4, 2, PixelFormat::gray8, 100);
  raster.pixels = {std::byte{0}, std::byte{100}, std::byte{10}, std::byte{10}, std::byte{100}, std::byte{0}, std::byte{10}, std::byte{10}};
  raster.dpi = 300;
  const auto longest = [](int side_px) {
    ImageRequest request;
    request.longest_side_px = side_px;
    return decoding_of(request, 1000);
  };
  const auto half = made_to_order(raster, longest(2));
  EXPECT_EQ(half.width_px, 2);
  EXPECT_EQ(half.height_px, 1);
  EXPECT_EQ(std::to_integer<int>(half.pixels[0]), 50);
  EXPECT_EQ(std::to_integer<int>(half.pixels[1]), 10);
  EXPECT_DOUBLE_EQ(half.dpi, 150);
  EXPECT_EQ(made_to_order(raster, longest(100)).width_px, 4) << "never up";
}

TEST(Raster, IsScaledByWeightsWhereCellsAreNoWholePixels) {
  auto raster = make_raster(3, 3, PixelFormat::gray8, 100);
  for (int n = 0; n < 9; ++n) raster.pixels[static_cast<std::size_t>(n)] = n == 4 ? std::byte{180} : std::byte{0};
  ImageRequest request;
  request.most_pixels = 4;
  const auto small = made_to_order(raster, decoding_of(request, 100));
  ASSERT_EQ(small.width_px, 2);
  ASSERT_EQ(small.height_px, 2);
  // A quarter of the middle pixel lies in each cell of 1.5 x 1.5 pixels.
  for (const auto pixel : small.pixels) EXPECT_EQ(std::to_integer<int>(pixel), 20);
  EXPECT_EQ(small.full_width_px, 3);
}

TEST(Raster, OfBitsBecomesGrayWhereItIsMadeSmaller) {
  auto bits = make_raster(20, 4, PixelFormat::gray1, 100);
  for (auto& byte : bits.pixels) byte = std::byte{0b10101010};
  ImageRequest request;
  request.most_pixels = 20;
  const auto small = made_to_order(bits, decoding_of(request, 100));
  ASSERT_EQ(small.format, PixelFormat::gray8);
  ASSERT_EQ(small.width_px, 10);
  for (const auto pixel : small.pixels) EXPECT_NEAR(std::to_integer<int>(pixel), 127, 1);
}

TEST(Raster, FitsIntoWhatIsAskedForInEveryShape) {
  for (const auto& [width, height] : std::initializer_list<std::pair<int, int>>{{1000, 1000}, {64'000, 1}, {1, 64'000}, {3, 21'333}, {999, 998}}) {
    ImageRequest request;
    request.most_pixels = 1000;
    const auto size = fitted(width, height, decoding_of(request, 50'000));
    EXPECT_LE(size.width_px * size.height_px, 1000) << width;
    EXPECT_GE(size.width_px * size.height_px, width == 3 ? 1 : 900) << width;
  }
  EXPECT_THROW((void)fitted(1000, 1000, decoding_of({}, 1000)), PageError) << "a thousand times what a page may have";
}

TEST(Raster, TooLargeOrEmptyIsRefused) {
  EXPECT_THROW((void)make_raster(11, 10, PixelFormat::gray8, 100), PageError);
  EXPECT_THROW((void)make_raster(0, 10, PixelFormat::gray8, 100), PageError);
}

}  // namespace raster_test
}  // namespace pecia::page
