#pragma once

#include <leptonica/allheaders.h>

#include <memory>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/page/image.hpp"

namespace pecia::engine {

struct FreePix {
  void operator()(Pix* pix) const { pixDestroy(&pix); }
};
using PixPointer = std::unique_ptr<Pix, FreePix>;

/// Memory is short for a page: a smaller image of it, or the page alone, may be read.
class MemoryError : public Error {
 public:
  using Error::Error;
};

/// What Leptonica made of an image whose sides it takes. Throws `MemoryError` where it is nothing: there is no other
/// cause left. `problem`: "no memory to ...".
[[nodiscard]] PixPointer checked(Pix* pix, std::string_view problem, Here where = Here::now());

/// Dots an inch that a page may have: what an image says, or 300 where that can be none of a scan.
[[nodiscard]] int plausible_dpi(double dpi);
inline constexpr int least_plausible_dpi = 70;

/// A copy in Leptonica's form: 1, 8 or 32 bits a pixel. Throws `MemoryError`.
[[nodiscard]] PixPointer to_pix(const page::Image& image);

}  // namespace pecia::engine
