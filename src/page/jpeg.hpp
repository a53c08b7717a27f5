#pragma once

#include <cstddef>
#include <span>

#include "pecia/page/reader.hpp"
#include "raster.hpp"

namespace pecia::page {

struct JpegHeader {
  int width_px = 0, height_px = 0, components = 0;
  int orientation = 1;
  double dpi = 0;
};
[[nodiscard]] JpegHeader read_jpeg_header(std::span<const std::byte> bytes);

/// Decodes a whole JPEG. `gray`: the luminance alone, straight from YCbCr. CMYK and YCCK become RGB.
/// A file that ends too early is PageError(unreadable): half a page is no page. `exact` false: at half
/// the size and in gray where that is cheaper; `Raster::reduction` says so.
[[nodiscard]] Raster decode_jpeg(std::span<const std::byte> bytes, bool gray, std::uint64_t max_pixels, bool exact = true);

}  // namespace pecia::page
