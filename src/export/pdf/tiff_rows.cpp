#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <vector>

#include "tiff_image.hpp"

namespace pecia::exporting::pdf {
namespace {

using Bytes8 = std::vector<std::uint8_t>;

void put_in_pdf_order(std::span<std::uint8_t> samples) {
  for (std::size_t n = 0; n + 1 < samples.size(); n += 2) {
    std::uint16_t value = 0;
    std::memcpy(&value, &samples[n], 2);
    samples[n] = static_cast<std::uint8_t>(value >> 8);
    samples[n + 1] = static_cast<std::uint8_t>(value & 0xFFU);
  }
}

/// Samples of one plane into their places; of whole bytes.
void interleave(const Bytes8& plane, std::size_t number, const TiffLayout& layout, Bytes8& into) {
  const std::size_t sample = layout.bits / 8, pixel = sample * layout.samples;
  for (std::size_t n = 0; n * sample + sample <= plane.size() && n * pixel + pixel <= into.size(); ++n)
    std::memcpy(&into[n * pixel + number * sample], &plane[n * sample], sample);
}

std::uint8_t lightest_entry(const std::string& palette) {
  std::size_t lightest = 0;
  int most = -1;
  for (std::size_t n = 0; n + 2 < palette.size(); n += 3) {
    int light = 0;
    for (std::size_t color = 0; color < 3; ++color) light += static_cast<unsigned char>(palette[n + color]);
    if (light <= most) continue;
    most = light;
    lightest = n / 3;
  }
  return static_cast<std::uint8_t>(lightest);
}

/// Opaque where there is opacity.
Bytes8 white_row(const TiffLayout& layout) {
  const bool ink = layout.photometric == PHOTOMETRIC_MINISWHITE || layout.photometric == PHOTOMETRIC_SEPARATED;
  std::uint8_t value = ink ? 0 : 0xFF;
  if (!layout.palette.empty())  // in each of the pixels that share a byte
    value = static_cast<std::uint8_t>(lightest_entry(layout.palette) * (0xFF / ((1 << layout.bits) - 1)));
  Bytes8 row(layout.row_bytes(), value);
  const std::size_t sample = layout.bits / 8, pixel = sample * layout.samples;
  for (auto at = sample * static_cast<std::size_t>(std::max(layout.alpha, 0)); layout.alpha >= 0 && at < row.size(); at += pixel)
    std::memset(&row[at], 0xFF, sample);
  return row;
}

struct TileSize {
  std::uint32_t width = 0, height = 0;
};

TileSize tile_size(tiff* tiff) {
  TileSize size;
  TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &size.width);
  TIFFGetField(tiff, TIFFTAG_TILELENGTH, &size.height);
  return size;
}

/// Some codings have no rows, and planes of one reader come by the strip.
bool are_by_strip(const TiffLayout& layout) { return layout.planar || layout.compression == COMPRESSION_JBIG; }

std::uint32_t rows_of_strip(const TiffLayout& layout) { return std::clamp<std::uint32_t>(layout.strip_rows, 1, layout.height_px); }

/// The rows of one page, top to bottom.
class Rows {
 public:
  using Put = std::function<void(std::span<const std::uint8_t>)>;
  Rows(tiff* tiff, const TiffLayout& layout, const Put& put) : tiff_{tiff}, layout_{layout}, put_{put}, white_{white_row(layout)} {}

  std::uint32_t all() {
    if (layout_.tiled)
      by_tiles();
    else if (are_by_strip(layout_))
      by_strips();
    else
      by_rows();
    return lost_;
  }

 private:
  void put(std::span<std::uint8_t> row) {
    if (layout_.bits == 16) put_in_pdf_order(row);
    put_(row);
  }
  void lose(std::uint32_t rows) {
    for (std::uint32_t n = 0; n < rows; ++n) put_(white_);
    lost_ += rows;
  }
  [[nodiscard]] std::uint32_t rows_from(std::uint32_t first, std::uint32_t most) const { return std::min(most, layout_.height_px - first); }

