#pragma once

#include <cstddef>
#include <span>

#include "raster.hpp"

namespace pecia::page {

struct Jpeg2000Header {
  int width_px = 0, height_px = 0, components = 0;
};
[[nodiscard]] Jpeg2000Header read_jpeg2000_header(std::span<const std::byte> bytes);
/// Gray for one component, RGB for three; others are PageError(unsupported).
/// `use_alpha`: lays it over white. `exact` false: at half the size if the file has that resolution.
[[nodiscard]] Raster decode_jpeg2000(std::span<const std::byte> bytes, std::uint64_t max_pixels, bool use_alpha = false,
                                     bool exact = true);

}  // namespace pecia::page
