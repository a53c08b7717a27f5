#include "tesseract/ways.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "tesseract/marks.hpp"
#include "tesseract/paper.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/skew.hpp"
#include "tesseract_request.hpp"

namespace pecia::engine {
namespace {

constexpr int ways_longest_px = 1800;
/// Of 255 gray values: clearly ink.
constexpr int letter_contrast = 80;
constexpr double fullest_letter = 0.8;
constexpr int widest_letter = 4;  ///< times its height
constexpr std::size_t fewest_letters = 30, enough_letters = 600;
constexpr int bands = 8;  ///< of the page's height, from each of which letters are taken
/// Tesseract's models see lines 36 pixels high (those of `tessdata_fast`), in which an x has about 18: larger letters
/// cost time in layout analysis and are made smaller anyway, with less care.
constexpr double best_letter_px = 18, large_letter_px = 25, small_letter_px = 13;
constexpr double least_scale = 0.3, most_scale = 2;
/// Of an enlarged page: at some 18 bytes a pixel it is read in 400 MB.
constexpr double most_enlarged_px = 20e6;
constexpr double least_enlargement = 1.1;  ///< below, it would be the same page again
constexpr double largest_reduction = 0.69;  ///< Leptonica averages areas below .7, and interpolates above
constexpr int automatic = 3, one_block = 6;
/// Gray values, as those of `even_paper`: pages that a program made have none of either, photographed paper varies by 13 to 41.
constexpr double fine_grain = 0.9;
/// On darker paper, which may be a negative, nothing is known of what whitening does.
constexpr int least_light_paper = 110;

double median_height(const Gray& gray, const Paper& paper) {
  const auto dark = dark_of(gray, paper, letter_contrast);
  std::vector<int> heights;
  for (int band = 0; band < bands; ++band) {
    const int top = gray.height * band / bands, bottom = gray.height * (band + 1) / bands;
    if (top == bottom) continue;
    Marks marks{cut_out(dark.get(), 0, top, gray.width, bottom).pix};
    // What the bands above had too few of, this one may have more.
    while (heights.size() < enough_letters * static_cast<std::size_t>(band + 1) / bands) {
      const auto mark = marks.next();
      if (!mark) break;
      if (mark->fill < fullest_letter && mark->x1 - mark->x0 < widest_letter * mark->height())
        heights.push_back(mark->height());
    }
  }
  if (heights.size() < fewest_letters) return 0;
  const auto middle = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
  std::ranges::nth_element(heights, middle);
  return *middle;
}

/// 1: not at all.
double enlargement_of(const PageLook& look) {
  if (look.letter_px <= 0 || look.letter_px >= small_letter_px) return 1;
  double scale = std::min(most_scale, best_letter_px / look.letter_px);
  const double pixels = static_cast<double>(look.width_px) * look.height_px;
  const int side_px = std::max(look.width_px, look.height_px);
  if (side_px > 0)
    scale = std::min({scale, std::sqrt(most_enlarged_px / pixels), static_cast<double>(tesseract_longest_side_px) / (side_px + 1)});
  return scale < least_enlargement ? 1 : scale;
}

}  // namespace

PageLook look_at(Pix* pix) {
  const auto small = reduced(pix, ways_longest_px);
  const Gray gray{small.gray.get()};
  const Paper paper{gray};
  PageLook look;
  look.bilevel = pixGetDepth(pix) == 1;
  look.width_px = pixGetWidth(pix);
  look.height_px = pixGetHeight(pix);
  look.paper = paper.overall();
  look.paper_variation = paper.variation();
  look.grain = noise_of(gray);
  look.dark_areas = paper.dark_tiles() > 0 || look.paper < least_light_paper;
  look.letter_px = small.factor * median_height(gray, paper);
  return look;
}

Way way_for(const PageLook& look, int reading) {
  Way way;
  const bool uneven = look.paper_variation > even_paper || look.grain > fine_grain;
  const bool whiten = uneven && look.paper >= least_light_paper;
  way.binarisation = look.bilevel ? Binarisation::bilevel : whiten ? Binarisation::whitened : Binarisation::otsu;
  way.segmentation = automatic;
  if (look.letter_px > large_letter_px) way.scale = std::clamp(best_letter_px / look.letter_px, least_scale, largest_reduction);
  way.inverted = look.dark_areas || reading > 0;
  if (reading == 0) return way;
  std::vector<Way> others;
  if (const double scale = enlargement_of(look); scale > 1) {
    others.push_back(way);
    others.back().scale = scale;
  }
  if (!look.bilevel) {
    others.push_back(way);
    others.back().binarisation = Binarisation::sauvola;
  }
  for (const int segmentation : {one_column, one_block}) {
    others.push_back(way);
    others.back().segmentation = segmentation;
  }
  return others[std::min(static_cast<std::size_t>(reading), others.size()) - 1];
}

PixPointer prepared(Pix* pix, const Way& way) {
  constexpr const char* no_memory = "no memory to scale the page";
  PixPointer page{pixClone(pix)};
  if (std::abs(way.scale - 1) > 0.01) {
    const auto gray = checked(pixConvertTo8(pix, 0), no_memory);
    const auto scale = static_cast<l_float32>(way.scale);
    // `pixScale` sharpens what it made smaller, which a page of black and white does not need and is read a little worse for.
    const bool plain = pixGetDepth(pix) == 1 && way.scale < 1;
    page = checked(plain ? pixScaleAreaMap(gray.get(), scale, scale) : pixScale(gray.get(), scale, scale), no_memory);
  }
  return way.binarisation == Binarisation::whitened ? whitened(page.get()) : std::move(page);
}

}  // namespace pecia::engine