  /// What follows on a row that cannot be decoded is no longer what was there, up to the next strip.
  void by_rows() {
    const auto strip = rows_of_strip(layout_);
    Bytes8 row(std::max(layout_.row_bytes(), static_cast<std::size_t>(TIFFScanlineSize(tiff_))));
    for (std::uint32_t y = 0; y < layout_.height_px;) {
      if (TIFFReadScanline(tiff_, row.data(), y, 0) == 1) {
        put(std::span{row}.first(layout_.row_bytes()));
        ++y;
        continue;
      }
      const auto rest = rows_from(y, strip - y % strip);
      lose(rest);
      y += rest;
    }
  }

  void by_strips() {
    const std::size_t planes = layout_.planar ? layout_.samples : 1;
    for (std::uint32_t y = 0; y < layout_.height_px;) {
      const auto rows = rows_from(y, rows_of_strip(layout_));
      Bytes8 band(layout_.row_bytes() * rows), plane(band.size() / planes);
      bool whole = true;
      for (std::size_t n = 0; whole && n < planes; ++n) {
        const auto strip = TIFFComputeStrip(tiff_, y, static_cast<std::uint16_t>(n));
        const auto size = static_cast<tmsize_t>(plane.size());
        whole = TIFFReadEncodedStrip(tiff_, strip, plane.data(), size) == size;
        if (layout_.planar) interleave(plane, n, layout_, band);
      }
      if (whole)
        put_band(layout_.planar ? band : plane, rows);
      else
        lose(rows);
      y += rows;
    }
  }

  void by_tiles() {
    const auto size = tile_size(tiff_);
    if (size.width == 0 || size.height == 0 || size.width % 16 != 0) return lose(layout_.height_px);
    for (std::uint32_t y = 0; y < layout_.height_px;) {
      const auto rows = rows_from(y, size.height);
      Bytes8 band(layout_.row_bytes() * rows);
      bool whole = true;
      for (std::uint32_t x = 0; x < layout_.width_px; x += std::min(size.width, layout_.width_px - x))
        whole = put_tile(x, y, rows, band) && whole;
      put_band(band, rows);
      lost_ += whole ? 0 : rows;
      y += rows;
    }
  }

  bool put_tile(std::uint32_t x, std::uint32_t y, std::uint32_t rows, Bytes8& band) {
    tile_.resize(static_cast<std::size_t>(TIFFTileSize(tiff_)));
    const auto tile_row = static_cast<std::size_t>(TIFFTileRowSize(tiff_)), band_row = layout_.row_bytes();
    const bool whole = tile_.size() >= tile_row * rows && TIFFReadTile(tiff_, tile_.data(), x, y, 0, 0) >= 0;
    const auto begin = std::size_t{x} * layout_.samples * layout_.bits / 8;  // tiles are multiples of 16 wide: whole bytes
    const auto bytes = std::min(tile_row, band_row - begin);
    for (std::uint32_t row = 0; row < rows; ++row)
      std::memcpy(&band[row * band_row + begin], whole ? &tile_[row * tile_row] : &white_[begin], bytes);
    return whole;
  }

  void put_band(Bytes8& band, std::uint32_t rows) {
    for (std::uint32_t row = 0; row < rows; ++row) put(std::span{band}.subspan(row * layout_.row_bytes(), layout_.row_bytes()));
  }

  tiff* tiff_;
  const TiffLayout& layout_;
  const Put& put_;
  Bytes8 white_, tile_;
  std::uint32_t lost_ = 0;
};

}  // namespace

std::uint64_t tiff_piece_bytes(const OpenTiff& open, const TiffLayout& layout) {
  constexpr auto most = std::numeric_limits<std::uint64_t>::max();
  const std::uint64_t row = layout.row_bytes();
  const std::uint64_t rows = layout.tiled           ? std::min(tile_size(open.get()).height, layout.height_px)
                             : are_by_strip(layout) ? rows_of_strip(layout)
                                                    : 1;
  const auto band = rows > 0 && row > most / rows ? most : row * rows;
  return layout.tiled ? std::max<std::uint64_t>(band, TIFFTileSize64(open.get())) : band;
}

std::uint32_t each_tiff_row(const OpenTiff& open, const TiffLayout& layout, const std::function<void(std::span<const std::uint8_t>)>& put) {
  return Rows{open.get(), layout, put}.all();
}

}  // namespace pecia::exporting::pdf
