#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "leptonica_image.hpp"

namespace pecia::engine {

/// An 8-bit image, row by row without gaps; 0 = black.
struct Gray {
  /// `pix`: 8 bits a pixel.
  explicit Gray(Pix* pix);
  [[nodiscard]] int at(int x, int y) const { return line(y)[x]; }
  [[nodiscard]] const std::uint8_t* line(int y) const {
    return pixels.data() + static_cast<std::size_t>(y) * static_cast<std::size_t>(width);
  }
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels;
};

/// The gray at or below which `share` of the pixels are.
[[nodiscard]] int percentile(const std::array<int, 256>& histogram, double share);

constexpr int even_paper = 1;  ///< gray values of variation: one threshold tells ink from such paper

/// The paper's gray in every part of a page: of a tile of 32 x 32 pixels the lightest fifth, and of this the lightest
/// among a tile and its neighbours, since a picture or a heading may cover a tile. For pages reduced to about 150 dots an inch.
class Paper {
 public:
  explicit Paper(const Gray& gray);
  static constexpr int tile_px = 32;  ///< a side; within a tile `at` is the same
  [[nodiscard]] int at(int x, int y) const { return tiles_[static_cast<std::size_t>(y / tile_px * columns_ + x / tile_px)]; }
  /// Of the whole page: half of its pixels are darker.
  [[nodiscard]] int overall() const { return overall_; }
  /// Between the paper's darker and its lighter parts: gray values between the 5th and the 95th tile of 100.
  [[nodiscard]] int variation() const;
  /// Tiles of which more than half is darker than half of the paper: pictures, or letters left light on dark ground.
  [[nodiscard]] int dark_tiles() const { return dark_tiles_; }

 private:
  static std::array<int, 256> histogram_of(const Gray& gray, int column, int row);
  [[nodiscard]] int around(const std::vector<int>& own, int column, int row) const;

  int columns_, rows_, overall_ = 0, dark_tiles_ = 0;
  std::vector<int> tiles_;
};

/// Standard deviation of the paper's grain, from neighbouring pixels: letters are on fewer pixels than the paper.
[[nodiscard]] double noise_of(const Gray& gray);

}  // namespace pecia::engine
