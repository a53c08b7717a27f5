#pragma once

#include <string>

#include "leptonica_image.hpp"
#include "tesseract/binarisation.hpp"

namespace pecia::engine {

/// What is seen of a page before it is read.
struct PageLook {
  bool bilevel = false;
  int paper = 255;          ///< gray of most of the page
  int paper_variation = 0;  ///< gray values between its darker and its lighter parts
  double grain = 0;         ///< standard deviation of the paper's gray between neighbouring pixels
  bool dark_areas = false;  ///< places that are mostly ink: letters may be lighter than what is around them
  int width_px = 0, height_px = 0;
  double letter_px = 0;     ///< median height of what look like letters, over the whole page, about that of an x; 0 if there are few
};

/// `pix`: 1, 8 or 32 bits a pixel. Throws `MemoryError`.
[[nodiscard]] PageLook look_at(Pix* pix);

inline constexpr int one_column = 4;  ///< a segmentation: lines go across the page

/// How a page is read.
struct Way {
  Binarisation binarisation = Binarisation::otsu;
  int segmentation = 3;  ///< Tesseract's --psm: 3 automatic, 4 one column of lines of varying size, 6 one block of lines
  double scale = 1;      ///< of the pixels that are read
  bool inverted = false; ///< lines are tried as light letters on dark ground, too
  friend bool operator==(const Way&, const Way&) = default;
};

/// The usual way (`reading` 0), or the n-th other one for a page that was read poorly, by what it looks like: enlarged
/// if its letters are small and it is not so large that this would take much memory, binarised otherwise if it is gray, then other ideas of its layout.
[[nodiscard]] Way way_for(const PageLook& look, int reading);

/// The page as `way` wants it: scaled, and its paper whitened. `pix` as above. Throws `MemoryError`.
[[nodiscard]] PixPointer prepared(Pix* pix, const Way& way);

}  // namespace pecia::engine
