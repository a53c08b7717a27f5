#include "tesseract/marks.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tesseract/skew.hpp"

namespace pecia::engine {
namespace {

constexpr const char* no_memory = "no memory to look at the page's letters";

}  // namespace

PixPointer dark_of(const Gray& gray, const Paper& paper, double contrast) {
  auto dark = checked(pixCreate(gray.width, gray.height, 1), no_memory);
  for (int y = 0; y < gray.height; ++y) {
    l_uint32* bits = pixGetData(dark.get()) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(dark.get());
    const auto* line = gray.line(y);
    for (int left = 0; left < gray.width; left += Paper::tile_px) {
      // Lower than a number is lower than the next whole one.
      const int light = static_cast<int>(std::ceil(paper.at(left, y) - contrast));
      for (int x = left; x < std::min(left + Paper::tile_px, gray.width); ++x) {
        if (line[x] < light) SET_DATA_BIT(bits, x);
      }
    }
  }
  return dark;
}

Marks::Marks(PixPointer dark) : dark_{std::move(dark)}, left_{checked(pixCopy(nullptr, dark_.get()), no_memory)}, stack_{lstackCreate(0)} {
  if (stack_ == nullptr) throw MemoryError{no_memory};
}

Marks::~Marks() { lstackDestroy(&stack_, true); }

std::optional<Mark> Marks::next() {
  while (nextOnPixelInRaster(left_.get(), x_, y_, &x_, &y_) == 1) {
    Box* box = pixSeedfillBB(left_.get(), stack_, x_, y_, 8);
    l_int32 x = 0, y = 0, width = 0, height = 0;
    const bool found = box != nullptr && boxGetGeometry(box, &x, &y, &width, &height) == 0;
    boxDestroy(&box);
    if (!found) throw MemoryError{no_memory};
    if (height < least_letter_px || std::max(width, height) > largest_letter_px || width > 6 * height) continue;
    if (x > 0 && y > 0 && x + width < pixGetWidth(dark_.get()) && y + height < pixGetHeight(dark_.get()))
      return measured(x, y, width, height);
  }
  return std::nullopt;
}

Mark Marks::measured(int x, int y, int width, int height) const {
  const auto piece = cut_out(dark_.get(), x, y, x + width, y + height).pix;
  l_int32 area = 0;
  pixCountPixels(piece.get(), &area, nullptr);
  l_float32 area_to_edge = 0;
  pixFindAreaPerimRatio(piece.get(), nullptr, &area_to_edge);
  return {x, y, x + width, y + height, static_cast<double>(area) / (width * height), 2.0 * static_cast<double>(area_to_edge)};
}

}  // namespace pecia::engine
