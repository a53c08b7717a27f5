#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "raster.hpp"

struct tiff;

namespace pecia::page {

/// A TIFF in memory; libtiff's messages become PageErrors.
class TiffReader {
 public:
  explicit TiffReader(std::span<const std::byte> bytes);
  ~TiffReader();
  TiffReader(const TiffReader&) = delete;
  TiffReader& operator=(const TiffReader&) = delete;

  [[nodiscard]] tiff* get() const noexcept { return tiff_; }
  /// The page (directory) that `get` stands on, from 0.
  void go_to(std::uint32_t page);
  /// Decodes the page that `get` stands on, as stored (no orientation).
  [[nodiscard]] Raster decode(std::uint64_t max_pixels);

  struct Memory;

 private:
  std::unique_ptr<Memory> memory_;
  tiff* tiff_ = nullptr;
};

/// How a bare CCITT stream is coded, as in PDF's /DecodeParms.
struct FaxParameters {
  int k = 0;  ///< < 0: Group 4; 0: Group 3, one-dimensional; > 0: Group 3, mixed
  int width_px = 0, height_px = 0;
};
/// Decodes a bare CCITT stream; black runs are black.
[[nodiscard]] Raster decode_fax(std::span<const std::byte> stream, const FaxParameters& parameters, std::uint64_t max_pixels);

}  // namespace pecia::page
