#include "tiff_rows.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "tiff_messages.hpp"

namespace pecia::page {
namespace {

constexpr std::uint64_t most_band_bytes = std::uint64_t{512} << 20;

bool is_group3(std::uint16_t compression) {
  return compression == COMPRESSION_CCITTFAX3 || compression == COMPRESSION_CCITTRLE || compression == COMPRESSION_CCITTRLEW;
}

/// Rows that may be damaged. Of a fax 95 % of its lines have to be good, as fax machines have it (HylaFAX's PercentGoodLines);
/// of Group 4, where each row rests on the one above, a few may lack at the end.
std::uint32_t tolerated(const TiffLayout& layout) {
  if (is_group3(layout.compression)) return std::max(1U, layout.height / 20);
  return layout.compression == COMPRESSION_CCITTFAX4 ? std::max(1U, layout.height / 100) : 0;
}

}  // namespace

void check_tiff_band(std::uint64_t bytes) {
  if (bytes > most_band_bytes)
    throw PageError{Reason::too_large, fmt::format("the TIFF's tiles or strips are so large that {} MB have to be decoded at once", bytes / 1'000'000)};
}

TiffRows::TiffRows(std::vector<tiff*> readers, const TiffLayout& layout)
    : readers_{std::move(readers)}, layout_{layout}, by_strip_{!layout.tiled && layout.compression == COMPRESSION_JBIG} {
  layout_.rows_per_strip = std::clamp<std::uint32_t>(layout_.rows_per_strip, 1, std::max(1U, layout_.height));
  const auto samples = layout_.planes ? 1 : std::uint64_t{layout_.samples};
  const auto row_bits = [&](std::uint32_t width) { return width * samples * layout_.bits; };
  row_bytes_ = layout_.tiled ? row_bits(layout_.tile_width) / 8 : (row_bits(layout_.width) + 7) / 8;
  const auto claimed = layout_.tiled ? TIFFTileRowSize64(readers_[0]) : TIFFScanlineSize64(readers_[0]);
  if (claimed != row_bytes_ || (layout_.tiled && (row_bits(layout_.tile_width) % 8 != 0 || layout_.tile_height == 0)))
    fail_tiff("rows of an unexpected length");
  across_ = layout_.tiled ? (layout_.width + layout_.tile_width - 1) / layout_.tile_width : 1;
  band_rows_ = layout_.tiled ? layout_.tile_height : by_strip_ ? layout_.rows_per_strip : 1;
  check_tiff_band(row_bytes_ * across_ * band_rows_ * readers_.size() + row_bytes_ * band_rows_);
  for (std::size_t plane = 0; plane < readers_.size(); ++plane) bands_.emplace_back(row_bytes_ * across_ * band_rows_);
  if (layout_.tiled) tile_.resize(row_bytes_ * band_rows_);
  rows_.resize(readers_.size());
}

std::span<const std::byte* const> TiffRows::next() {
  const auto row = y_ % band_rows_;
  for (std::size_t plane = 0; plane < readers_.size(); ++plane) {
    if (row == 0) fill(plane);
    rows_[plane] = bands_[plane].data() + row * row_bytes_ * across_;
  }
  ++y_;
  return rows_;
}

void TiffRows::fill(std::size_t plane) {
  const auto before = tiff_messages().complaints;
  if (layout_.tiled)
    read_tiles(plane);
  else if (by_strip_)
    read_strip(plane);
  else if (TIFFReadScanline(readers_[plane], bands_[plane].data(), y_, static_cast<std::uint16_t>(plane)) != 1)
    pass_over_row(plane);
  judge(tiff_messages().complaints - before);
}

void TiffRows::pass_over_row(std::size_t plane) {
  if (tolerated(layout_) == 0) fail_tiff(fmt::format("row {} cannot be decoded", y_));
  std::ranges::fill(bands_[plane], std::byte{0});  // no black run
  ++tiff_messages().complaints;
}

void TiffRows::read_strip(std::size_t plane) {
  const auto strip = TIFFComputeStrip(readers_[plane], y_, static_cast<std::uint16_t>(plane));
  const auto size = static_cast<tmsize_t>(row_bytes_ * std::min(band_rows_, layout_.height - y_));
  if (TIFFReadEncodedStrip(readers_[plane], strip, bands_[plane].data(), size) != size) fail_tiff(fmt::format("strip {} cannot be decoded", strip));
}

void TiffRows::read_tiles(std::size_t plane) {
  auto& band = bands_[plane];
  for (std::uint32_t n = 0; n < across_; ++n) {
    const auto tile = TIFFComputeTile(readers_[plane], n * layout_.tile_width, y_, 0, static_cast<std::uint16_t>(plane));
    const auto size = static_cast<tmsize_t>(tile_.size());
    if (TIFFReadEncodedTile(readers_[plane], tile, tile_.data(), size) != size) fail_tiff(fmt::format("tile {} cannot be decoded", tile));
    for (std::size_t row = 0; row < layout_.tile_height; ++row)
      std::memcpy(band.data() + (row * across_ + n) * row_bytes_, tile_.data() + row * row_bytes_, row_bytes_);
  }
}

void TiffRows::judge(unsigned complaints) {
  const bool spoilt = complaints > 0;
  // What libtiff makes of codes after a break is not what was there.
  const bool goes_on = layout_.compression == COMPRESSION_CCITTFAX4 && spoilt_ && !spoilt && y_ % layout_.rows_per_strip != 0;
  damaged_ += band_rows_ == 1 ? (spoilt ? 1 : 0) : complaints;
  spoilt_ = spoilt;
  if (goes_on || damaged_ > tolerated(layout_)) fail_tiff(fmt::format("rows up to {} are damaged, or lack", y_));
}

}  // namespace pecia::page
