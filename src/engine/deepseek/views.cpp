#include "views.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "pecia/base/error.hpp"
#include "resize.hpp"

namespace pecia::engine::deepseek {
namespace {

struct Size {
  int width_px, height_px;
};

/// The greatest size of the image's shape in the global view. Divided first, then multiplied, then
/// rounded half to even, as the reference does.
Size fitted(int width_px, int height_px, int base_px) {
  const double width = width_px, height = height_px;
  Size size{base_px, base_px};
  if (width_px > height_px)
    size.height_px = static_cast<int>(std::nearbyint(height / width * base_px));
  if (width_px < height_px)
    size.width_px = static_cast<int>(std::nearbyint(width / height * base_px));
  if (size.width_px == 0 || size.height_px == 0) {
    throw Error{
        fmt::format("the page is {} x {} px, too thin for the model (it would be less than half a "
                    "pixel wide in "
                    "the {} px that the model sees). Cut it into parts",
                    width_px, height_px, base_px)};
  }
  return size;
}

/// One row of `depth` bytes a pixel as RGB.
void put_rgb(std::uint8_t* to, const std::uint8_t* row, std::size_t pixels, std::size_t depth) {
  if (depth == 3) {
    std::memcpy(to, row, 3 * pixels);
    return;
  }
  for (std::size_t x = 0; x < pixels; ++x) to[3 * x] = to[3 * x + 1] = to[3 * x + 2] = row[x];
}

std::vector<std::uint8_t> make_tiles(const page::Image& image, const Grid& grid, int tile_px) {
  const auto side = static_cast<std::size_t>(tile_px),
             columns = static_cast<std::size_t>(grid.columns);
  const std::size_t depth = image.format == page::PixelFormat::rgb8 ? 3 : 1;
  std::vector<std::uint8_t> tiles(static_cast<std::size_t>(grid.tiles()) * side * side * 3);
  if (tiles.empty()) return tiles;
  resize(image, grid.columns * tile_px, grid.rows * tile_px, [&](int y, const std::uint8_t* row) {
    const auto place = static_cast<std::size_t>(y);
    for (std::size_t column = 0; column < columns; ++column) {
      const auto tile = place / side * columns + column;
      put_rgb(&tiles[(tile * side + place % side) * side * 3], row + column * side * depth, side,
              depth);
    }
  });
  return tiles;
}

std::vector<std::uint8_t> make_global(const page::Image& image, const ImageConfig& config) {
  const auto fit = fitted(image.width_px, image.height_px, config.base_px);
  const auto side = static_cast<std::size_t>(config.base_px);
  const std::size_t depth = image.format == page::PixelFormat::rgb8 ? 3 : 1;
  const auto offset = [&](int used_px) {
    return static_cast<std::size_t>(std::nearbyint((config.base_px - used_px) * 0.5));
  };
  const auto left = offset(fit.width_px), top = offset(fit.height_px);
  std::vector<std::uint8_t> global(side * side * 3, static_cast<std::uint8_t>(config.pad_level));
  resize(image, fit.width_px, fit.height_px, [&](int y, const std::uint8_t* row) {
    put_rgb(&global[((top + static_cast<std::size_t>(y)) * side + left) * 3], row,
            static_cast<std::size_t>(fit.width_px), depth);
  });
  return global;
}

}  // namespace

Grid choose_grid(int width_px, int height_px, const ImageConfig& config) {
  if (width_px <= config.tile_px && height_px <= config.tile_px) return {};
  const double shape = static_cast<double>(width_px) / height_px;
  const double area = static_cast<double>(width_px) * height_px;
  const double tile_area = static_cast<double>(config.tile_px) * config.tile_px;
  Grid best;
  double least = std::numeric_limits<double>::infinity();
  // Among equal differences a grid of more tiles is taken if the page has the pixels for it.
  for (int tiles = config.min_tiles; tiles <= config.max_tiles; ++tiles) {
    for (int columns = 1; columns <= tiles; ++columns) {
      if (tiles % columns != 0) continue;
      const Grid grid{columns, tiles / columns};
      const double difference = std::abs(shape - static_cast<double>(grid.columns) / grid.rows);
      if (difference < least || (difference == least && area > 0.5 * tile_area * tiles))
        best = grid;
      least = std::min(least, difference);
    }
  }
  return best;
}

Views make_views(const page::Image& image, const ImageConfig& config) {
  require(image.width_px > 0 && image.height_px > 0, "a page without pixels cannot be seen");
  Views views;
  views.global = make_global(image, config);
  views.grid = choose_grid(image.width_px, image.height_px, config);
  views.tiles = make_tiles(image, views.grid, config.tile_px);
  return views;
}

std::array<float, 256> normalised_levels(const ImageConfig& config) noexcept {
  std::array<float, 256> levels{};
  for (std::size_t level = 0; level < levels.size(); ++level)
    levels[level] = (static_cast<float>(level) / 255.0F - static_cast<float>(config.mean)) / static_cast<float>(config.std);
  return levels;
}

}  // namespace pecia::engine::deepseek
