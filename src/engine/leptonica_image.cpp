#include "leptonica_image.hpp"

#include <algorithm>
#include <array>
#include <cstring>

#include "pecia/base/error.hpp"

namespace pecia::engine {
namespace {

using page::PixelFormat;

/// Of all pixels; dust and scanner noise stay below.
constexpr double ink_share = 0.0005;
/// Paper and ink differ by more than this.
constexpr int least_contrast = 60;
constexpr int sample_step_px = 2;

int depth_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::gray1: return 1;
    case PixelFormat::gray8: return 8;
    case PixelFormat::rgb8: break;
  }
  return 32;
}

const std::byte* row(const page::Image& image, int y) {
  return image.pixels.data() + static_cast<std::size_t>(y) * image.stride_bytes;
}

int luminance(const page::Image& image, int x, int y) {
  const auto* pixels = row(image, y);
  const auto at = [&](std::size_t n) { return std::to_integer<int>(pixels[n]); };
  const auto column = static_cast<std::size_t>(x);
  switch (image.format) {
    case PixelFormat::gray1: return (at(column / 8) >> (7 - column % 8)) & 1 ? 0 : 255;
    case PixelFormat::gray8: return at(column);
    case PixelFormat::rgb8: break;
  }
  return (299 * at(3 * column) + 587 * at(3 * column + 1) + 114 * at(3 * column + 2)) / 1000;
}

}  // namespace

PixPointer to_pix(const page::Image& image) {
  PixPointer pix{pixCreate(image.width_px, image.height_px, depth_of(image.format))};
  require(pix != nullptr, "no memory for the page's image");
  const auto words_a_line = static_cast<std::size_t>(pixGetWpl(pix.get()));
  const auto bytes_a_row = page::row_bytes(image.format, image.width_px);
  for (int y = 0; y < image.height_px; ++y) {
    l_uint32* line = pixGetData(pix.get()) + static_cast<std::size_t>(y) * words_a_line;
    const auto* pixels = row(image, y);
    if (image.format != PixelFormat::rgb8) {
      std::memcpy(line, pixels, bytes_a_row);
      continue;
    }
    for (std::size_t x = 0; x < static_cast<std::size_t>(image.width_px); ++x)
      composeRGBPixel(std::to_integer<int>(pixels[3 * x]), std::to_integer<int>(pixels[3 * x + 1]),
                      std::to_integer<int>(pixels[3 * x + 2]), line + x);
  }
  // Leptonica wants the first pixel in a word's most significant byte.
  if (image.format != PixelFormat::rgb8) pixEndianByteSwap(pix.get());
  return pix;
}

bool has_no_ink(const page::Image& image) {
  std::array<std::size_t, 256> histogram{};
  std::size_t total = 0;
  for (int y = 0; y < image.height_px; y += sample_step_px) {
    for (int x = 0; x < image.width_px; x += sample_step_px) {
      ++histogram[static_cast<std::size_t>(luminance(image, x, y))];
      ++total;
    }
  }
  // The paper is the most frequent gray; ink is what is clearly darker, or lighter on a negative.
  const auto paper = std::ranges::max_element(histogram) - histogram.begin();
  std::size_t ink = 0;
  for (std::ptrdiff_t gray = 0; gray < 256; ++gray) {
    if (std::abs(gray - paper) > least_contrast) ink += histogram[static_cast<std::size_t>(gray)];
  }
  return static_cast<double>(ink) <= ink_share * static_cast<double>(total);
}

}  // namespace pecia::engine
