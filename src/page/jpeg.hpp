#pragma once

#include <cstddef>
#include <span>

#include "pecia/page/reader.hpp"
#include "row_sink.hpp"

namespace pecia::page {

struct JpegHeader {
  int width_px = 0, height_px = 0, components = 0;
  int orientation = 1;
  double dpi = 0;
};
[[nodiscard]] JpegHeader read_jpeg_header(std::span<const std::byte> bytes);

/// Decodes a JPEG at the scale that is wanted: the inverse cosine transform makes n/8 of its size (libjpeg-turbo),
/// never less than is asked for, and averaging does the rest. Where gray is wanted: the luminance alone, straight
/// from YCbCr. CMYK and YCCK become RGB. A file that ends too early is PageError(unreadable): half a page is no
/// page. `wanted.exact` false: at half the size and in gray where that is cheaper; `Raster::reduction` says so.
[[nodiscard]] Raster decode_jpeg(std::span<const std::byte> bytes, const Decoding& wanted);

}  // namespace pecia::page
