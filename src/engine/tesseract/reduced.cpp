#include "tesseract/reduced.hpp"

#include <algorithm>

#include "tesseract/marks.hpp"
#include "tesseract/paper.hpp"

namespace pecia::engine {
namespace {

constexpr int sauvola_half_window_px = 12;
constexpr float sauvola_factor = 0.25F;  ///< lower than for reading: faint letters count, too
constexpr int least_ink_px = 3;
constexpr int least_reduced_side_px = 16;  ///< of a reduced page: of a strip less than a line's height would be left
constexpr double even_contrast = 60;  ///< of 255
/// Of the image's side; what is larger is a picture, a rule or a border.
constexpr int largest_letter_share = 6;

PixPointer checked_reduced(Pix* pix) { return checked(pix, "no memory to look at the page's layout"); }

/// Bilevel images come out with half of the gray levels that their pixels make.
PixPointer gray_of_bilevel(Pix* pix, int factor) {
  switch (factor) {
    case 1:
      return checked_reduced(pixConvert1To8(nullptr, pix, 255, 0));
    case 2:
      return checked_reduced(pixScaleToGray2(pix));
    case 4:
      return checked_reduced(pixScaleToGray4(pix));
    case 8:
      return checked_reduced(pixScaleToGray8(pix));
    default:
      return checked_reduced(pixScaleToGray16(pix));
  }
}

/// In a fourth of the time where the paper is even, as on bilevel pages.
PixPointer all_ink_of(Pix* gray) {
  const Gray pixels{gray};
  const Paper paper{pixels};
  if (paper.variation() <= even_paper) return dark_of(pixels, paper, even_contrast);
  Pix* made = nullptr;
  pixSauvolaBinarize(gray, sauvola_half_window_px, sauvola_factor, 1, nullptr, nullptr, nullptr, &made);
  return checked_reduced(made);
}

}  // namespace

Reduced reduced(Pix* pix, int longest_px) {
  const bool bilevel = pixGetDepth(pix) == 1;
  const int longest = std::max(pixGetWidth(pix), pixGetHeight(pix));
  const int shortest = std::min(pixGetWidth(pix), pixGetHeight(pix));
  int factor = 1;
  while (longest / factor > longest_px && factor < 16 && shortest / (2 * factor) >= least_reduced_side_px) factor *= 2;
  if (bilevel) return {gray_of_bilevel(pix, factor), factor};
  auto gray = checked_reduced(pixGetDepth(pix) == 8 ? pixClone(pix) : pixConvertRGBToLuminance(pix));
  for (int done = 1; done < factor; done *= 2) gray = checked_reduced(pixScaleAreaMap2(gray.get()));
  return {std::move(gray), factor};
}

PixPointer ink_of(Pix* gray) {
  const int width = pixGetWidth(gray), height = pixGetHeight(gray);
  if (std::min(width, height) < 2 * sauvola_half_window_px + 2)
    return checked_reduced(pixCreate(width, height, 1));
  const auto ink = all_ink_of(gray);
  const auto letters = checked_reduced(pixSelectBySize(ink.get(), width / largest_letter_share,
                                                       height / largest_letter_share, 8, L_SELECT_IF_BOTH,
                                                       L_SELECT_IF_LTE, nullptr));
  return checked_reduced(pixSelectBySize(letters.get(), least_ink_px, least_ink_px, 8,
                                         L_SELECT_IF_EITHER, L_SELECT_IF_GTE, nullptr));
}

}  // namespace pecia::engine
