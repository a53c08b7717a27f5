#include "tesseract/paper.hpp"

#include <algorithm>
#include <cstdlib>

namespace pecia::engine {
namespace {

constexpr double tile_paper_percentile = 0.8;
constexpr int white_gray = 255;

}  // namespace

Gray::Gray(Pix* pix) : width{pixGetWidth(pix)}, height{pixGetHeight(pix)} {
  pixels.resize(static_cast<std::size_t>(width) * static_cast<std::size_t>(height));
  auto* to = pixels.data();
  for (int y = 0; y < height; ++y) {
    const l_uint32* line = pixGetData(pix) + static_cast<std::ptrdiff_t>(y) * pixGetWpl(pix);
    int x = 0;
    for (; x + 4 <= width; x += 4, to += 4) {  // a word's first pixel is in its highest byte
      const l_uint32 word = *line++;
      to[0] = static_cast<std::uint8_t>(word >> 24);
      to[1] = static_cast<std::uint8_t>(word >> 16);
      to[2] = static_cast<std::uint8_t>(word >> 8);
      to[3] = static_cast<std::uint8_t>(word);
    }
    for (int rest = 0; x < width; ++x, ++rest) *to++ = static_cast<std::uint8_t>(GET_DATA_BYTE(line, rest));
  }
}

int percentile(const std::array<int, 256>& histogram, double share) {
  int total = 0, below = 0;
  for (const int count : histogram) total += count;
  for (int gray = 0; gray < 256; ++gray) {
    below += histogram[static_cast<std::size_t>(gray)];
    if (below >= share * total) return gray;
  }
  return 255;
}

Paper::Paper(const Gray& gray) : columns_{gray.width / tile_px + 1}, rows_{gray.height / tile_px + 1} {
  std::vector<int> own, medians;
  std::array<int, 256> all{};
  for (int row = 0; row < rows_; ++row) {
    for (int column = 0; column < columns_; ++column) {
      const auto histogram = histogram_of(gray, column, row);
      const bool empty = std::ranges::max(histogram) == 0;  // the image ends at the tile's edge
      own.push_back(empty ? 0 : percentile(histogram, tile_paper_percentile));
      medians.push_back(empty ? white_gray : percentile(histogram, 0.5));
      for (std::size_t n = 0; n < all.size(); ++n) all[n] += histogram[n];
    }
  }
  overall_ = percentile(all, 0.5);
  dark_tiles_ = static_cast<int>(std::ranges::count_if(medians, [&](int median) { return 2 * median < overall_; }));
  for (int row = 0; row < rows_; ++row) {
    for (int column = 0; column < columns_; ++column) tiles_.push_back(around(own, column, row));
  }
}

std::array<int, 256> Paper::histogram_of(const Gray& gray, int column, int row) {
  // Four in turn: neighbouring pixels are often alike, and one counter would wait for itself.
  std::array<std::array<int, 256>, 4> parts{};
  const int left = column * tile_px, right = std::min(left + tile_px, gray.width);
  for (int y = row * tile_px; y < std::min((row + 1) * tile_px, gray.height); ++y) {
    const auto* line = gray.line(y);
    int x = left;
    for (; x + 4 <= right; x += 4) {
      ++parts[0][line[x]];
      ++parts[1][line[x + 1]];
      ++parts[2][line[x + 2]];
      ++parts[3][line[x + 3]];
    }
    for (; x < right; ++x) ++parts[0][line[x]];
  }
  std::array<int, 256> histogram{};
  for (std::size_t n = 0; n < histogram.size(); ++n) histogram[n] = parts[0][n] + parts[1][n] + parts[2][n] + parts[3][n];
  return histogram;
}

int Paper::around(const std::vector<int>& own, int column, int row) const {
  int lightest = 0;
  for (int y = std::max(0, row - 1); y <= std::min(rows_ - 1, row + 1); ++y) {
    for (int x = std::max(0, column - 1); x <= std::min(columns_ - 1, column + 1); ++x)
      lightest = std::max(lightest, own[static_cast<std::size_t>(y * columns_ + x)]);
  }
  return lightest;
}

int Paper::variation() const {
  std::array<int, 256> histogram{};
  for (const int tile : tiles_) ++histogram[static_cast<std::size_t>(tile)];
  return percentile(histogram, 0.95) - percentile(histogram, 0.05);
}

double noise_of(const Gray& gray) {
  std::array<int, 256> differences{};
  for (int y = 0; y < gray.height; y += 2) {
    for (int x = 1; x < gray.width; x += 2)
      ++differences[static_cast<std::size_t>(std::abs(gray.at(x, y) - gray.at(x - 1, y)))];
  }
  return percentile(differences, 0.5) / 0.95;  // of a normal distribution: .6745 sqrt(2)
}

}  // namespace pecia::engine
