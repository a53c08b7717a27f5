#pragma once

#include "leptonica_image.hpp"
#include "pecia/page/image.hpp"

namespace pecia::engine {

/// Of an image in which skew is looked for.
constexpr int skew_longest_px = 1800;

/// How far the lines of a page rise or fall.
struct Skew {
  double degrees = 0;  ///< to turn the page clockwise by, so that they lie level
  bool sure = false;   ///< they agree well enough to act upon
};

/// From -10 to 10 degrees (Leptonica: the angle at which the rows' ink differs most from row to
/// row). `gray`: as `reduced` makes it.
[[nodiscard]] Skew skew_of(Pix* gray);

/// An image, and where its pixels were.
struct Moved {
  PixPointer pix;
  page::Affine to_before;
};

struct Size {
  int width_px = 0, height_px = 0;
};
/// Of an image that `turned` makes of one of this size.
[[nodiscard]] Size size_turned(Size size, double degrees);

/// Turned clockwise about its middle; what comes in at the corners is paper, and nothing is cut
/// off. Gray, since a bilevel image would get ragged letters. Throws `MemoryError`.
[[nodiscard]] Moved turned(Pix* pix, double degrees);
/// Turned clockwise by so many quarters, exactly.
[[nodiscard]] Moved turned_quarters(Pix* pix, int quarters);
/// A part of it. Requires a part within it.
[[nodiscard]] Moved cut_out(Pix* pix, int x0, int y0, int x1, int y1);

}  // namespace pecia::engine
