#pragma once

#include <string_view>

#include "leptonica_image.hpp"

namespace pecia::engine {

/// How the ink of a page is told from its paper.
enum class Binarisation {
  bilevel,   ///< it comes so
  otsu,      ///< one threshold for the page: the fastest, and as good as any where the paper is even
  whitened,  ///< the paper is made white first, and with it its shadows, grain and what shines through; then Otsu
  sauvola,   ///< a threshold for every pixel, from the mean and the deviation around it
};
[[nodiscard]] std::string_view name(Binarisation binarisation) noexcept;

/// The page with white paper, in 8-bit gray (Leptonica's background normalisation, and a tone curve that puts an end to
/// what is only a little darker than the paper). `pix`: 8 or 32 bits a pixel. Throws `MemoryError`.
[[nodiscard]] PixPointer whitened(Pix* pix);

}  // namespace pecia::engine
