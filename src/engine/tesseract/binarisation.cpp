#include "tesseract/binarisation.hpp"

namespace pecia::engine {
namespace {

/// Paper is at 200 after normalisation: what is lighter than `white` becomes paper, and darker than `black`, full ink.
constexpr int black = 70, white = 190;
constexpr float gamma = 1;

}  // namespace

std::string_view name(Binarisation binarisation) noexcept {
  switch (binarisation) {
    case Binarisation::bilevel: return "bilevel";
    case Binarisation::otsu: return "otsu";
    case Binarisation::whitened: return "whitened";
    case Binarisation::sauvola: break;
  }
  return "sauvola";
}

PixPointer whitened(Pix* pix) {
  constexpr const char* no_memory = "no memory to make the page's paper white";
  const auto gray = checked(pixGetDepth(pix) == 8 ? pixClone(pix) : pixConvertRGBToLuminance(pix), no_memory);
  return checked(pixCleanBackgroundToWhite(gray.get(), nullptr, nullptr, gamma, black, white), no_memory);
}

}  // namespace pecia::engine
