#include "page_place.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace pecia::exporting::pdf {
namespace {

/// By how much of it a side may be longer or shorter than the run says: the part of a page that its image covers, rounding.
constexpr double most_difference = 0.05;
/// Entries of an image's matrix below this share of the others are rounding.
constexpr double parallel_tolerance = 1e-3;

struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

std::optional<Box> box_of(QPDFObjectHandle value) {
  if (!value.isArray() || value.getArrayNItems() < 4) return std::nullopt;
  std::array<double, 4> side{};
  for (int n = 0; n < 4; ++n) {
    auto item = value.getArrayItem(n);
    if (!item.isNumber()) return std::nullopt;
    side[static_cast<std::size_t>(n)] = item.getNumericValue();
  }
  const Box box{std::min(side[0], side[2]), std::min(side[1], side[3]), std::max(side[0], side[2]), std::max(side[1], side[3])};
  if (!(box.x1 > box.x0 && box.y1 > box.y0) || !std::isfinite((box.x1 - box.x0) * (box.y1 - box.y0))) return std::nullopt;
  return box;
}

bool alike(double one, double two) { return std::abs(one - two) <= most_difference * std::max(std::abs(one), std::abs(two)) + 2; }

/// Of an image that lies parallel to the page: where its pixels stand, as the page is seen.
struct Pixels {
  double left = 0, top = 0, unit_x = 0, unit_y = 0;
};

/// The scale is that of the run: where only the image's unit square is known, its number of pixels follows from the page's.
std::optional<Pixels> pixels_of(const PdfPage& read, const PageView& view, const Affine& image) {
  const auto seen = image * inverse(view.to_contents());
  const double straight = std::max(std::abs(seen.a), std::abs(seen.d)), crossed = std::max(std::abs(seen.b), std::abs(seen.c));
  if (std::min(straight, crossed) > parallel_tolerance * std::max(straight, crossed)) return std::nullopt;
  const double width = crossed > straight ? seen.c : seen.a, height = crossed > straight ? seen.b : seen.d;
  const double left = std::min(seen.e, seen.e + width), top = std::min(seen.f, seen.f + height);
  const double right = left + std::abs(width), bottom = top + std::abs(height);
  // What is seen of the image was read: whole pixels from its edge, or from the page's where that cuts it.
  const double shown_x0 = std::max(left, 0.0), shown_x1 = std::min(right, view.width());
  const double shown_y0 = std::max(top, 0.0), shown_y1 = std::min(bottom, view.height());
  if (shown_x1 <= shown_x0 || shown_y1 <= shown_y0) return std::nullopt;
  return Pixels{shown_x0, shown_y0, (shown_x1 - shown_x0) / static_cast<double>(read.width_px),
                (shown_y1 - shown_y0) / static_cast<double>(read.height_px)};
}

}  // namespace

Affine PageView::to_contents() const {
  switch (rotate) {
    case 90:
      return {0, 1, 1, 0, x0, y0};
    case 180:
      return {-1, 0, 0, 1, x1, y0};
    case 270:
      return {0, -1, -1, 0, x1, y1};
    default:
      return {1, 0, 0, -1, x0, y1};
  }
}

PageView view_of(QPDFPageObjectHelper page) {
  auto media = box_of(page.getAttribute("/MediaBox", false)).value_or(Box{0, 0, 612, 792});
  auto crop = box_of(page.getAttribute("/CropBox", false)).value_or(media);
  const Box both{std::max(media.x0, crop.x0), std::max(media.y0, crop.y0), std::min(media.x1, crop.x1), std::min(media.y1, crop.y1)};
  const auto& seen = both.x1 > both.x0 && both.y1 > both.y0 ? both : media;
  PageView view{seen.x0, seen.y0, seen.x1, seen.y1, 0, 1};
  if (auto rotate = page.getAttribute("/Rotate", false); rotate.isNumber() && std::abs(rotate.getNumericValue()) < 1e6) {
    const auto turn = std::lround(rotate.getNumericValue()) % 360;
    view.rotate = turn % 90 == 0 ? static_cast<int>((turn + 360) % 360) : 0;
  }
  if (auto unit = page.getObjectHandle().getKey("/UserUnit"); unit.isNumber())
    view.user_unit = std::clamp(unit.getNumericValue(), 0.01, 1000.0);
  return view;
}

std::optional<Affine> place_of(const PdfPage& read, const PageView& view, const std::optional<Affine>& image) {
  const double width = static_cast<double>(read.width_px), height = static_cast<double>(read.height_px),
               dpi = static_cast<double>(read.dpi);
  if (!(width > 0 && height > 0)) return std::nullopt;
  const double shape = view.width() / view.height();
  if (!alike(width, height * shape)) return std::nullopt;
  if (dpi > 0 && !alike(width, view.width() * view.user_unit * dpi / 72)) return std::nullopt;
  Pixels pixels{0, 0, view.width() / width, view.height() / height};
  if (read.embedded && image) pixels = pixels_of(read, view, *image).value_or(pixels);
  return Affine{pixels.unit_x, 0, 0, pixels.unit_y, pixels.left, pixels.top} * view.to_contents();
}

}  // namespace pecia::exporting::pdf
