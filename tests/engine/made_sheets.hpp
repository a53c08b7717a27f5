#pragma once

#include <string>

#include "leptonica_image.hpp"

// Pages made by code, 8 bits a pixel at 300 dots an inch, to see what is taken for blank.
namespace pecia::test {

struct Sheet {
  unsigned seed = 1;
  int width_px = 1240, height_px = 1754;
  int paper = 225;          ///< gray of the paper
  double grain = 3;         ///< its standard deviation
  int shading = 0;          ///< gray values that one side is darker
  int dust = 0;             ///< specks of up to 5 pixels
  int show_through = 0;     ///< contrast of the mirrored, blurred text of the other side
  int border_px = 0;        ///< dark edge of the scanner on two sides
  bool fold = false;        ///< a soft dark line from top to bottom
  std::string text;         ///< a line of it near the foot
  int ink = 40;             ///< its gray
  bool stamp = false;       ///< a ring with letters, in lighter ink
  bool picture = false;     ///< half of the page is a smooth dark picture
};

/// Throws `Error` when memory is short.
[[nodiscard]] engine::PixPointer made(const Sheet& sheet);

}  // namespace pecia::test
