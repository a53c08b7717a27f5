#pragma once

#include <cstddef>
#include <span>

#include "row_sink.hpp"

namespace pecia::page {

struct Jpeg2000Header {
  int width_px = 0, height_px = 0, components = 0;
};
[[nodiscard]] Jpeg2000Header read_jpeg2000_header(std::span<const std::byte> bytes);
/// Gray of one component or two, colour of three or more: RGB, or YCC or CMYK where the file says so. Fewer than its
/// colour space has are PageError(unsupported).
/// Resolutions that are finer than what is wanted are not decoded; averaging does the rest. Its components
/// are in memory as a whole: where no resolution is small enough for that, PageError(too_large).
/// `use_alpha`: laid over white. `wanted.exact` false: at half the size if the file has that resolution.
[[nodiscard]] Raster decode_jpeg2000(std::span<const std::byte> bytes, const Decoding& wanted, bool use_alpha = false);

}  // namespace pecia::page
