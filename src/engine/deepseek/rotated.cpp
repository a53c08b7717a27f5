#include <cstring>

#include "views.hpp"

namespace pecia::engine::deepseek {
namespace {

/// Bytes of a pixel.
template <std::size_t depth>
void rotate_bytes(const page::Image& from, const page::OwnedImage& to) {
  for (int y = 0; y < to.image.height_px; ++y) {
    auto* const row = to.pixels.data() + static_cast<std::size_t>(y) * to.image.stride_bytes;
    for (int x = 0; x < to.image.width_px; ++x) {
      const auto* const pixel =
          from.pixels.data() +
          static_cast<std::size_t>(from.height_px - 1 - x) * from.stride_bytes +
          static_cast<std::size_t>(y) * depth;
      std::memcpy(row + static_cast<std::size_t>(x) * depth, pixel, depth);
    }
  }
}

void rotate_bits(const page::Image& from, const page::OwnedImage& to) {
  for (int y = 0; y < to.image.height_px; ++y) {
    auto* const row = to.pixels.data() + static_cast<std::size_t>(y) * to.image.stride_bytes;
    const auto column = static_cast<std::size_t>(y);
    for (int x = 0; x < to.image.width_px; ++x) {
      const auto byte =
          from.pixels[static_cast<std::size_t>(from.height_px - 1 - x) * from.stride_bytes +
                      column / 8];
      const auto bit = byte << (column % 8) & std::byte{0x80};
      row[x / 8] |= bit >> (x % 8);
    }
  }
}

}  // namespace

page::Image rotated(const page::Image& image) {
  auto made = page::make_image(image.height_px, image.width_px, image.format, image.dpi);
  switch (image.format) {
    case page::PixelFormat::gray1:
      rotate_bits(image, made);
      break;
    case page::PixelFormat::gray8:
      rotate_bytes<1>(image, made);
      break;
    case page::PixelFormat::rgb8:
      rotate_bytes<3>(image, made);
      break;
  }
  // (x, y) here was (y, height - x) there.
  const auto& [a, b, c, d, e, f] = image.to_page.m;
  made.image.to_page.m = {-c, -d, a, b, e + c * image.height_px, f + d * image.height_px};
  made.image.page_width_px = image.page_width_px;
  made.image.page_height_px = image.page_height_px;
  made.image.page_dpi = image.page_dpi;
  made.image.embedded = image.embedded;
  return made.image;
}

}  // namespace pecia::engine::deepseek
