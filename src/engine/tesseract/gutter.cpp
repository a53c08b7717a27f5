#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "tesseract/page_layout.hpp"
#include "tesseract/reduced.hpp"

namespace pecia::engine {
namespace {

// All lengths are shares of the area's width, if nothing else is said.
constexpr double least_aspect = 1.1, least_aspect_without_fold = 1.2;  ///< width / height
constexpr double middle_from = 0.38, middle_to = 0.62;
constexpr double least_band = 0.03, least_band_without_fold = 0.06;
/// Without a fold: an empty band within a side is at most this share of the gutter.
constexpr double widest_other = 0.67;
constexpr double dust_share = 0.003;  ///< of the area's height: ink that an empty column may have
constexpr int least_lines = 4;        ///< of text, on each side
constexpr double inky_row = 0.03;     ///< of a strip's width: ink in a row of letters
constexpr int slice_rows = 32;
constexpr double fold_depth = 0.1;          ///< of the paper's brightness
constexpr double fold_reach = 0.06;         ///< paper is to be seen so near
constexpr double fold_slices = 0.7;         ///< of all slices show it
constexpr double least_fold_width = 0.005;  ///< at half its depth: a rule is sharper
constexpr double fold_straightness = 0.015;
constexpr double fold_half_width = 0.012;

struct Band {
  int begin = 0, end = 0;
  [[nodiscard]] int width() const { return end - begin; }
};

/// Looks at one area of an image.
class Looking {
 public:
  Looking(Pix* gray, const Area& area)
      : gray_{gray},
        area_{area},
        ink_{ink_of(gray)},
        w_{area.x1 - area.x0},
        h_{area.y1 - area.y0} {}

  [[nodiscard]] std::optional<Gutter> gutter(bool scanned) const {
    const auto fold = find_fold();
    if (!fold && (!scanned || w_ < least_aspect_without_fold * h_)) return std::nullopt;
    const auto bands = empty_bands(fold);
    const auto* middle = widest_in_the_middle(bands);
    if (!middle || middle->width() < (fold ? least_band : least_band_without_fold) * w_)
      return std::nullopt;
    if (fold && (*fold < middle->begin || *fold >= middle->end)) return std::nullopt;
    if (!fold && parts_columns(bands, *middle)) return std::nullopt;
    if (lines({0, middle->begin}) < least_lines || lines({middle->end, w_}) < least_lines)
      return std::nullopt;
    const int x = fold ? *fold : (middle->begin + middle->end) / 2;
    return Gutter{area_.x0 + x,
                  fmt::format("{:.1f} % of the width without ink{}", 100.0 * middle->width() / w_,
                              fold ? ", and the shadow of a fold" : "")};
  }

 private:
  [[nodiscard]] int gray_at(int x, int y) const {
    return static_cast<int>(GET_DATA_BYTE(
        pixGetData(gray_) + static_cast<std::ptrdiff_t>(area_.y0 + y) * pixGetWpl(gray_),
        area_.x0 + x));
  }
  [[nodiscard]] bool ink_at(int x, int y) const {
    return GET_DATA_BIT(pixGetData(ink_.get()) +
                            static_cast<std::ptrdiff_t>(area_.y0 + y) * pixGetWpl(ink_.get()),
                        area_.x0 + x) != 0;
  }

  /// Brightness of a column's paper in some rows: letters do not reach the upper quartile.
  [[nodiscard]] int paper_at(int x, int row) const {
    std::array<int, slice_rows> values{};
    for (int n = 0; n < slice_rows; ++n) values[static_cast<std::size_t>(n)] = gray_at(x, row + n);
    const auto quartile = values.begin() + slice_rows * 3 / 4;
    std::ranges::nth_element(values, quartile);
    return *quartile;
  }

