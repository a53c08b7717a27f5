#include "xml_places.hpp"

#include <algorithm>
#include <cmath>

namespace pecia::exporting {
namespace {

constexpr float most_px = 1 << 24;  ///< floats count pixels up to here

int within(float value, int limit) { return static_cast<int>(std::clamp(value, 0.F, limit > 0 ? static_cast<float>(limit) : most_px)); }

int pixels(float length) { return within(std::ceil(length), 0); }

}  // namespace

PixelSize size_of(const merge::PageModel& page, const WriteContext& context) {
  if (page.width_px > 0 && page.height_px > 0) return {pixels(page.width_px), pixels(page.height_px)};
  if (context.listed == nullptr || page.number == 0 || page.number > context.listed->pages.size()) return {};
  const auto& evidence = context.listed->pages[page.number - 1];
  return {pixels(evidence.width_px), pixels(evidence.height_px)};
}

PixelBox pixel_box(const result::Box& box, PixelSize page) {
  const auto [left, right] = std::minmax(box.x0, box.x1);
  const auto [top, bottom] = std::minmax(box.y0, box.y1);
  return {within(std::floor(left), page.width), within(std::floor(top), page.height), within(std::ceil(right), page.width),
          within(std::ceil(bottom), page.height)};
}

std::optional<PixelBox> place_of(const merge::Block& block, PixelSize page) {
  if (!block.placed) return std::nullopt;
  return pixel_box(block.box, page);
}

std::optional<PixelBox> place_of(const merge::Line& line, PixelSize page) {
  if (!line.placed) return std::nullopt;
  return pixel_box(line.box, page);
}

std::vector<PixelBox> parts_of(const merge::Block& block, PixelSize page) {
  std::vector<PixelBox> parts;
  if (!block.placed) return parts;
  if (block.boxes.empty()) parts.push_back(pixel_box(block.box, page));
  for (const auto& box : block.boxes) parts.push_back(pixel_box(box, page));
  return parts;
}

PixelBox surrounding(const PixelBox& a, const PixelBox& b) {
  return {std::min(a.x0, b.x0), std::min(a.y0, b.y0), std::max(a.x1, b.x1), std::max(a.y1, b.y1)};
}

bool is_above(const merge::Block& block, PixelSize page) {
  if (const auto place = place_of(block, page); place && page.known()) return place->y0 + place->y1 < page.height;
  if (block.label == "header" || block.label == "footer") return block.label == "header";
  return block.role != merge::Role::catchword && block.role != merge::Role::signature;
}

}  // namespace pecia::exporting
