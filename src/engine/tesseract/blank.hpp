#pragma once

#include <string>

#include "leptonica_image.hpp"

namespace pecia::engine {

/// Whether there is anything on a page to read.
struct Blankness {
  bool blank = false;
  std::string evidence;  ///< for a person
};

/// A page is blank that has no marks of the size and the sharpness of letters beside one another, nor one alone that
/// could be a numeral, nor a picture: paper, its shadows and stains, dust, dark borders, and what shines through from
/// the other side, which the paper blurs. In doubt a page is not blank: to read an empty one costs a moment, to leave
/// a written one unread costs its text. `pix`: 1, 8 or 32 bits a pixel. Throws `MemoryError`.
[[nodiscard]] Blankness blankness_of(Pix* pix);

}  // namespace pecia::engine
