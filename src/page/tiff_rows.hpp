#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "tiff_samples.hpp"

struct tiff;

// Inside pecia-page only.
namespace pecia::page {

/// Throws PageError(too_large) if a row of tiles, or a strip that is decoded as a whole, takes more than it may.
void check_tiff_band(std::uint64_t bytes);

/// Rows of samples, top to bottom: strips row by row, or whole where their coding has no rows (JBIG); tiles a row of
/// tiles at a time. Planes come from a reader each, so that none of them is decoded again for every row.
///
/// What libtiff complains of is damage, also where it goes on with white rows: but for a few that lack at the end, and
/// rows of Group 3, each of which may be damaged by itself. It has to be listened to (`listen_to_libtiff`).
class TiffRows {
 public:
  TiffRows(std::vector<tiff*> readers, const TiffLayout& layout);

  /// The next row: one pointer for each plane. Throws PageError(unreadable).
  [[nodiscard]] std::span<const std::byte* const> next();

 private:
  void fill(std::size_t plane);
  void read_strip(std::size_t plane);
  void read_tiles(std::size_t plane);
  void pass_over_row(std::size_t plane);
  void judge(unsigned complaints);

  std::vector<tiff*> readers_;
  TiffLayout layout_;
  bool by_strip_ = false;
  std::uint64_t row_bytes_ = 0;  ///< of a tile's row, where there are tiles
  std::uint32_t across_ = 1, band_rows_ = 1, y_ = 0;
  std::uint32_t damaged_ = 0;    ///< rows
  bool spoilt_ = false;          ///< the row before
  std::vector<std::vector<std::byte>> bands_;
  std::vector<std::byte> tile_;
  std::vector<const std::byte*> rows_;
};

}  // namespace pecia::page
