#include <fmt/format.h>
#include <png.h>

#include <array>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "image_file.hpp"
#include "pecia/corpus/image_header.hpp"
#include "predictor.hpp"

namespace pecia::exporting::pdf {
namespace {

using std::string_view_literals::operator""sv;

/// What an interlaced image, which is in memory as a whole, may take.
constexpr std::uint64_t most_interlaced_bytes = std::uint64_t{1} << 30;
constexpr std::uint32_t longest_side_px = 1'000'000;

/// What libpng has of an image: a base, so that it is freed where a constructor fails, too.
struct PngReading {
  PngReading() = default;
  ~PngReading() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReading(const PngReading&) = delete;
  PngReading& operator=(const PngReading&) = delete;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

/// libpng's reading of one image. Its errors leave by a C++ exception: the library is built with unwind tables.
class Decoder : private PngReading {
 public:
  explicit Decoder(const SourceFile& file) : file_{file} {
    png_ = png_create_read_struct(
        PNG_LIBPNG_VER_STRING, nullptr,
        [](png_structp, png_const_charp text) { throw std::runtime_error{fmt::format("damaged PNG: {}", text)}; },
        [](png_structp, png_const_charp) {});
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) throw std::bad_alloc{};
    png_set_read_fn(png_, this, [](png_structp png, png_bytep out, std::size_t size) {
      auto& self = *static_cast<Decoder*>(png_get_io_ptr(png));
      const auto bytes = self.file_.read_whole(self.at_, size);
      std::memcpy(out, bytes.data(), size);
      self.at_ += size;
    });
    png_set_user_limits(png_, longest_side_px, longest_side_px);
    png_read_info(png_, info_);
  }

  [[nodiscard]] std::uint32_t width() const { return png_get_image_width(png_, info_); }
  [[nodiscard]] std::uint32_t height() const { return png_get_image_height(png_, info_); }
  [[nodiscard]] int bits() const { return png_get_bit_depth(png_, info_); }
  [[nodiscard]] int color_type() const { return png_get_color_type(png_, info_); }
  [[nodiscard]] bool interlaced() const { return png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE; }
  [[nodiscard]] bool transparent() const {
    return (color_type() & PNG_COLOR_MASK_ALPHA) != 0 || png_get_valid(png_, info_, PNG_INFO_tRNS) != 0;
  }
  [[nodiscard]] std::string palette() const {
    png_colorp colors = nullptr;
    int count = 0;
    std::string bytes;
    png_get_PLTE(png_, info_, &colors, &count);
    for (int n = 0; n < count; ++n)
      bytes += {static_cast<char>(colors[n].red), static_cast<char>(colors[n].green), static_cast<char>(colors[n].blue)};
    return bytes;
  }
  [[nodiscard]] std::string icc() const {
    png_charp name = nullptr;
    png_bytep profile = nullptr;
    png_uint_32 size = 0;
    int compression = 0;
    if (png_get_iCCP(png_, info_, &name, &compression, &profile, &size) == 0) return {};
    return {reinterpret_cast<const char*>(profile), size};
  }

  [[nodiscard]] double dpi() const {
    png_uint_32 across = 0, down = 0;
    int unit = 0;
    if (png_get_pHYs(png_, info_, &across, &down, &unit) == 0 || unit != PNG_RESOLUTION_METER) return 0;
    return corpus::dpi_of_png(across);
  }

  /// Transparency as a channel of its own; palettes and fewer than 8 bits are undone then.
  void expand() { png_set_expand(png_); }
  /// Calls `put` with each row.
  template <class Put>
  void rows(Put put) {
    if (interlaced()) png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    const auto stride = png_get_rowbytes(png_, info_);
    if (!interlaced()) {
      std::vector<png_byte> row(stride);
      for (std::uint32_t y = 0; y < height(); ++y) {
        png_read_row(png_, row.data(), nullptr);
        put(row);
      }
      return;
    }
    if (std::uint64_t{stride} * height() > most_interlaced_bytes)
      throw std::runtime_error{"an interlaced PNG is too large to be held in memory"};
    std::vector<std::vector<png_byte>> all(height(), std::vector<png_byte>(stride));
    std::vector<png_bytep> begins;
    for (auto& row : all) begins.push_back(row.data());
    png_read_image(png_, begins.data());
    for (const auto& row : all) put(row);
  }
  [[nodiscard]] std::size_t channels() const { return png_get_channels(png_, info_); }
  [[nodiscard]] std::size_t row_bytes() const { return png_get_rowbytes(png_, info_); }

