#pragma once

#include <leptonica/allheaders.h>

#include <memory>

#include "pecia/page/image.hpp"

namespace pecia::engine {

struct FreePix {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using PixPointer = std::unique_ptr<Pix, FreePix>;

/// A copy in Leptonica's form: 1, 8 or 32 bits a pixel. Throws `Error` when memory is short.
[[nodiscard]] PixPointer to_pix(const page::Image& image);

/// Whether there is practically nothing dark on the page: for pages without a word, to tell an empty
/// page from a picture.
[[nodiscard]] bool has_no_ink(const page::Image& image);

}  // namespace pecia::engine
