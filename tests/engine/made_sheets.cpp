#include "engine/made_sheets.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <random>

#include "pecia/base/error.hpp"

namespace pecia::test {
namespace {

using engine::PixPointer;

constexpr int font_pt = 10;  // of Leptonica's bitmap font, at 300 dots an inch
constexpr const char* lines = "Ad hoc uero respondit et dixit quod non erat ita sicut scriptum est";

PixPointer owned(Pix* pix) {
  require(pix != nullptr, "Leptonica could not make an image");
  return PixPointer{pix};
}

void write(Pix* pix, const std::string& text, int x, int y, int ink) {
  L_Bmf* font = bmfCreate(nullptr, font_pt);
  require(font != nullptr, "Leptonica has no font");
  l_int32 width = 0, overflow = 0;
  pixSetTextline(pix, font, text.c_str(), static_cast<l_uint32>(ink), x, y, &width, &overflow);
  bmfDestroy(&font);
}

void darken(Pix* pix, int x, int y, double by) {
  l_uint32 gray = 0;
  if (pixGetPixel(pix, x, y, &gray) != 0) return;
  pixSetPixel(pix, x, y, static_cast<l_uint32>(std::clamp(gray - by, 0.0, 255.0)));
}

/// What the paper lets through: mirrored, and blurred by the paper.
PixPointer other_side(const Sheet& sheet) {
  auto text = owned(pixCreate(sheet.width_px, sheet.height_px, 8));
  pixSetAllArbitrary(text.get(), 255);
  for (int y = 200; y < sheet.height_px - 150; y += 60) write(text.get(), lines, 120, y, 255 - sheet.show_through);
  auto mirrored = owned(pixFlipLR(nullptr, text.get()));
  for (int times = 0; times < 3; ++times) mirrored = owned(pixBlockconv(mirrored.get(), 4, 4));
  return mirrored;
}

void add_paper(Pix* pix, const Sheet& sheet, std::mt19937& random) {
  std::normal_distribution<double> grain{0, sheet.grain};
  const auto other = other_side(sheet);
  for (int y = 0; y < sheet.height_px; ++y) {
    for (int x = 0; x < sheet.width_px; ++x) {
      l_uint32 through = 255;
      if (sheet.show_through > 0) pixGetPixel(other.get(), x, y, &through);
      const double shade = sheet.shading * static_cast<double>(x) / sheet.width_px;
      const double gray = sheet.paper - shade - (255 - static_cast<double>(through)) + grain(random);
      pixSetPixel(pix, x, y, static_cast<l_uint32>(std::clamp(gray, 0.0, 255.0)));
    }
  }
}

void add_dust(Pix* pix, const Sheet& sheet, std::mt19937& random) {
  std::uniform_int_distribution<int> across{0, sheet.width_px - 6}, down{0, sheet.height_px - 6}, size{1, 5}, gray{30, 120};
  for (int n = 0; n < sheet.dust; ++n) {
    const int x = across(random), y = down(random), width = size(random), height = size(random), dark = gray(random);
    for (int row = y; row < y + height; ++row) {
      for (int column = x; column < x + width; ++column) pixSetPixel(pix, column, row, static_cast<l_uint32>(dark));
    }
  }
}

void add_edges(Pix* pix, const Sheet& sheet) {
  for (int y = 0; y < sheet.height_px; ++y) {
    for (int x = 0; x < sheet.width_px; ++x) {
      if (x < sheet.border_px || y < sheet.border_px) pixSetPixel(pix, x, y, 15);
      if (sheet.fold) darken(pix, x, y, 70 * std::exp(-std::pow((x - sheet.width_px / 3.0) / 25, 2)));
      if (sheet.picture && y > sheet.height_px / 2) darken(pix, x, y, 120 + 60 * std::sin(x / 150.0));
    }
  }
}

void add_stamp(Pix* pix) {
  constexpr int middle_x = 600, middle_y = 700, ink = 110;
  for (int degrees = 0; degrees < 3600; ++degrees) {
    for (const double radius : {148.0, 150.0, 152.0}) {
      const double angle = degrees * std::numbers::pi / 1800;
      pixSetPixel(pix, middle_x + static_cast<int>(radius * std::cos(angle)), middle_y + static_cast<int>(radius * std::sin(angle)), ink);
    }
  }
  write(pix, "BIBLIOTHECA", middle_x - 110, middle_y, ink);
}

}  // namespace

PixPointer made(const Sheet& sheet) {
  std::mt19937 random{sheet.seed};
  auto pix = owned(pixCreate(sheet.width_px, sheet.height_px, 8));
  add_paper(pix.get(), sheet, random);
  add_edges(pix.get(), sheet);
  if (sheet.stamp) add_stamp(pix.get());
  if (!sheet.text.empty()) write(pix.get(), sheet.text, sheet.width_px / 2 - 20, sheet.height_px - 120, sheet.ink);
  // A scanner's lens blurs by about a pixel.
  pix = owned(pixBlockconv(pix.get(), 1, 1));
  add_dust(pix.get(), sheet, random);
  return pix;
}

}  // namespace pecia::test