 private:
  const SourceFile& file_;
  std::uint64_t at_ = 0;
};

std::uint64_t u32(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t n = 0; n < 4; ++n) value = value << 8 | static_cast<unsigned char>(bytes[n]);
  return value;
}

/// Where the image's data stand, in the chunks IDAT: together a Flate stream with PNG's filters, as PDF knows them, too.
std::vector<Part> data_of(const SourceFile& file) {
  std::vector<Part> parts;
  for (std::uint64_t at = 8; at + 12 <= file.size();) {
    const auto head = file.read_whole(at, 8);
    const auto length = u32(head);
    const auto name = std::string_view{head}.substr(4);
    if (length > file.size() - at - 12) throw std::runtime_error{"damaged PNG: the file is cut off"};
    if (name == "IDAT") parts.push_back({{}, at + 8, length, false});
    if (name == "IEND") break;
    at += length + 12;
  }
  return parts;
}

std::string parameters(std::size_t colors, int bits, std::uint32_t width) {
  return fmt::format("/Filter/FlateDecode/DecodeParms<</Predictor 15/Colors {}/BitsPerComponent {}/Columns {}>>", colors, bits, width);
}

/// One of the two images that an image with transparency is: its colours, or its opacity.
void write_channels(const SourceFile& file, Pipeline& to, bool opacity) {
  Decoder png{file};
  const std::size_t sample = png.bits() == 16 ? 2 : 1;
  if (png.transparent()) png.expand();
  std::unique_ptr<PredictedRows> rows;
  std::vector<std::uint8_t> kept;
  png.rows([&](const std::vector<png_byte>& row) {
    const auto channels = png.channels(), colors = png.transparent() ? channels - 1 : channels;
    const auto first = opacity ? colors : 0, last = opacity ? channels : colors;
    kept.clear();
    if (colors == channels) {
      kept = row;
    } else {
      for (std::size_t x = 0; x < row.size(); x += channels * sample)
        kept.insert(kept.end(), row.begin() + static_cast<std::ptrdiff_t>(x + first * sample),
                    row.begin() + static_cast<std::ptrdiff_t>(x + last * sample));
    }
    if (!rows) rows = std::make_unique<PredictedRows>(to, kept.size(), png.bits() < 8 && colors == channels ? 1 : (last - first) * sample);
    rows->row(kept);
  });
  if (rows) rows->finish();
}

class PngFile final : public ImageFile {
 public:
  explicit PngFile(std::shared_ptr<const SourceFile> file) : file_{std::move(file)} {
    Decoder png{*file_};
    width_ = png.width();
    height_ = png.height();
    bits_ = png.bits();
    transparent_ = png.transparent();
    indexed_ = png.color_type() == PNG_COLOR_TYPE_PALETTE;
    colors_ = indexed_ || (png.color_type() & PNG_COLOR_MASK_COLOR) == 0 ? 1 : 3;
    palette_ = png.palette();
    icc_ = png.icc();
    dpi_ = png.dpi();
    as_it_is_ = !png.interlaced() && !transparent_;
  }

  StoredImage image(QPDF& pdf, std::uint32_t /*page*/) override {
    StoredImage image{{}, width_, height_};
    image.dpi = dpi_;
    if (transparent_) {
      if (bits_ < 8) bits_ = 8;
      if (indexed_) colors_ = 3, indexed_ = false;
    }
    const auto keys = image_keys(width_, height_, bits_) + parameters(static_cast<std::size_t>(colors_), bits_, width_);
    image.object = as_it_is_ ? stream_of_parts(pdf, file_, data_of(*file_), keys)
                             : stream_by(
                                   pdf, [file = file_](Pipeline& to) { write_channels(*file, to, false); }, keys);
    auto space = color_space(pdf, indexed_ ? 3 : colors_, icc_);
    if (indexed_) {
      const auto last = static_cast<long long>(palette_.size() / 3) - 1;
      space = QPDFObjectHandle::newArray(
          {QPDFObjectHandle::newName("/Indexed"), space, QPDFObjectHandle::newInteger(last), QPDFObjectHandle::newString(palette_)});
    }
    image.object.getDict().replaceKey("/ColorSpace", space);
    if (transparent_) {
      const auto mask_keys = image_keys(width_, height_, bits_) + "/ColorSpace/DeviceGray" + parameters(1, bits_, width_);
      image.object.getDict().replaceKey("/SMask", stream_by(
                                                      pdf, [file = file_](Pipeline& to) { write_channels(*file, to, true); }, mask_keys));
    }
    return image;
  }

 private:
  std::shared_ptr<const SourceFile> file_;
  std::uint32_t width_ = 0, height_ = 0;
  double dpi_ = 0;
  int bits_ = 8, colors_ = 1;
  bool transparent_ = false, indexed_ = false, as_it_is_ = false;
  std::string palette_, icc_;
};

}  // namespace

std::unique_ptr<ImageFile> open_png(std::shared_ptr<const SourceFile> file) { return std::make_unique<PngFile>(std::move(file)); }

}  // namespace pecia::exporting::pdf
