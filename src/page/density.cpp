#include "density.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace pecia::page {
namespace {

using std::size_t;

// Heights of letters, at half the size that is read: of 6 point at 100 dpi, and a title at 600 dpi.
constexpr int least_letter_px = 4, most_letter_px = 80;
/// A letter, or several that touch, is no line and no frame.
constexpr int most_letter_aspect = 12;

// Local threshold: the mean of a square of tiles around each tile, less a margin.
constexpr int tile_px = 16;
constexpr int tiles_around = 2;
/// Black is darker than this share of the light around it ...
constexpr int most_light_percent = 80;
/// ... by at least so many gray values: in a black picture nothing is ink.
constexpr int least_margin = 20;

/// Sums of light per tile of a gray page.
struct Tiles {
  int across = 0, down = 0;
  std::vector<std::uint32_t> light, pixels;

  explicit Tiles(const Raster& gray)
      : across{(gray.width_px + tile_px - 1) / tile_px},
        down{(gray.height_px + tile_px - 1) / tile_px},
        light(static_cast<size_t>(across) * static_cast<size_t>(down)),
        pixels(light.size()) {
    for (int y = 0; y < gray.height_px; ++y) {
      for (int tile = 0; tile < across; ++tile) {
        const int from = tile * tile_px, to = std::min(from + tile_px, gray.width_px);
        const auto* row = gray.row(y);
        std::uint32_t sum = 0;
        for (int x = from; x < to; ++x) sum += value_of(row[x]);
        light[at(tile, y / tile_px)] += sum;
        pixels[at(tile, y / tile_px)] += static_cast<std::uint32_t>(to - from);
      }
    }
  }
  [[nodiscard]] size_t at(int x, int y) const {
    return static_cast<size_t>(y) * static_cast<size_t>(across) + static_cast<size_t>(x);
  }
  /// Below this a pixel of the tile is black.
  [[nodiscard]] unsigned threshold(int x, int y) const {
    std::uint32_t sum = 0, count = 0;
    for (int ty = std::max(0, y - tiles_around); ty <= std::min(down - 1, y + tiles_around); ++ty) {
      for (int tx = std::max(0, x - tiles_around); tx <= std::min(across - 1, x + tiles_around);
           ++tx) {
        sum += light[at(tx, ty)];
        count += pixels[at(tx, ty)];
      }
    }
    const int mean = static_cast<int>(sum / std::max(1U, count));
    return static_cast<unsigned>(
        std::max(0, std::min(mean * most_light_percent / 100, mean - least_margin)));
  }
};

/// Black runs of rows, joined to components (8-connected) as the rows go by.
class Components {
 public:
  struct Run {
    int begin, end;  ///< [begin, end)
    size_t component;
  };

  void add_row(int y, std::vector<Run>& runs) {
    size_t above = 0;
    for (auto& run : runs) {
      run.component = boxes_.size();
      while (above < last_.size() && last_[above].end < run.begin) ++above;
      for (auto n = above; n < last_.size() && last_[n].begin <= run.end; ++n)
        run.component = run.component == boxes_.size() ? root(last_[n].component)
                                                       : join(run.component, last_[n].component);
      if (run.component == boxes_.size()) {
        parents_.push_back(run.component);
        boxes_.push_back({run.begin, run.end, y, y + 1});
      }
      auto& box = boxes_[run.component];
      box.left = std::min(box.left, run.begin);
      box.right = std::max(box.right, run.end);
      box.bottom = y + 1;
    }
    last_.swap(runs);
  }

  [[nodiscard]] size_t letters() {
    size_t count = 0;
    for (size_t n = 0; n < boxes_.size(); ++n) {
      const auto& box = boxes_[n];
      const int height = box.bottom - box.top, width = box.right - box.left;
      if (parents_[n] == n && height >= least_letter_px && height <= most_letter_px &&
          width <= most_letter_aspect * height)
        ++count;
    }
    return count;
  }

 private:
  struct Box {
    int left, right, top, bottom;
  };
  size_t root(size_t n) {
    while (parents_[n] != n) n = parents_[n] = parents_[parents_[n]];
    return n;
  }
  size_t join(size_t one, size_t other) {
    one = root(one);
    other = root(other);
    if (one == other) return one;
    auto& into = boxes_[one];
    const auto& from = boxes_[other];
    into = {std::min(into.left, from.left), std::max(into.right, from.right),
            std::min(into.top, from.top), std::max(into.bottom, from.bottom)};
    return parents_[other] = one;
  }

  std::vector<size_t> parents_;
  std::vector<Box> boxes_;  ///< right for roots
  std::vector<Run> last_;   ///< of the row before
};

void runs_of(const std::byte* row, int width_px, std::vector<Components::Run>& runs) {
  runs.clear();
  bool black = false;
  for (int x = 0; x < width_px; x += 8) {
    const auto byte = static_cast<std::uint8_t>(value_of(row[x / 8]));
    if (byte == (black ? 0xFF : 0)) continue;
    for (int bit = 0; bit < 8 && x + bit < width_px; ++bit) {
      const bool now = (byte >> (7 - bit) & 1) != 0;
      if (now == black) continue;
      if (now)
        runs.push_back({x + bit, width_px, 0});
      else
        runs.back().end = x + bit;
      black = now;
    }
  }
}

}  // namespace

Raster ink_of(const Raster& gray) {
  const Tiles tiles{gray};
  Raster ink;
  ink.width_px = gray.width_px;
  ink.height_px = gray.height_px;
  ink.format = PixelFormat::gray1;
  ink.pixels = PixelBuffer{ink.stride() * static_cast<size_t>(ink.height_px)};
  std::vector<unsigned> thresholds(static_cast<size_t>(tiles.across));
  for (int y = 0; y < gray.height_px; ++y) {
    if (y % tile_px == 0) {
      for (int x = 0; x < tiles.across; ++x)
        thresholds[static_cast<size_t>(x)] = tiles.threshold(x, y / tile_px);
    }
    const auto* row = gray.row(y);
    auto* out = ink.row(y);
    for (int x = 0; x < gray.width_px; x += 8) {  // 8 pixels lie in one tile
      const auto threshold = thresholds[static_cast<size_t>(x / tile_px)];
      unsigned bits = 0;
      for (int bit = 0; bit < 8; ++bit)
        bits = bits << 1 | (x + bit < gray.width_px && value_of(row[x + bit]) < threshold ? 1U : 0U);
      out[x / 8] = static_cast<std::byte>(bits);
    }
  }
  return ink;
}

Density measure(Raster raster) {
  auto half = raster.reduction > 1 ? std::move(raster) : halved(raster);
  half = half.format == PixelFormat::gray1 ? std::move(half) : ink_of(to_gray(std::move(half)));
  Components components;
  std::vector<Components::Run> runs;
  std::uint64_t transitions = 0, black = 0;
  for (int y = 0; y < half.height_px; ++y) {
    runs_of(half.row(y), half.width_px, runs);
    transitions += runs.size();
    for (const auto& run : runs) black += static_cast<std::uint64_t>(run.end - run.begin);
    components.add_row(y, runs);
  }
  const auto area = static_cast<double>(half.width_px) * half.height_px;
  return {static_cast<float>(transitions), static_cast<float>(components.letters()),
          static_cast<float>(static_cast<double>(black) / area)};
}

}  // namespace pecia::page
