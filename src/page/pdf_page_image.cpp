#include <algorithm>
#include <cmath>

#include "pdf_page.hpp"

namespace pecia::page {
namespace {

/// Share of the crop box that the image must cover.
constexpr double least_cover = 0.98;
/// Horizontal and vertical resolution may differ by this share.
constexpr double most_distortion = 0.02;
/// Entries of the matrix below this share of the others are rounding.
constexpr double parallel_tolerance = 1e-3;

/// PDF units -> the page as it is seen: y down, /Rotate applied, origin at the crop box's corner.
Matrix to_view(const PdfPageNode& page) {
  const auto& crop = page.crop;
  const Matrix down{1, 0, 0, -1, -crop.x0, crop.y1};
  switch (page.rotate) {
    case 90: return down * Matrix{0, 1, -1, 0, crop.height(), 0};
    case 180: return down * Matrix{-1, 0, 0, -1, crop.width(), crop.height()};
    case 270: return down * Matrix{0, -1, 1, 0, 0, crop.width()};
    default: return down;
  }
}

bool has_mask(PoDoFo::PdfObject& image) {
  return image.GetIndirectKey("SMask") || image.GetIndirectKey("Mask") || image.GetIndirectKeyAsBool("ImageMask", false) ||
         number_of(image.GetIndirectKey("SMaskInData"), 0) > 0;
}

}  // namespace

std::optional<PageImage> page_image(const PdfPageNode& page, const PdfPainting& painting) {
  if (painting.other || painting.text_operators > 0 || painting.images.size() != 1) return std::nullopt;
  const auto& painted = painting.images.front();
  if (has_mask(*painted.object)) return std::nullopt;
  const double width = number_of(painted.object->GetIndirectKey("Width"), 0);
  const double height = number_of(painted.object->GetIndirectKey("Height"), 0);
  if (width < 1 || height < 1 || width > 1e6 || height > 1e6) return std::nullopt;

  // Stored pixel (x, y), row 0 at the top of the unit square -> the page as seen, in PDF units.
  const auto pixel = Matrix{1 / width, 0, 0, -1 / height, 0, 1} * painted.to_page * to_view(page);
  const double straight = std::max(std::abs(pixel.a), std::abs(pixel.d)), crossed = std::max(std::abs(pixel.b), std::abs(pixel.c));
  const bool swapped = crossed > straight;
  if (std::min(straight, crossed) > parallel_tolerance * std::max(straight, crossed)) return std::nullopt;
  const double unit_x = swapped ? pixel.c : pixel.a, unit_y = swapped ? pixel.b : pixel.d;  // of an oriented pixel
  if (unit_x == 0 || unit_y == 0) return std::nullopt;
  if (std::abs(std::abs(unit_x / unit_y) - 1) > most_distortion) return std::nullopt;

  const bool turned = page.rotate % 180 != 0;
  const double view_width = turned ? page.crop.height() : page.crop.width();
  const double view_height = turned ? page.crop.width() : page.crop.height();
  const double across = swapped ? height : width, down = swapped ? width : height;  // oriented pixels
  const double left = std::min(pixel.e, pixel.e + unit_x * across), right = std::max(pixel.e, pixel.e + unit_x * across);
  const double top = std::min(pixel.f, pixel.f + unit_y * down), bottom = std::max(pixel.f, pixel.f + unit_y * down);
  const double seen_width = std::min(right, view_width) - std::max(left, 0.0);
  const double seen_height = std::min(bottom, view_height) - std::max(top, 0.0);
  if (seen_width <= 0 || seen_height <= 0 || seen_width * seen_height < least_cover * view_width * view_height) return std::nullopt;

  PageImage image;
  image.object = painted.object;
  image.orientation = {swapped, unit_x < 0, unit_y < 0};
  image.across_px = static_cast<int>(across);
  image.down_px = static_cast<int>(down);
  const auto pixels = [](double units, double unit) { return static_cast<int>(std::lround(units / std::abs(unit))); };
  image.crop_x0 = pixels(std::max(0.0, -left), unit_x);
  image.crop_y0 = pixels(std::max(0.0, -top), unit_y);
  image.crop_x1 = std::min(static_cast<int>(across), image.crop_x0 + std::max(1, pixels(seen_width, unit_x)));
  image.crop_y1 = std::min(static_cast<int>(down), image.crop_y0 + std::max(1, pixels(seen_height, unit_y)));
  if (image.width_px() < 1 || image.height_px() < 1) return std::nullopt;
  const double x_unit = std::abs(unit_x), y_unit = std::abs(unit_y);
  image.place.x0 = left + image.crop_x0 * x_unit;
  image.place.y0 = top + image.crop_y0 * y_unit;
  image.place.x1 = image.place.x0 + image.width_px() * x_unit;
  image.place.y1 = image.place.y0 + image.height_px() * y_unit;
  image.dpi = 72 / (std::abs(unit_x) * page.user_unit);
  return image;
}

}  // namespace pecia::page
