#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config.hpp"
#include "pecia/page/image.hpp"

namespace pecia::engine::deepseek {

struct Grid {
  int columns = 1, rows = 1;
  [[nodiscard]] int tiles() const noexcept { return columns * rows > 1 ? columns * rows : 0; }
};

/// A page as the model sees it (section 2): 8-bit RGB, row-major, channels last.
struct Views {
  Grid grid;
  std::vector<std::uint8_t> tiles;   ///< tiles() x tile_px x tile_px x 3, row of the grid by row
  std::vector<std::uint8_t> global;  ///< base_px x base_px x 3
  [[nodiscard]] std::size_t bytes() const noexcept { return tiles.size() + global.size(); }
};

/// Section 2.2.
[[nodiscard]] Grid choose_grid(int width_px, int height_px, const ImageConfig& config);
/// Sections 2.3 and 2.4, bit-exact with Pillow before 13. Any pixel format; gray is replicated.
/// Throws `Error` on an image so thin that a fitted side rounds to 0.
[[nodiscard]] Views make_views(const page::Image& image, const ImageConfig& config);
/// What the model computes with for each 8-bit level (section 2.6): -1 to 1.
[[nodiscard]] std::array<float, 256> normalised_levels(const ImageConfig& config) noexcept;
/// The page turned by a quarter clockwise: rung `rotated`. Its `to_page` leads to the same page
/// coordinates as before.
[[nodiscard]] page::Image rotated(const page::Image& image);

}  // namespace pecia::engine::deepseek
