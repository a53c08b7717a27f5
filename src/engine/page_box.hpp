#pragma once

#include <algorithm>
#include <utility>

#include "pecia/page/image.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// The upright box in page coordinates around one of a raster.
inline result::Box on_page(const page::Affine& to_page, double left, double top, double right,
                           double bottom) {
  const auto& m = to_page.m;
  result::Box box{1e30F, 1e30F, -1e30F, -1e30F};
  for (const auto& [x, y] : {std::pair{left, top}, {right, top}, {left, bottom}, {right, bottom}}) {
    const auto page_x = static_cast<float>(m[0] * x + m[2] * y + m[4]);
    const auto page_y = static_cast<float>(m[1] * x + m[3] * y + m[5]);
    box = {std::min(box.x0, page_x), std::min(box.y0, page_y), std::max(box.x1, page_x),
           std::max(box.y1, page_y)};
  }
  return box;
}

}  // namespace pecia::engine
