#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "raster.hpp"

struct tiff;

// Inside pecia-page only.
namespace pecia::page {

/// How the page that a TIFF stands on stores its pixels (TIFF 6.0; tags by their names there).
struct TiffLayout {
  std::uint32_t width = 0, height = 0, rows_per_strip = 0, tile_width = 0, tile_height = 0;
  std::uint16_t bits = 1, samples = 1, photometric = 0, compression = 1, sample_format = 1,
                orientation = 1;
  bool planes = false;  ///< one after the other, else interleaved
  bool tiled = false;
};
[[nodiscard]] TiffLayout tiff_layout(tiff* file);

/// Makes gray or colours of rows of samples, of every depth and kind that has one meaning.
class TiffSamples {
 public:
  /// Whether this is for `layout`, or libtiff's own conversion (Lab, LogLuv, YCbCr without JPEG).
  [[nodiscard]] static bool are_for(const TiffLayout& layout);
  /// Throws PageError(unsupported).
  TiffSamples(tiff* file, const TiffLayout& layout);

  [[nodiscard]] PixelFormat format() const { return format_; }
  /// Numbers with a point have no black and no white of their own: [0, 1] where all are within,
  /// else from the least to the greatest. All rows have to be shown to `look` first.
  [[nodiscard]] bool are_numbers() const { return numbers_; }
  /// `rows`: one for each plane, or the one of interleaved samples, in the machine's byte order.
  void look(std::span<const std::byte* const> rows);
  /// Writes row_bytes(format(), width) bytes.
  void convert(std::span<const std::byte* const> rows, std::byte* out);

 private:
  void keep_bilevel();
  [[nodiscard]] std::size_t place(std::size_t x, std::size_t sample) const {
    return layout_.planes ? x : x * layout_.samples + sample;
  }
  [[nodiscard]] std::uint32_t whole(const std::byte* row, std::size_t at) const;
  [[nodiscard]] double number(const std::byte* row, std::size_t at) const;
  void unpack(std::span<const std::byte* const> rows, std::size_t sample,
              std::vector<std::uint8_t>& values) const;
  void colors_of_palette(std::span<const std::byte* const> rows, std::byte* out) const;
  void colors_of_ink(std::byte* out) const;
  void lay_over_white(std::span<const std::byte* const> rows, std::byte* out);

  TiffLayout layout_;
  PixelFormat format_ = PixelFormat::gray8;
  std::size_t colors_ = 1;  ///< samples that are colours
  int alpha_ = -1;          ///< the sample that is one
  bool premultiplied_ = false;
  bool numbers_ = false;
  bool inverted_ = false;
  double least_ = 0, greatest_ = 1;  ///< black and white of numbers with a point
  double least_seen_ = std::numeric_limits<double>::infinity(), greatest_seen_ = -std::numeric_limits<double>::infinity();
  std::vector<std::array<std::byte, 3>> palette_;
  std::array<std::vector<std::uint8_t>, 4> values_;  ///< of a row
};

}  // namespace pecia::page
