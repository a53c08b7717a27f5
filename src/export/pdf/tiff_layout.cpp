#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>

#include "maker.hpp"
#include "pecia/corpus/image_header.hpp"
#include "tiff_image.hpp"

namespace pecia::exporting::pdf {
namespace {

/// What may be in memory at once, and what a page may be without being taken for a damaged one.
constexpr std::uint64_t most_piece_bytes = std::uint64_t{1} << 30, most_page_bytes = std::uint64_t{1} << 35;

template <class Value>
Value field(TIFF* tiff, std::uint32_t tag, Value otherwise) {
  Value value = otherwise;
  return TIFFGetFieldDefaulted(tiff, tag, &value) == 1 ? value : otherwise;
}

std::string palette_of(TIFF* tiff, int bits) {
  std::uint16_t *red = nullptr, *green = nullptr, *blue = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_COLORMAP, &red, &green, &blue) != 1) throw Undecodable{"it has no palette"};
  // Some writers fill in 8 bits; `pecia-page` reads them by the same rule.
  const auto colors = {red, green, blue};
  const int count = 1 << bits;
  const bool of_bytes =
      std::ranges::all_of(colors, [&](const auto* color) { return std::all_of(color, color + count, [](auto v) { return v < 256; }); });
  std::string bytes;
  for (int n = 0; n < count; ++n) {
    for (const auto* color : colors) bytes += static_cast<char>(of_bytes ? color[n] : color[n] >> 8);
  }
  return bytes;
}

int colors_of(std::uint16_t photometric) {
  switch (photometric) {
    case PHOTOMETRIC_MINISWHITE:
    case PHOTOMETRIC_MINISBLACK:
    case PHOTOMETRIC_PALETTE:
      return 1;
    case PHOTOMETRIC_RGB:
      return 3;
    case PHOTOMETRIC_SEPARATED:
      return 4;
    default:
      return 0;
  }
}

void find_alpha(TIFF* tiff, TiffLayout& layout) {
  std::uint16_t count = 0;
  std::uint16_t* kinds = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_EXTRASAMPLES, &count, &kinds) != 1) return;
  for (int n = 0; n < count; ++n) {
    if (kinds[n] != EXTRASAMPLE_ASSOCALPHA && kinds[n] != EXTRASAMPLE_UNASSALPHA) continue;
    layout.alpha = layout.colors + n;
    layout.premultiplied = kinds[n] == EXTRASAMPLE_ASSOCALPHA;
    return;
  }
}

void check_size(const OpenTiff& open, const TiffLayout& layout) {
  if (layout.row_bytes() > most_page_bytes / layout.height_px)
    throw Undecodable{fmt::format("{} x {} pixels are more than a page has", layout.width_px, layout.height_px)};
  if (const auto bytes = tiff_piece_bytes(open, layout); bytes > most_piece_bytes)
    throw Undecodable{fmt::format("its tiles or strips are so large that {} MB have to be decoded at once", bytes / 1'000'000)};
}

}  // namespace

OpenTiff::OpenTiff(std::shared_ptr<const SourceFile> file) : file_{std::move(file)} {
  TIFFSetErrorHandler(nullptr);
  TIFFSetWarningHandler(nullptr);
  const auto read = [](thandle_t handle, void* out, tmsize_t size) -> tmsize_t {
    auto& self = *static_cast<OpenTiff*>(handle);
    const auto bytes = self.file_->read(self.at_, static_cast<std::size_t>(size));
    std::memcpy(out, bytes.data(), bytes.size());
    self.at_ += bytes.size();
    return static_cast<tmsize_t>(bytes.size());
  };
  const auto seek = [](thandle_t handle, toff_t offset, int whence) -> toff_t {
    auto& self = *static_cast<OpenTiff*>(handle);
    return self.at_ = offset + (whence == SEEK_CUR ? self.at_ : whence == SEEK_END ? self.file_->size() : 0);
  };
  const auto no_write = [](thandle_t, void*, tmsize_t) -> tmsize_t { return 0; };
  const auto close = [](thandle_t) { return 0; };
  const auto size = [](thandle_t handle) -> toff_t { return static_cast<OpenTiff*>(handle)->file_->size(); };
  tiff_ = TIFFClientOpen("document", "rm", this, read, no_write, seek, close, size, nullptr, nullptr);
  if (tiff_ == nullptr) throw std::runtime_error{"damaged TIFF: it has no page"};
}

