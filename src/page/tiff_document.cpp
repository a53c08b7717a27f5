#include <tiffio.h>

#include "document.hpp"
#include "pecia/corpus/image_header.hpp"
#include "tiff.hpp"

namespace pecia::page {
namespace {

/// More directories than any document has; a chain of them may be a loop.
constexpr std::uint32_t most_tiff_pages = 65'000;

corpus::Coding coding_of_tiff(TIFF* tiff) {
  std::uint16_t compression = COMPRESSION_NONE;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
  switch (compression) {
    case COMPRESSION_NONE: return corpus::Coding::none;
    case COMPRESSION_CCITTRLE:
    case COMPRESSION_CCITTFAX3: return corpus::Coding::g3;
    case COMPRESSION_CCITTFAX4: return corpus::Coding::g4;
    case COMPRESSION_LZW: return corpus::Coding::lzw;
    case COMPRESSION_JPEG:
    case COMPRESSION_OJPEG: return corpus::Coding::jpeg;
    case COMPRESSION_ADOBE_DEFLATE:
    case COMPRESSION_DEFLATE: return corpus::Coding::flate;
    default: return corpus::Coding::unknown;
  }
}

double dpi_of(TIFF* tiff) {
  float resolution = 0;
  std::uint16_t unit = RESUNIT_INCH;
  if (!TIFFGetField(tiff, TIFFTAG_XRESOLUTION, &resolution)) return 0;
  TIFFGetFieldDefaulted(tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
  return corpus::dpi_of_tiff(static_cast<double>(resolution), unit);
}

class TiffDocument final : public Document {
 public:
  explicit TiffDocument(std::span<const std::byte> bytes) : reader_{bytes} {}

  std::vector<corpus::PageEvidence> evidence() override {
    std::vector<corpus::PageEvidence> pages;
    reader_.go_to(0);
    do {
      const auto about = info_here();
      corpus::PageEvidence page;
      page.width_px = static_cast<float>(about.width_px);
      page.height_px = static_cast<float>(about.height_px);
      page.coding = about.coding;
      page.compressed_bytes = compressed_bytes();
      pages.push_back(page);
      if (pages.size() > most_tiff_pages) throw PageError{Reason::unreadable, "damaged TIFF: its pages have no end"};
    } while (reader_.go_on());
    // The chain of pages broke off: whatever came behind is one page that will fail, not none.
    if (!TIFFLastDirectory(reader_.get())) pages.emplace_back();
    return pages;
  }

  PageInfo info(std::uint32_t page) override {
    reader_.go_to(page - 1);
    return info_here();
  }

  PageRaster render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) override {
    reader_.go_to(page - 1);
    const auto about = info_here();
    const auto wanted = decoding_of(request, max_pixels, orientation_here());
    auto raster = reader_.decode(wanted);
    raster.dpi = about.page_dpi * raster.width_px / about.width_px;
    return page_of(std::move(raster), about.width_px, about.height_px, about.page_dpi, wanted);
  }

 private:
  [[nodiscard]] Orientation orientation_here() const {
    std::uint16_t value = ORIENTATION_TOPLEFT;
    TIFFGetFieldDefaulted(reader_.get(), TIFFTAG_ORIENTATION, &value);
    return exif_orientation(value);
  }

  [[nodiscard]] PageInfo info_here() const {
    std::uint32_t width = 0, height = 0;
    TIFFGetField(reader_.get(), TIFFTAG_IMAGEWIDTH, &width);
    TIFFGetField(reader_.get(), TIFFTAG_IMAGELENGTH, &height);
    if (orientation_here().swap_axes) std::swap(width, height);
    PageInfo info;
    info.width_px = width;
    info.height_px = height;
    info.page_dpi = dpi_of(reader_.get());
    info.coding = coding_of_tiff(reader_.get());
    info.embedded = true;
    return info;
  }

  [[nodiscard]] std::uint64_t compressed_bytes() const {
    std::uint64_t total = 0;
    const auto count = TIFFIsTiled(reader_.get()) ? TIFFNumberOfTiles(reader_.get()) : TIFFNumberOfStrips(reader_.get());
    for (std::uint32_t n = 0; n < count; ++n) total += TIFFGetStrileByteCount(reader_.get(), n);
    return total;
  }

  TiffReader reader_;
};

}  // namespace

std::unique_ptr<Document> open_tiff(std::span<const std::byte> bytes) { return std::make_unique<TiffDocument>(bytes); }

}  // namespace pecia::page
