#include "tesseract/blank.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "pecia/base/error.hpp"
#include "tesseract/marks.hpp"
#include "tesseract/page_layout.hpp"
#include "tesseract/paper.hpp"
#include "tesseract/reduced.hpp"
#include "tesseract/skew.hpp"

namespace pecia::engine {
namespace {

/// Looked at with at most this many pixels a side, which is about 150 dots an inch: a numeral has 8 to 16.
constexpr int blank_longest_px = 1800;
/// Marks are darker than the paper by so much, of 255; and by so many times the noise of the paper.
constexpr double least_contrast = 25, least_contrast_in_noise = 5;
/// Ink whose edges are blurred may be a bad photograph's; show-through is not so dark.
constexpr double sure_contrast = 110;
/// The steepest step between neighbouring pixels, of the contrast: about .6 to 1 for ink, .1 to .25 for show-through.
constexpr double least_sharpness = 0.34;
/// Of a mark's box; a letter's lines leave some of it free, a speck of dust does not.
constexpr double fullest_lone_numeral = 0.72, least_stroke_px = 1.5;
constexpr std::size_t most_lone_marks = 200;
constexpr double least_picture_share = 0.2, picture_shade = 0.5;

/// Dark and sharp enough for ink.
bool is_ink(const Gray& gray, const Paper& paper, const Mark& mark) {
  int darkest = 255, steepest = 0;
  for (int y = mark.y0; y < mark.y1; ++y) {
    for (int x = mark.x0; x < mark.x1; ++x) {
      const int here = gray.at(x, y);
      darkest = std::min(darkest, here);
      if (x > 0) steepest = std::max(steepest, std::abs(here - gray.at(x - 1, y)));
      if (y > 0) steepest = std::max(steepest, std::abs(here - gray.at(x, y - 1)));
    }
  }
  const double contrast = paper.at(mark.x0, mark.y0) - darkest;
  return contrast >= sure_contrast || steepest >= least_sharpness * contrast;
}

/// As letters of a word are: of similar height, on one line, close together.
bool neighbours(const Mark& left, const Mark& right) {
  const auto [low, high] = std::minmax({left.height(), right.height()});
  const int shared = std::min(left.y1, right.y1) - std::max(left.y0, right.y0);
  const int gap = std::max(left.x0, right.x0) - std::min(left.x1, right.x1);
  return high <= 2 * low && 2 * shared >= low && gap <= 2 * high;
}

bool may_be_a_numeral(const Mark& mark) {
  return mark.fill <= fullest_lone_numeral && mark.stroke_px >= least_stroke_px && mark.height() >= least_letter_px + 2;
}

/// What speaks against a blank page, or nothing.
std::string found_on(const Gray& gray, const Paper& paper, double contrast) {
  Marks letters{dark_of(gray, paper, contrast)};
  std::vector<Mark> marks;
  while (const auto mark = letters.next()) {
    if (!is_ink(gray, paper, *mark)) continue;
    if (may_be_a_numeral(*mark)) return "a mark that may be a numeral";
    if (std::ranges::any_of(marks, [&](const Mark& other) { return neighbours(*mark, other); }))
      return "marks like letters side by side";
    marks.push_back(*mark);
    if (marks.size() > most_lone_marks) return "many marks of the size of letters";
  }
  int dark = 0;
  for (const auto pixel : gray.pixels) dark += pixel < picture_shade * paper.overall() ? 1 : 0;
  const auto share = static_cast<double>(dark) / static_cast<double>(gray.pixels.size());
  return share >= least_picture_share ? "a picture" : "";
}

}  // namespace

Blankness blankness_of(Pix* pix) {
  const auto small = reduced(pix, blank_longest_px);
  const auto page = page_area(small.gray.get());
  const auto inside = cut_out(small.gray.get(), page.x0, page.y0, page.x1, page.y1).pix;
  std::string seen;
  double contrast = 0;
  for (const bool negative : {false, true}) {
    if (negative) pixInvert(inside.get(), inside.get());
    const Gray gray{inside.get()};
    const Paper paper{gray};
    contrast = std::max(least_contrast, least_contrast_in_noise * noise_of(gray));
    seen = found_on(gray, paper, contrast);
    if (!seen.empty()) return {false, seen};
  }
  return {true, fmt::format("no mark like a letter differs from the paper by {:.0f} gray values of 255", contrast)};
}

}  // namespace pecia::engine