  /// The column of a shadow that runs down the middle, where there is one.
  [[nodiscard]] std::optional<int> find_fold() const {
    const int from = static_cast<int>(middle_from * w_), to = static_cast<int>(middle_to * w_);
    const int reach = static_cast<int>(fold_reach * w_);
    std::vector<int> found;
    int slices = 0;
    for (int row = 0; row + slice_rows <= h_; row += slice_rows, ++slices) {
      std::vector<int> paper;
      for (int x = from - reach; x < to + reach; ++x) paper.push_back(paper_at(x, row));
      const auto darkest = std::min_element(paper.begin() + reach, paper.end() - reach);
      const int before = *std::max_element(darkest - reach, darkest);
      const int behind = *std::max_element(darkest, darkest + reach);
      const int light = std::min(before, behind);
      const auto dark = std::count_if(darkest - reach, darkest + reach,
                                      [&](int level) { return 2 * level < light + *darkest; });
      if (*darkest <= (1 - fold_depth) * light &&
          static_cast<double>(dark) >= least_fold_width * w_)
        found.push_back(from - reach + static_cast<int>(darkest - paper.begin()));
    }
    const double needed = fold_slices * slices;
    if (slices == 0 || static_cast<double>(found.size()) < needed) return std::nullopt;
    const auto middle = found.begin() + static_cast<std::ptrdiff_t>(found.size() / 2);
    std::ranges::nth_element(found, middle);
    const int x = *middle;
    const auto astray = std::ranges::count_if(
        found, [&](int at) { return std::abs(at - x) > fold_straightness * w_; });
    if (static_cast<double>(found.size()) - static_cast<double>(astray) < needed)
      return std::nullopt;
    return x;
  }

  /// Columns without ink between the outermost ink on both sides. The fold itself is none.
  [[nodiscard]] std::vector<Band> empty_bands(std::optional<int> fold) const {
    const int dust = std::max(1, static_cast<int>(dust_share * h_));
    std::vector<Band> bands;
    int begin = 0;
    for (int x = 0; x <= w_; ++x) {
      const bool in_fold = fold && std::abs(x - *fold) <= fold_half_width * w_;
      if (x < w_ && (in_fold || ink_in_column(x) <= dust)) continue;
      // The first one and the last one are margins.
      if (x > begin && begin > 0 && x < w_) bands.push_back({begin, x});
      begin = x + 1;
    }
    return bands;
  }
  [[nodiscard]] int ink_in_column(int x) const {
    int ink = 0;
    for (int y = 0; y < h_; ++y) ink += ink_at(x, y) ? 1 : 0;
    return ink;
  }

  [[nodiscard]] const Band* widest_in_the_middle(const std::vector<Band>& bands) const {
    const Band* widest = nullptr;
    for (const auto& band : bands) {
      const double centre = (band.begin + band.end) / 2.0 / w_;
      if (centre < middle_from || centre > middle_to) continue;
      if (!widest || band.width() > widest->width()) widest = &band;
    }
    return widest;
  }

  [[nodiscard]] static bool parts_columns(const std::vector<Band>& bands, const Band& gutter) {
    return std::ranges::any_of(bands, [&](const Band& band) {
      return band.begin != gutter.begin && band.width() > widest_other * gutter.width();
    });
  }

  /// Lines of text within these columns: counted in strips, since a line may rise, and the strip
  /// with most counts.
  [[nodiscard]] int lines(const Band& columns) const {
    constexpr int strips = 5;
    int most = 0;
    for (int strip = 0; strip < strips; ++strip) {
      const int from = columns.begin + columns.width() * strip / strips;
      const int to = columns.begin + columns.width() * (strip + 1) / strips;
      int count = 0;
      bool inside = false;
      for (int y = 0; y < h_; ++y) {
        int ink = 0;
        for (int x = from; x < to; ++x) ink += ink_at(x, y) ? 1 : 0;
        const bool inky = ink >= inky_row * (to - from);
        if (inky && !inside) ++count;
        inside = inky;
      }
      most = std::max(most, count);
    }
    return most;
  }

  Pix* gray_;
  Area area_;
  PixPointer ink_;
  int w_, h_;
};

}  // namespace

std::optional<Gutter> gutter_of(Pix* gray, const Area& area, bool scanned) {
  constexpr int least_side_px = 100;
  const int width = area.x1 - area.x0, height = area.y1 - area.y0;
  if (std::min(width, height) < least_side_px || width < least_aspect * height) return std::nullopt;
  return Looking{gray, area}.gutter(scanned);
}

}  // namespace pecia::engine
