#include "tiff_image.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <qpdf/Pipeline.hh>
#include <vector>

#include "image_file.hpp"
#include "maker.hpp"
#include "predictor.hpp"

namespace pecia::exporting::pdf {
namespace {

constexpr std::uint32_t most_pages = 65'000;  ///< a chain of directories may be a loop

/// Samples [first, last) of each pixel, Flate-coded; returns in how many rows some are lost. The page is decoded when the PDF
/// is written.
std::uint32_t write_samples(const OpenTiff& open, const TiffLayout& layout, int first, int last, Pipeline& to) {
  if (layout.photometric == PHOTOMETRIC_RGB && layout.compression == COMPRESSION_JPEG)
    TIFFSetField(open.get(), TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  const bool whole = first == 0 && last == layout.samples;
  const auto sample = static_cast<std::size_t>(layout.bits) / 8, pixel = sample * layout.samples,
             kept_pixel = sample * static_cast<std::size_t>(last - first);
  PredictedRows rows{to, whole ? layout.row_bytes() : kept_pixel * layout.width_px, layout.bits < 8 ? 1 : kept_pixel};
  std::vector<std::uint8_t> kept(whole ? 0 : kept_pixel * layout.width_px);
  const auto lost = each_tiff_row(open, layout, [&](std::span<const std::uint8_t> row) {
    for (std::size_t x = 0; !whole && x < layout.width_px; ++x)
      std::memcpy(&kept[x * kept_pixel], &row[x * pixel + static_cast<std::size_t>(first) * sample], kept_pixel);
    rows.row(whole ? row : std::span<const std::uint8_t>{kept});
  });
  rows.finish();
  return lost;
}

class TiffFile final : public ImageFile {
 public:
  explicit TiffFile(std::shared_ptr<const SourceFile> file) : open_{std::make_shared<OpenTiff>(std::move(file))} {}

  std::uint32_t pages() override {
    std::uint32_t count = 1;
    while (count < most_pages && TIFFReadDirectory(open_->get()) == 1) ++count;
    // The chain of pages broke off: whatever came behind is one page, as `pecia-page` counts it.
    count += TIFFLastDirectory(open_->get()) == 0 ? 1 : 0;
    if (TIFFSetDirectory(open_->get(), 0) != 1) throw std::runtime_error{"damaged TIFF: its first page cannot be found again"};
    return count;
  }

  StoredImage image(QPDF& pdf, std::uint32_t page) override {
    const bool found = page == page_ || (page == page_ + 1 && TIFFReadDirectory(open_->get()) == 1);
    page_ = page;
    auto image = found ? image_here(pdf, page + 1) : without_size("the chain of pages is broken in front of it");
    before_ = {{}, image.width_px, image.height_px, image.orientation};
    before_.dpi = image.dpi;
    return image;
  }

  [[nodiscard]] LostPixels lost() const override {
    LostPixels lost;
    for (const auto& [number, whole] : *lost_) (whole ? lost.whole : lost.in_part).push_back(number);
    return lost;
  }

 private:
  StoredImage image_here(QPDF& pdf, std::uint32_t number) {
    auto layout = tiff_fields(open_->get());
    if (layout.width_px == 0 || layout.height_px == 0) return without_size("it has no size");
    StoredImage image{{}, layout.width_px, layout.height_px, layout.orientation};
    image.dpi = tiff_dpi(open_->get());
    try {
      complete(*open_, layout);
      image.object = layout.bilevel()                      ? fax(pdf, layout, number)
                     : is_one_jpeg(layout) && is_in_file() ? jpeg(pdf, layout)
                                                           : samples(pdf, layout, number);
      image.jpeg_decoded = layout.compression == COMPRESSION_JPEG && !is_one_jpeg(layout);
    } catch (const Undecodable& why) {
      image.lost = why.what();
    }
    return image;
  }

  /// As large as the one before, for want of anything better.
  [[nodiscard]] StoredImage without_size(std::string why) const {
    auto image = before_;
    image.lost = std::move(why);
    return image;
  }

  /// A stream for page `number`; `write`, called when the PDF is written, returns in how many rows pixels are lost.
  QPDFObjectHandle coded(QPDF& pdf, const TiffLayout& layout, std::uint32_t number,
                         std::function<std::uint32_t(const OpenTiff&, const TiffLayout&, Pipeline&)> write, const std::string& keys) {
    const auto make = [open = open_, lost = lost_, layout, number, write = std::move(write)](Pipeline& to) {
      try {
        open->go_to(layout.directory);
        if (const auto rows = write(*open, layout, to); rows > 0) (*lost)[number] = rows >= layout.height_px;
      } catch (const StorageError&) {
        throw;
      } catch (const std::runtime_error& error) {
        throw std::runtime_error{fmt::format("page {}: {}", number, error.what())};
      }
    };
    return stream_by(pdf, make, keys);
  }

  /// Whether the first strip, which is to be taken as it is, is not cut off.
  [[nodiscard]] bool is_in_file() const {
    const auto offset = TIFFGetStrileOffset(open_->get(), 0), size = TIFFGetStrileByteCount(open_->get(), 0);
    return size > 0 && offset <= open_->file()->size() && size <= open_->file()->size() - offset;
  }

  static bool is_one_jpeg(const TiffLayout& layout) {
    return layout.compression == COMPRESSION_JPEG && !layout.tiled && !layout.planar && layout.alpha < 0 &&
           layout.samples == layout.colors && layout.strip_rows >= layout.height_px && layout.bits == 8 &&
           (layout.colors == 1 || layout.colors == 3);
  }

  /// A strip of Group 4 as it is; several are coded as one, since each begins anew, and so is what was coded otherwise.
  QPDFObjectHandle fax(QPDF& pdf, const TiffLayout& layout, std::uint32_t number) {
    const auto keys = [&](bool black_is_one) {
      return image_keys(layout.width_px, layout.height_px, 1) +
             fmt::format("/ColorSpace/DeviceGray/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns {}/Rows {}{}>>", layout.width_px,
                         layout.height_px, black_is_one ? "/BlackIs1 true" : "");
    };
    if (layout.compression == COMPRESSION_CCITTFAX4 && !layout.tiled && layout.strip_rows >= layout.height_px && is_in_file()) {
      const Part part{{}, TIFFGetStrileOffset(open_->get(), 0), TIFFGetStrileByteCount(open_->get(), 0), layout.reversed_bits};
      return stream_of_parts(pdf, open_->file(), {part}, keys(layout.photometric == PHOTOMETRIC_MINISBLACK));
    }
    const auto write = [](const OpenTiff& open, const TiffLayout& page, Pipeline& to) {
      const auto made = group4_of(open, page);
      to.write(reinterpret_cast<const unsigned char*>(made.bytes.data()), made.bytes.size());
      return made.rows_lost;
    };
    return coded(pdf, layout, number, write, keys(false));
  }

  /// The tables that pages share, and the strip that goes on with them, as one JPEG (TIFF Technical Note 2).
  QPDFObjectHandle jpeg(QPDF& pdf, const TiffLayout& layout) {
    std::uint32_t table_bytes = 0;
    void* tables = nullptr;
    std::vector<Part> parts;
    const auto offset = TIFFGetStrileOffset(open_->get(), 0), size = TIFFGetStrileByteCount(open_->get(), 0);
    if (TIFFGetField(open_->get(), TIFFTAG_JPEGTABLES, &table_bytes, &tables) == 1 && table_bytes > 4 && size > 2) {
      parts.push_back({std::string{static_cast<const char*>(tables), table_bytes - 2}, 0, 0, false});  // without its end mark,
      parts.push_back({{}, offset + 2, size - 2, false});                                              // and that without its beginning
    } else {
      parts.push_back({{}, offset, size, false});
    }
    auto keys = image_keys(layout.width_px, layout.height_px, 8) + "/Filter/DCTDecode";
    if (layout.colors == 3 && !layout.ycbcr) keys += "/DecodeParms<</ColorTransform 0>>";
    if (layout.photometric == PHOTOMETRIC_MINISWHITE) keys += "/Decode[1 0]";
    auto object = stream_of_parts(pdf, open_->file(), std::move(parts), keys);
    object.getDict().replaceKey("/ColorSpace", color_space(pdf, layout.colors, layout.icc));
    return object;
  }

  QPDFObjectHandle samples(QPDF& pdf, const TiffLayout& layout, std::uint32_t number) {
    const auto flate = [&](int first, int last, const std::string& more) {
      const auto keys = image_keys(layout.width_px, layout.height_px, layout.bits) + more +
                        fmt::format("/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors {}/BitsPerComponent {}/Columns {}>>",
                                    last - first, layout.bits, layout.width_px);
      const auto write = [first, last](const OpenTiff& open, const TiffLayout& page, Pipeline& to) {
        return write_samples(open, page, first, last, to);
      };
      return coded(pdf, layout, number, write, keys);
    };
    auto object = flate(0, layout.colors, layout.photometric == PHOTOMETRIC_MINISWHITE ? "/Decode[1 0]" : "");
    auto space = color_space(pdf, layout.palette.empty() ? layout.colors : 3, layout.icc);
    if (!layout.palette.empty())
      space =
          QPDFObjectHandle::newArray({QPDFObjectHandle::newName("/Indexed"), space, QPDFObjectHandle::newInteger((1LL << layout.bits) - 1),
                                      QPDFObjectHandle::newString(layout.palette)});
    object.getDict().replaceKey("/ColorSpace", space);
    if (layout.alpha >= 0) {
      auto mask = flate(layout.alpha, layout.alpha + 1, "/ColorSpace/DeviceGray");
      if (layout.premultiplied) {
        auto matte = QPDFObjectHandle::newArray();
        for (int n = 0; n < layout.colors; ++n) matte.appendItem(QPDFObjectHandle::newInteger(0));
        mask.getDict().replaceKey("/Matte", matte);
      }
      object.getDict().replaceKey("/SMask", mask);
    }
    return object;
  }

  std::shared_ptr<OpenTiff> open_;
  std::uint32_t page_ = 0;
  StoredImage before_{{}, 2480, 3508};  ///< the size of the page before; at first A4
  std::shared_ptr<std::map<std::uint32_t, bool>> lost_ = std::make_shared<std::map<std::uint32_t, bool>>();  ///< pages: whole, or in part
};

}  // namespace

std::unique_ptr<ImageFile> open_tiff(std::shared_ptr<const SourceFile> file) { return std::make_unique<TiffFile>(std::move(file)); }

}  // namespace pecia::exporting::pdf
