#include "tiff.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <optional>

#include "pecia/base/bytes.hpp"

namespace pecia::page {

struct TiffReader::Memory {
  std::span<const std::byte> bytes;
  std::uint64_t at = 0;
};

namespace {

using Memory = TiffReader::Memory;

/// libtiff reports through one global handler; this program decodes in one thread.
std::string& last_error() {
  static std::string text;
  return text;
}

void keep_error(const char*, const char* format, va_list arguments) {
  std::array<char, 512> text{};
  std::vsnprintf(text.data(), text.size(), format, arguments);
  last_error() = text.data();
}

tmsize_t read_memory(thandle_t handle, void* buffer, tmsize_t size) {
  auto& memory = *static_cast<Memory*>(handle);
  if (memory.at >= memory.bytes.size()) return 0;
  const auto count = std::min(static_cast<std::uint64_t>(size), memory.bytes.size() - memory.at);
  std::memcpy(buffer, memory.bytes.data() + memory.at, count);
  memory.at += count;
  return static_cast<tmsize_t>(count);
}
tmsize_t write_memory(thandle_t, void*, tmsize_t) { return 0; }
toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto& memory = *static_cast<Memory*>(handle);
  memory.at = offset + (whence == SEEK_CUR ? memory.at : whence == SEEK_END ? memory.bytes.size() : 0);
  return memory.at;
}
int close_memory(thandle_t) { return 0; }
toff_t size_memory(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }

[[noreturn]] void fail(std::string_view what) {
  throw PageError{Reason::unreadable, fmt::format("damaged TIFF: {}{}{}", what, last_error().empty() ? "" : ": ", last_error())};
}

struct Layout {
  std::uint32_t width = 0, height = 0, rows_per_strip = 0;
  std::uint16_t bits = 1, samples = 1, photometric = PHOTOMETRIC_MINISWHITE, planar = PLANARCONFIG_CONTIG,
                compression = COMPRESSION_NONE, sample_format = SAMPLEFORMAT_UINT;
  bool tiled = false;
};

Layout layout_of(TIFF* tiff) {
  Layout layout;
  TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &layout.height);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
  TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &layout.photometric);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &layout.planar);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &layout.compression);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &layout.sample_format);
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &layout.rows_per_strip);
  layout.tiled = TIFFIsTiled(tiff) != 0;
  return layout;
}

/// The layouts that are read strip by strip straight into a raster; all others go the RGBA way.
std::optional<PixelFormat> direct_format(const Layout& layout) {
  const bool gray = layout.photometric == PHOTOMETRIC_MINISWHITE || layout.photometric == PHOTOMETRIC_MINISBLACK;
  if (layout.tiled || layout.planar != PLANARCONFIG_CONTIG || layout.sample_format > SAMPLEFORMAT_UINT) return std::nullopt;
  if (layout.samples == 1 && gray && layout.bits == 1) return PixelFormat::gray1;
  if (layout.samples == 1 && gray && layout.bits == 8) return PixelFormat::gray8;
  const bool jpeg_ycc = layout.photometric == PHOTOMETRIC_YCBCR && layout.compression == COMPRESSION_JPEG;
  if (layout.samples == 3 && layout.bits == 8 && (layout.photometric == PHOTOMETRIC_RGB || jpeg_ycc)) return PixelFormat::rgb8;
  return std::nullopt;
}

Raster decode_strips(TIFF* tiff, const Layout& layout, PixelFormat format, std::uint64_t max_pixels) {
  auto raster = make_raster(static_cast<int>(layout.width), static_cast<int>(layout.height), format, max_pixels);
  if (layout.compression == COMPRESSION_JPEG) TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  if (static_cast<std::size_t>(TIFFScanlineSize(tiff)) != raster.stride()) fail("rows of an unexpected length");
  const auto rows = std::max<std::uint32_t>(1, std::min(layout.rows_per_strip, layout.height));
  for (std::uint32_t y = 0; y < layout.height; y += rows) {
    const auto count = std::min(rows, layout.height - y);
    const auto wanted = static_cast<tmsize_t>(count * raster.stride());
    const auto got = TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, 0), raster.row(static_cast<int>(y)), wanted);
    if (got != wanted) fail(fmt::format("rows {} to {} cannot be decoded", y, y + count));
  }
  // gray1 has 1 = black, gray8 has 0 = black.
  const bool inverted = format == PixelFormat::gray1   ? layout.photometric == PHOTOMETRIC_MINISBLACK
                        : format == PixelFormat::gray8 ? layout.photometric == PHOTOMETRIC_MINISWHITE
                                                       : false;
  if (inverted) std::ranges::transform(raster.pixels, raster.pixels.begin(), [](std::byte b) { return ~b; });
  return raster;
}

