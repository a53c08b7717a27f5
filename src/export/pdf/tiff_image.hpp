#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>

#include "source_file.hpp"

struct tiff;

namespace pecia::exporting::pdf {

/// libtiff's reading of a file; what it complains of is thrown as `std::runtime_error` by those who look at its answers.
class OpenTiff {
 public:
  explicit OpenTiff(std::shared_ptr<const SourceFile> file);
  ~OpenTiff();
  OpenTiff(const OpenTiff&) = delete;
  OpenTiff& operator=(const OpenTiff&) = delete;
  [[nodiscard]] tiff* get() const { return tiff_; }
  [[nodiscard]] std::shared_ptr<const SourceFile> file() const { return file_; }
  /// To the page whose directory stands there.
  void go_to(std::uint64_t directory);

 private:
  std::shared_ptr<const SourceFile> file_;
  std::uint64_t at_ = 0;  ///< of the next read
  tiff* tiff_ = nullptr;
};

/// What the directory of a page says of its pixels.
struct TiffLayout {
  std::uint64_t directory = 0;  ///< where it stands
  std::uint32_t width_px = 0, height_px = 0, strip_rows = 0;
  std::uint16_t bits = 1, samples = 1, photometric = 0, compression = 1;
  int colors = 1;  ///< samples that are colours
  int alpha = -1;  ///< the sample that is opacity, or -1
  bool premultiplied = false, tiled = false, planar = false, ycbcr = false;
  bool reversed_bits = false;  ///< within each byte
  std::uint16_t orientation = 1;
  std::string icc, palette;  ///< RGB, 8 bits
  [[nodiscard]] bool bilevel() const { return bits == 1 && samples == 1 && photometric < 2; }
  [[nodiscard]] std::size_t row_bytes() const { return (static_cast<std::size_t>(width_px) * samples * bits + 7) / 8; }
};

/// A page whose pixels cannot be had; the others can.
class Undecodable : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Of the page at which `file` stands: what its fields say, as they say it.
[[nodiscard]] TiffLayout tiff_fields(tiff* file);
/// Its resolution by the rule of `pecia-page`; 0: it says none.
[[nodiscard]] double tiff_dpi(tiff* file);
/// How those fields are made a PDF, and what more there is to know for it. Throws `Refusal`, `Undecodable`.
void complete(const OpenTiff& open, TiffLayout& layout);

/// What has to be in memory at once so that its rows can be had: a row, a row of tiles, or of strips that are not read row by row.
[[nodiscard]] std::uint64_t tiff_piece_bytes(const OpenTiff& open, const TiffLayout& layout);

/// Calls `put` with each row of the page at which `open` stands: samples side by side, as they are stored, 16 bits in the
/// byte order of PDF. What cannot be decoded is white: a tile, or the rest of a strip. Returns in how many rows that is.
std::uint32_t each_tiff_row(const OpenTiff& open, const TiffLayout& layout, const std::function<void(std::span<const std::uint8_t>)>& put);

/// The rows of a bilevel page as one Group 4 stream; black runs are 1.
struct Group4 {
  std::string bytes;
  std::uint32_t rows_lost = 0;  ///< as `each_tiff_row` returns them
};
[[nodiscard]] Group4 group4_of(const OpenTiff& open, const TiffLayout& layout);

}  // namespace pecia::exporting::pdf
