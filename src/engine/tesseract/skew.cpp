#include "tesseract/skew.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <numbers>

#include "pecia/base/error.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/transforms.hpp"

namespace pecia::engine {
namespace {

constexpr float sweep_range_degrees = 10, sweep_step_degrees = 1, finest_step_degrees = 0.02F;
constexpr int sweep_reduction = 2, search_reduction = 1;
/// Leptonica's measure: how much more rows differ at the best angle than at the worst. It would
/// have 3; from 1.5 on every angle was right on 23 scans turned by seven angles
/// (docs/performance.md).
constexpr float least_confidence = 1.5;

PixPointer checked_turned(Pix* pix) { return checked(pix, "no memory to turn the page's image"); }

/// The commonest gray: what comes in at the corners must have no edge that looks like a rule.
l_uint32 commonest_gray_of(Pix* gray) {
  constexpr int every = 8;
  const std::unique_ptr<Numa, decltype([](Numa* numbers) { numaDestroy(&numbers); })> histogram{
      pixGetGrayHistogram(gray, every)};
  float most = 0;
  int level = 255;
  if (histogram) numaGetMax(histogram.get(), &most, &level);
  return static_cast<l_uint32>(level);
}

int margin(double needed, int there) {
  return std::max(0, static_cast<int>(std::ceil((needed - there) / 2)));
}

}  // namespace

Skew skew_of(Pix* gray) {
  const auto ink = ink_of(gray);
  float degrees = 0, confidence = 0;
  if (pixFindSkewSweepAndSearch(ink.get(), &degrees, &confidence, sweep_reduction, search_reduction,
                                sweep_range_degrees, sweep_step_degrees, finest_step_degrees) != 0)
    return {};
  return {static_cast<double>(degrees), confidence >= least_confidence};
}

Size size_turned(Size size, double degrees) {
  const double radians = degrees * std::numbers::pi / 180;
  const double c = std::cos(radians), s = std::abs(std::sin(radians));
  // Even margins, so that the middle stays the middle.
  return {size.width_px + 2 * margin(size.width_px * c + size.height_px * s, size.width_px),
          size.height_px + 2 * margin(size.width_px * s + size.height_px * c, size.height_px)};
}

Moved turned(Pix* pix, double degrees) {
  const auto gray = checked_turned(pixConvertTo8(pix, 0));
  const int width = pixGetWidth(pix), height = pixGetHeight(pix);
  const double radians = degrees * std::numbers::pi / 180;
  const double c = std::cos(radians), s = std::sin(radians);
  const auto size = size_turned({width, height}, degrees);
  const int left = (size.width_px - width) / 2, top = (size.height_px - height) / 2;
  const auto paper = commonest_gray_of(gray.get());
  const auto larger = checked_turned(pixCreate(size.width_px, size.height_px, 8));
  pixSetAllArbitrary(larger.get(), paper);
  pixRasterop(larger.get(), left, top, width, height, PIX_SRC, gray.get(), 0, 0);
  auto made = checked_turned(
      pixRotateAMGray(larger.get(), static_cast<float>(radians), static_cast<l_uint8>(paper)));
  const int x = pixGetWidth(made.get()) / 2,
            y = pixGetHeight(made.get()) / 2;  // what it turns about
  const page::Affine to_larger{{c, -s, s, c, x - c * x - s * y, y + s * x - c * y}};
  return {std::move(made), composed(moved_by(-left, -top), to_larger)};
}

Moved turned_quarters(Pix* pix, int quarters) {
  return {checked_turned(pixRotateOrth(pix, quarters & 3)),
          turned_by(quarters, pixGetWidth(pix), pixGetHeight(pix))};
}

Moved cut_out(Pix* pix, int x0, int y0, int x1, int y1) {
  require(
      x0 >= 0 && y0 >= 0 && x0 < x1 && y0 < y1 && x1 <= pixGetWidth(pix) && y1 <= pixGetHeight(pix),
      "a part of a page reaches beyond it");
  const std::unique_ptr<Box, decltype([](Box* box) { boxDestroy(&box); })> box{
      boxCreate(x0, y0, x1 - x0, y1 - y0)};
  return {checked_turned(pixClipRectangle(pix, box.get(), nullptr)), moved_by(x0, y0)};
}

}  // namespace pecia::engine
