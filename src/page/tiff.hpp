#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "row_sink.hpp"

struct tiff;

namespace pecia::page {

struct TiffLayout;

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
  /// To the next page; false if there is none, or it is damaged.
  [[nodiscard]] bool go_on();
  /// Decodes the page that `get` stands on, row by row (tiles: a row of them at a time), turned as `wanted` says and
  /// not as the page does. Codings that this libtiff does not read are PageError(unsupported).
  [[nodiscard]] Raster decode(const Decoding& wanted);

  struct Memory;

 private:
  [[nodiscard]] Raster decode_samples(const TiffLayout& layout, const Decoding& wanted);

  std::unique_ptr<Memory> memory_;
  tiff* tiff_ = nullptr;
  std::optional<std::uint32_t> page_{0};  ///< where it stands, from 0
};

/// How a bare CCITT stream is coded, as in PDF's /DecodeParms.
struct FaxParameters {
  int k = 0;  ///< < 0: Group 4; 0: Group 3, one-dimensional; > 0: Group 3, mixed
  int width_px = 0, height_px = 0;
  bool inverted = false;  ///< black runs are white
};
/// Decodes a bare CCITT stream; black runs are black.
[[nodiscard]] Raster decode_fax(std::span<const std::byte> stream, const FaxParameters& parameters, const Decoding& wanted);

}  // namespace pecia::page
