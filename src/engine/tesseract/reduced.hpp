#pragma once

#include "leptonica_image.hpp"

namespace pecia::engine {

/// A page made small, to look at as a whole: in 8-bit gray, by a power of two.
struct Reduced {
  PixPointer gray;
  int factor = 1;  ///< pixels of the page for one of these
};

/// Until its longer side is at most `longest_px`, or the other one would be a few pixels. `pix`: 1, 8 or 32 bits a pixel. Throws
/// `MemoryError`.
[[nodiscard]] Reduced reduced(Pix* pix, int longest_px);

/// What is clearly darker than its surroundings (Sauvola), without specks and without what is no
/// letter: borders, pictures, long rules. 1 bit a pixel, 1 = ink.
[[nodiscard]] PixPointer ink_of(Pix* gray);

}  // namespace pecia::engine
