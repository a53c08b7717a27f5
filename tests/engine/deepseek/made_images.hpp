#pragma once

#include <cstdint>
#include <random>

#include "pecia/page/image.hpp"

namespace pecia::engine::deepseek {

inline std::uint8_t& byte_at(const page::OwnedImage& made, int x, int y, std::size_t channel,
                             std::size_t depth) {
  return reinterpret_cast<std::uint8_t&>(
      made.pixels[static_cast<std::size_t>(y) * made.image.stride_bytes +
                  static_cast<std::size_t>(x) * depth + channel]);
}

/// The pattern of the specification (section 2.5).
inline page::Image pattern_image(int width_px, int height_px) {
  const auto made = page::make_image(width_px, height_px, page::PixelFormat::rgb8, 144);
  for (int y = 0; y < height_px; ++y) {
    for (int x = 0; x < width_px; ++x) {
      for (int c = 0; c < 3; ++c)
        byte_at(made, x, y, static_cast<std::size_t>(c), 3) =
            static_cast<std::uint8_t>((37LL * x + 91LL * y + 53 * c + 7LL * x * y) % 256);
    }
  }
  return made.image;
}

/// Random bytes, in the padding of gray1 too; mostly at the ends of the range, where sums clip.
inline page::Image noise_image(int width_px, int height_px, page::PixelFormat format,
                               unsigned seed) {
  const auto made = page::make_image(width_px, height_px, format, 144);
  std::mt19937 random{seed};
  for (auto& byte : made.pixels) {
    const auto value = random();
    byte = value % 4 == 0   ? std::byte{0}
           : value % 4 == 1 ? std::byte{255}
                            : static_cast<std::byte>(value >> 8);
  }
  return made.image;
}

/// The same page in three bytes a pixel.
inline page::Image as_rgb(const page::Image& image) {
  const auto made =
      page::make_image(image.width_px, image.height_px, page::PixelFormat::rgb8, image.dpi);
  for (int y = 0; y < image.height_px; ++y) {
    const auto* const row = reinterpret_cast<const std::uint8_t*>(image.pixels.data()) +
                            static_cast<std::size_t>(y) * image.stride_bytes;
    for (int x = 0; x < image.width_px; ++x) {
      for (std::size_t c = 0; c < 3; ++c) {
        const auto at = static_cast<std::size_t>(x);
        byte_at(made, x, y, c, 3) = image.format == page::PixelFormat::rgb8    ? row[3 * at + c]
                                    : image.format == page::PixelFormat::gray8 ? row[at]
                                    : row[at / 8] >> (7 - at % 8) & 1          ? std::uint8_t{0}
                                                                               : std::uint8_t{255};
      }
    }
  }
  return made.image;
}

}  // namespace pecia::engine::deepseek
