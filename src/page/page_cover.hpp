#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

#include "pdf_page.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// How much of a page lies under boxes that are laid on it one after the other, by the centers of a
/// grid's cells.
class PageCover {
 public:
  explicit PageCover(const PdfBox& page) : page_{page} {}

  void add(const PdfBox& box) {
    const int x0 = cell((box.x0 - page_.x0) / page_.width()),
              x1 = cell((box.x1 - page_.x0) / page_.width());
    const int y0 = cell((box.y0 - page_.y0) / page_.height()),
              y1 = cell((box.y1 - page_.y0) / page_.height());
    if (x0 >= x1) return;
    const auto row = ~std::uint64_t{0} >> (side - (x1 - x0)) << x0;
    for (int y = y0; y < y1; ++y) rows_[static_cast<std::size_t>(y)] |= row;
  }
  [[nodiscard]] double share() const {
    int cells = 0;
    for (const auto row : rows_) cells += std::popcount(row);
    return static_cast<double>(cells) / (side * side);
  }
  void clear() { rows_ = {}; }

 private:
  static constexpr int side = 64;

  /// The first cell whose center is not before it.
  static int cell(double share) {
    return std::clamp(int_of(std::ceil(share * side - 0.5)), 0, side);
  }

  PdfBox page_;
  std::array<std::uint64_t, side> rows_{};
};

}  // namespace pecia::page