OpenTiff::~OpenTiff() { TIFFClose(tiff_); }

void OpenTiff::go_to(std::uint64_t directory) {
  if (TIFFCurrentDirOffset(tiff_) != directory && TIFFSetSubDirectory(tiff_, directory) != 1)
    throw std::runtime_error{"damaged TIFF: a page cannot be found again"};
}

double tiff_dpi(TIFF* tiff) {
  float resolution = 0;
  if (TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &resolution) != 1) return 0;
  return corpus::dpi_of_tiff(static_cast<double>(resolution), field<std::uint16_t>(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH));
}

TiffLayout tiff_fields(TIFF* tiff) {
  TiffLayout layout;
  layout.directory = TIFFCurrentDirOffset(tiff);
  layout.width_px = field<std::uint32_t>(tiff, TIFFTAG_IMAGEWIDTH, 0);
  layout.height_px = field<std::uint32_t>(tiff, TIFFTAG_IMAGELENGTH, 0);
  layout.strip_rows = field<std::uint32_t>(tiff, TIFFTAG_ROWSPERSTRIP, 0);
  layout.bits = field<std::uint16_t>(tiff, TIFFTAG_BITSPERSAMPLE, 1);
  layout.samples = field<std::uint16_t>(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  layout.photometric = field<std::uint16_t>(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  layout.compression = field<std::uint16_t>(tiff, TIFFTAG_COMPRESSION, COMPRESSION_NONE);
  layout.orientation = field<std::uint16_t>(tiff, TIFFTAG_ORIENTATION, ORIENTATION_TOPLEFT);
  layout.tiled = TIFFIsTiled(tiff) != 0;
  layout.reversed_bits = field<std::uint16_t>(tiff, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB) == FILLORDER_LSB2MSB;
  layout.ycbcr = layout.photometric == PHOTOMETRIC_YCBCR;
  return layout;
}

void complete(const OpenTiff& open, TiffLayout& layout) {
  auto* const tiff = open.get();
  if (layout.ycbcr && layout.compression == COMPRESSION_JPEG) {
    TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    layout.photometric = PHOTOMETRIC_RGB;
  }
  layout.colors = colors_of(layout.photometric);
  layout.planar = layout.samples > 1 && field<std::uint16_t>(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) == PLANARCONFIG_SEPARATE;
  const bool known_bits = layout.bits == 1 || layout.bits == 2 || layout.bits == 4 || layout.bits == 8 || layout.bits == 16;
  const auto format = field<std::uint16_t>(tiff, TIFFTAG_SAMPLEFORMAT, SAMPLEFORMAT_UINT);
  const bool whole_bytes = layout.bits >= 8 || (layout.samples == layout.colors && !layout.planar);
  const bool wide = layout.photometric == PHOTOMETRIC_PALETTE && layout.bits > 8;
  if (layout.colors == 0 || !known_bits || format != SAMPLEFORMAT_UINT || layout.samples < layout.colors || !whole_bytes ||
      (layout.planar && layout.tiled) || wide)
    throw Refusal{
        fmt::format("a TIFF of a kind that is not made a PDF (photometric {}, {} samples of {} bits, format {}): as PNG it can be",
                    layout.photometric, layout.samples, layout.bits, format)};
  find_alpha(tiff, layout);
  if (layout.photometric == PHOTOMETRIC_PALETTE) layout.palette = palette_of(tiff, layout.bits);
  std::uint32_t icc_bytes = 0;
  void* icc = nullptr;
  if (TIFFGetField(tiff, TIFFTAG_ICCPROFILE, &icc_bytes, &icc) == 1 && icc != nullptr)
    layout.icc.assign(static_cast<const char*>(icc), icc_bytes);
  check_size(open, layout);
}

}  // namespace pecia::exporting::pdf
