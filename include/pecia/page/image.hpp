#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "pecia/base/bytes.hpp"
#include "pecia/base/step.hpp"

namespace pecia::page {

enum class PixelFormat : std::uint8_t {
  gray1 = 0,  ///< one bit a pixel, most significant first, 1 = black; rows padded to whole bytes
  gray8 = 1,  ///< one byte a pixel, 0 = black
  rgb8 = 2,   ///< three bytes a pixel
};

/// x' = a x + c y + e, y' = b x + d y + f, as in PDF: {a, b, c, d, e, f}.
struct Affine {
  std::array<double, 6> m{1, 0, 0, 1, 0, 0};
};

/// No side of an image, or of a page in page coordinates, is longer.
constexpr int most_side_px = 1 << 24;
/// Nor has any more dots per inch: an image of a million pixels that is painted into a dot.
constexpr double most_dpi = 1e6;

/// A page as an engine sees it: row-major, top row first, sRGB or its luminance.
/// The pixels belong to `owner` (heap or shared memory); copies of an Image share them.
struct Image {
  int width_px = 0;
  int height_px = 0;
  PixelFormat format = PixelFormat::gray8;
  std::size_t stride_bytes = 0;       ///< from one row to the next
  double dpi = 0;                     ///< of this raster
  std::span<const std::byte> pixels;  ///< height_px * stride_bytes
  std::shared_ptr<const void> owner;
  int fd = -1;          ///< the memfd behind `pixels` for as long as `owner` lives, -1 if none
  Affine to_page;       ///< this raster's pixels -> page coordinates
  int page_width_px = 0;   ///< of page coordinates
  int page_height_px = 0;
  double page_dpi = 0;
  bool embedded = false;   ///< the page's own single image, handed straight on; else rasterised
  Steps steps;             ///< what was done to the document and the page to make it
};

/// The smallest stride of a row.
[[nodiscard]] constexpr std::size_t row_bytes(PixelFormat format, int width_px) noexcept {
  const auto width = static_cast<std::size_t>(width_px);
  switch (format) {
    case PixelFormat::gray1: return (width + 7) / 8;
    case PixelFormat::gray8: return width;
    case PixelFormat::rgb8: return 3 * width;
  }
  return 0;
}

/// All of an image but its pixels, for messages between processes.
void encode(ByteWriter& out, const Image& image);
/// Throws `Error` on an image of impossible geometry; `pixels` are the caller's to find.
[[nodiscard]] Image decode_image(ByteReader& in);

/// An image with heap pixels of its own, all zero. For tests and engines.
struct OwnedImage {
  Image image;
  std::span<std::byte> pixels;  ///< the same pixels, writable
};
[[nodiscard]] OwnedImage make_image(int width_px, int height_px, PixelFormat format, double dpi);

}  // namespace pecia::page