/// Palettes, 16 bits, CMYK, tiles, planes, alpha: through libtiff's own conversion, alpha over white.
Raster decode_rgba(TIFF* tiff, const Layout& layout, std::uint64_t max_pixels) {
  auto raster = make_raster(static_cast<int>(layout.width), static_cast<int>(layout.height), PixelFormat::rgb8, max_pixels);
  std::vector<std::uint32_t> rgba(static_cast<std::size_t>(layout.width) * layout.height);
  std::uint16_t stored = ORIENTATION_TOPLEFT;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &stored);
  // Asking for the stored orientation leaves the pixels as stored; the caller turns them.
  if (!TIFFReadRGBAImageOriented(tiff, layout.width, layout.height, rgba.data(), stored, 1)) fail("it cannot be decoded");
  for (std::size_t n = 0; n < rgba.size(); ++n) {
    const auto pixel = rgba[n];
    const auto light = 255 - TIFFGetA(pixel);  // of the white below; colours are premultiplied
    auto* rgb = raster.pixels.data() + 3 * n;
    rgb[0] = static_cast<std::byte>(std::min<std::uint32_t>(255, TIFFGetR(pixel) + light));
    rgb[1] = static_cast<std::byte>(std::min<std::uint32_t>(255, TIFFGetG(pixel) + light));
    rgb[2] = static_cast<std::byte>(std::min<std::uint32_t>(255, TIFFGetB(pixel) + light));
  }
  return raster;
}

}  // namespace

TiffReader::TiffReader(std::span<const std::byte> bytes) : memory_{std::make_unique<Memory>(Memory{bytes})} {
  TIFFSetErrorHandler(keep_error);
  TIFFSetWarningHandler(nullptr);
  last_error().clear();
  // "m": no memory mapping, our memory is read through the functions.
  tiff_ = TIFFClientOpen("document", "rm", memory_.get(), read_memory, write_memory, seek_memory, close_memory, size_memory,
                         nullptr, nullptr);
  if (!tiff_) fail("it cannot be opened");
}

TiffReader::~TiffReader() {
  if (tiff_) TIFFClose(tiff_);
}

void TiffReader::go_to(std::uint32_t page) {
  if (TIFFCurrentDirectory(tiff_) == page) return;
  if (!TIFFSetDirectory(tiff_, static_cast<tdir_t>(page))) fail(fmt::format("page {} cannot be found", page + 1));
}

Raster TiffReader::decode(std::uint64_t max_pixels) {
  last_error().clear();
  const auto layout = layout_of(tiff_);
  check_size(layout.width, layout.height, max_pixels);
  const auto format = direct_format(layout);
  return format ? decode_strips(tiff_, layout, *format, max_pixels) : decode_rgba(tiff_, layout, max_pixels);
}

Raster decode_fax(std::span<const std::byte> stream, const FaxParameters& parameters, std::uint64_t max_pixels) {
  check_size(parameters.width_px, parameters.height_px, max_pixels);
  // A little-endian TIFF of one strip around the stream (TIFF 6.0, section 2).
  struct Entry {
    std::uint16_t tag;
    std::uint32_t value;
  };
  const bool group4 = parameters.k < 0;
  const std::uint32_t two_dimensional = parameters.k > 0 ? 1 : 0;
  constexpr std::uint32_t data_at = 8;
  const auto length = static_cast<std::uint32_t>(stream.size());
  const auto height = static_cast<std::uint32_t>(parameters.height_px);
  const std::array<Entry, 9> entries{{{TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(parameters.width_px)},
                                      {TIFFTAG_IMAGELENGTH, height},
                                      {TIFFTAG_BITSPERSAMPLE, 1},
                                      {TIFFTAG_COMPRESSION, group4 ? 4U : 3U},
                                      {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE},
                                      {TIFFTAG_STRIPOFFSETS, data_at},
                                      {TIFFTAG_ROWSPERSTRIP, height},
                                      {TIFFTAG_STRIPBYTECOUNTS, length},
                                      {group4 ? std::uint16_t{TIFFTAG_GROUP4OPTIONS} : std::uint16_t{TIFFTAG_GROUP3OPTIONS},
                                       group4 ? 0 : two_dimensional}}};
  ByteWriter file;
  const std::uint32_t directory_at = data_at + length + length % 2;
  file.put(std::uint16_t{0x4949}).put(std::uint16_t{42}).put(directory_at).put_raw(stream);
  if (length % 2 != 0) file.put(std::uint8_t{0});
  file.put(static_cast<std::uint16_t>(entries.size()));
  constexpr std::uint16_t type_long = 4;
  for (const auto& entry : entries) file.put(entry.tag).put(type_long).put(std::uint32_t{1}).put(entry.value);
  file.put(std::uint32_t{0});
  TiffReader reader{file.bytes()};
  return reader.decode(max_pixels);
}

}  // namespace pecia::page
