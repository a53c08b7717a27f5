#pragma once

#include <optional>
#include <vector>

#include "format.hpp"
#include "pecia/merge/page_model.hpp"

namespace pecia::exporting {

/// Whole pixels of the page, x to the right, y down; x0 <= x1, y0 <= y1.
struct PixelBox {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  [[nodiscard]] int width() const noexcept { return x1 - x0; }
  [[nodiscard]] int height() const noexcept { return y1 - y0; }
};

/// 0: not known.
struct PixelSize {
  int width = 0, height = 0;
  [[nodiscard]] bool known() const noexcept { return width > 0 && height > 0; }
};

/// Of page coordinates, rounded outwards. Of a page that has not been read: what the manifest knows of it.
[[nodiscard]] PixelSize size_of(const merge::PageModel& page, const WriteContext& context);

/// Rounded outwards, within the page where its size is known.
[[nodiscard]] PixelBox pixel_box(const result::Box& box, PixelSize page);
[[nodiscard]] std::optional<PixelBox> place_of(const merge::Block& block, PixelSize page);
[[nodiscard]] std::optional<PixelBox> place_of(const merge::Line& line, PixelSize page);
/// The boxes of a block that has several, else its one; none if its place is not known.
[[nodiscard]] std::vector<PixelBox> parts_of(const merge::Block& block, PixelSize page);
[[nodiscard]] PixelBox surrounding(const PixelBox& a, const PixelBox& b);

/// Whether a block stands in the upper half of its page; the engine's label decides where its place is not known, and
/// catchwords and signatures stand below.
[[nodiscard]] bool is_above(const merge::Block& block, PixelSize page);

}  // namespace pecia::exporting
