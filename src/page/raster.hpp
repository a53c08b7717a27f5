#pragma once

#include <cstddef>
#include <stdexcept>
#include <string>

#include "pecia/base/reason.hpp"
#include "pecia/page/image.hpp"
#include "pixel_buffer.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// A page or document that cannot be read; becomes a Failure for the rank.
struct PageError : std::runtime_error {
  PageError(Reason why, const std::string& detail) : std::runtime_error{detail}, reason{why} {}
  Reason reason;
};

/// Decoded pixels without padding: rows of row_bytes(format, width_px).
struct Raster {
  int width_px = 0;
  int height_px = 0;
  PixelFormat format = PixelFormat::gray8;
  PixelBuffer pixels;
  double dpi = 0;  ///< 0 = the file does not say
  int reduction = 1;  ///< by which width and height were divided in decoding
  int full_width_px = 0, full_height_px = 0;  ///< before it was made smaller, as seen; 0 if it was not

  [[nodiscard]] std::size_t stride() const { return row_bytes(format, width_px); }
  [[nodiscard]] std::byte* row(int y) { return pixels.data() + static_cast<std::size_t>(y) * stride(); }
  [[nodiscard]] const std::byte* row(int y) const { return pixels.data() + static_cast<std::size_t>(y) * stride(); }
};

[[nodiscard]] inline unsigned value_of(std::byte byte) { return std::to_integer<unsigned>(byte); }
/// Of a row of gray1.
[[nodiscard]] inline bool bit_at(const std::byte* row, std::size_t x) { return (value_of(row[x / 8]) >> (7 - x % 8)) & 1U; }

/// Throws PageError(too_large) above `max_pixels`, (unreadable) for sizes below 1.
[[nodiscard]] Raster make_raster(int width_px, int height_px, PixelFormat format, std::uint64_t max_pixels);
void check_size(double width_px, double height_px, std::uint64_t max_pixels);

/// How stored pixels lie on the page: first mirrored in x or y as wanted in the *result*, where
/// `swap_axes` makes rows of columns.
struct Orientation {
  bool swap_axes = false;
  bool flip_x = false;
  bool flip_y = false;
  [[nodiscard]] bool is_identity() const { return !swap_axes && !flip_x && !flip_y; }
};
/// EXIF and TIFF orientation, 1 to 8; anything else is 1.
[[nodiscard]] Orientation exif_orientation(int value);

/// The part [x0, x1) x [y0, y1), clipped to the raster; what is left moves up in the memory that is there.
[[nodiscard]] Raster cropped(Raster raster, int x0, int y0, int x1, int y1);
/// Luminance of `count` pixels (ITU-R BT.601); `gray` may be where `rgb` is.
void gray_of_rgb(const std::byte* rgb, std::byte* gray, std::size_t count);
/// `count` pixels of ink (0 = none) as light. `rgb` may be where `cmyk` is.
void rgb_of_cmyk(const std::byte* cmyk, std::byte* rgb, std::size_t count);
[[nodiscard]] Raster to_gray(Raster raster);  ///< gray1 and gray8 stay; rgb8 becomes gray in its own memory
/// Half as wide and high: the mean of 2 x 2 pixels, gray; bilevel stays bilevel, black where two of
/// the four are. A last odd row or column is left out.
[[nodiscard]] Raster halved(const Raster& raster);
/// gray8 to gray1: darker than half is black.
[[nodiscard]] Raster to_bilevel(const Raster& raster);

}  // namespace pecia::page
