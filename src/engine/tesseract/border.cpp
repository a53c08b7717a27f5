#include <algorithm>
#include <array>
#include <functional>

#include "tesseract/page_layout.hpp"

namespace pecia::engine {
namespace {

/// Darker than this share of the paper is border, and lighter than that is no ink.
constexpr double border_shade = 0.45, ink_shade = 0.7;
constexpr int least_paper_gray = 110;  ///< a page whose paper is darker is a negative or a picture
constexpr double median_share = 0.5;
/// A border is no wider, of the image's side; and one that is thinner than the second does no harm.
constexpr double widest_border = 0.2, thinnest_border = 0.004;
constexpr double most_light_outside = 0.01;  ///< of the side: a light line around the border
constexpr double dark_line = 0.6;            ///< of its length is dark
constexpr int most_runs = 6;            ///< of dark pixels in a line of a border; letters make more
constexpr double widest_corner = 0.03;  ///< of the side: 1.7 degrees of slant

/// A row or a column of an image: `at(n)` for n in [0, length).
struct PixelLine {
  int length = 0;
  std::function<int(int)> at;
};

enum class Kind {
  light,
  corner,  ///< dark at an end or both, and nothing else: what a slanted border leaves
  border,
  ink,
  written,  ///< dark, with letters in it
};

Kind kind_of(const PixelLine& line, int paper) {
  int dark = 0, runs = 0, inky = 0, first_run = 0, last_run = 0, run = 0;
  for (int n = 0; n < line.length; ++n) {
    const int gray = line.at(n);
    if (gray < paper * ink_shade) ++inky;
    if (gray >= paper * border_shade) {
      run = 0;
      continue;
    }
    if (run++ == 0) ++runs;
    ++dark;
    if (run == n + 1) first_run = run;
    if (n + 1 == line.length) last_run = run;
  }
  if (dark >= dark_line * line.length) return runs <= most_runs ? Kind::border : Kind::written;
  const int ends = first_run + last_run;
  constexpr int blurred = 6;  // pixels between the dark and the light ones
  if (ends > 0 && inky <= ends + blurred) return Kind::corner;
  return inky > 1 ? Kind::ink : Kind::light;
}

int median_gray_of(Pix* gray) {
  std::array<int, 256> histogram{};
  const int width = pixGetWidth(gray), height = pixGetHeight(gray);
  int total = 0;
  for (int y = height / 5; y < height - height / 5; ++y) {
    const l_uint32* row = pixGetData(gray) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(gray);
    for (int x = width / 5; x < width - width / 5; ++x, ++total) ++histogram[GET_DATA_BYTE(row, x)];
  }
  int seen = 0, level = 0;
  while (level < 255 &&
         seen + histogram[static_cast<std::size_t>(level)] < median_share * total)
    seen += histogram[static_cast<std::size_t>(level++)];
  return level;
}

using Lines = std::function<PixelLine(int)>;

/// How many of `side` lines, counted from an edge, are border.
int border_lines(const Lines& line, int side, int paper) {
  const int limit = static_cast<int>(widest_border * side);
  int end = 0;
  for (int n = 0; n < limit; ++n) {
    const auto kind = kind_of(line(n), paper);
    if (kind == Kind::border) {
      end = n + 1;
    } else if (kind == Kind::written) {
      return 0;
    } else if (kind == Kind::ink || end > 0 || n > most_light_outside * side) {
      return end >= thinnest_border * side ? end : 0;
    }
  }
  return 0;  // so wide: a picture
}

/// Lines behind a border through which it slants.
int corner_lines(const Lines& line, int side, int paper) {
  const int limit = static_cast<int>(widest_corner * side);
  int n = 0;
  while (n < limit && kind_of(line(n), paper) == Kind::corner) ++n;
  return n;
}

}  // namespace

Area page_area(Pix* gray) {
  const int width = pixGetWidth(gray), height = pixGetHeight(gray);
  Area area{0, 0, width, height};
  const int paper = median_gray_of(gray);
  if (paper < least_paper_gray) return area;
  const auto at = [&](int x, int y) {
    return static_cast<int>(
        GET_DATA_BYTE(pixGetData(gray) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(gray), x));
  };
  const auto column = [&](int x) {
    return PixelLine{area.y1 - area.y0, [&at, &area, x](int n) { return at(x, area.y0 + n); }};
  };
  const auto row = [&](int y) {
    return PixelLine{area.x1 - area.x0, [&at, &area, y](int n) { return at(area.x0 + n, y); }};
  };
  const Lines from_left = [&](int n) { return column(area.x0 + n); };
  const Lines from_right = [&](int n) { return column(area.x1 - 1 - n); };
  const Lines from_top = [&](int n) { return row(area.y0 + n); };
  const Lines from_bottom = [&](int n) { return row(area.y1 - 1 - n); };
  // Twice: the rest of a line is seen for what it is when the borders at its ends are gone.
  for (int round = 0; round < 2; ++round) {
    if (area.x0 == 0) area.x0 = border_lines(from_left, width, paper);
    if (area.x1 == width) area.x1 -= border_lines(from_right, width, paper);
    if (area.y0 == 0) area.y0 = border_lines(from_top, height, paper);
    if (area.y1 == height) area.y1 -= border_lines(from_bottom, height, paper);
  }
  if (area.x0 > 0) area.x0 += corner_lines(from_left, width, paper);
  if (area.x1 < width) area.x1 -= corner_lines(from_right, width, paper);
  if (area.y0 > 0) area.y0 += corner_lines(from_top, height, paper);
  if (area.y1 < height) area.y1 -= corner_lines(from_bottom, height, paper);
  return area;
}

}  // namespace pecia::engine
