#include <fmt/format.h>
#include <png.h>

#include <cstring>
#include <optional>

#include "document.hpp"

namespace pecia::page {
namespace {

constexpr std::size_t signature_bytes = 8;
constexpr unsigned bits_per_channel_bilevel = 1;

std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (std::size_t n = 0; n < 4; ++n) value = value << 8 | std::to_integer<std::uint32_t>(bytes[at + n]);
  return value;
}

/// What libpng's simple interface does not tell: bit depth, colour type, resolution.
struct PngChunks {
  unsigned depth = 0, color_type = 0;
  bool transparent = false;
  double dpi = 0;
};

PngChunks read_chunks(std::span<const std::byte> bytes) {
  PngChunks found;
  for (std::size_t at = signature_bytes; at + 12 <= bytes.size();) {
    const std::size_t length = big_endian(bytes, at);
    const std::string_view type{reinterpret_cast<const char*>(bytes.data()) + at + 4, 4};
    if (type == "IDAT" || length > bytes.size() - at - 12) break;
    const auto data = bytes.subspan(at + 8, length);
    if (type == "IHDR" && length >= 13) {
      found.depth = std::to_integer<unsigned>(data[8]);
      found.color_type = std::to_integer<unsigned>(data[9]);
    } else if (type == "tRNS") {
      found.transparent = true;
    } else if (type == "pHYs" && length >= 9 && data[8] == std::byte{1}) {
      found.dpi = plausible_dpi(big_endian(data, 0) * 0.0254);  // pixels per metre
    }
    at += length + 12;
  }
  return found;
}

/// libpng's simple interface: any depth, palette, transparency and gamma come out as 8-bit sRGB.
class SimplePng {
 public:
  explicit SimplePng(std::span<const std::byte> bytes) {
    image_.version = PNG_IMAGE_VERSION;
    if (!png_image_begin_read_from_memory(&image_, bytes.data(), bytes.size())) fail();
    image_.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // 16 bits without gamma are no more linear than 8
  }
  ~SimplePng() { png_image_free(&image_); }
  SimplePng(const SimplePng&) = delete;
  SimplePng& operator=(const SimplePng&) = delete;

  [[nodiscard]] const png_image& header() const { return image_; }
  void read(bool color, std::byte* pixels) {
    image_.format = color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    png_color white{255, 255, 255};
    if (!png_image_finish_read(&image_, &white, pixels, 0, nullptr)) fail();
  }

 private:
  [[noreturn]] void fail() const { throw PageError{Reason::unreadable, fmt::format("damaged PNG: {}", image_.message)}; }
  png_image image_{};
};

class PngFile final : public SingleImage {
 public:
  PngFile(std::span<const std::byte> bytes, const png_image& header, const PngChunks& chunks)
      : SingleImage{bytes,
                    {static_cast<int>(header.width), static_cast<int>(header.height), 1, chunks.dpi,
                     corpus::Coding::flate}},
        bilevel_{chunks.depth == bits_per_channel_bilevel && chunks.color_type == PNG_COLOR_TYPE_GRAY &&
                 !chunks.transparent} {}

 private:
  Raster decode(const ImageRequest& request, std::uint64_t max_pixels) override {
    SimplePng png{bytes_};
    const bool color =
        (png.header().format & PNG_FORMAT_FLAG_COLOR) != 0 && request.pixels != ImageRequest::Pixels::gray;
    auto raster = make_raster(header_.width_px, header_.height_px, color ? PixelFormat::rgb8 : PixelFormat::gray8, max_pixels);
    png.read(color, raster.pixels.data());
    return bilevel_ ? to_bilevel(raster) : raster;
  }
  bool bilevel_;
};

}  // namespace

std::unique_ptr<Document> open_png(std::span<const std::byte> bytes) {
  const SimplePng png{bytes};
  return std::make_unique<PngFile>(bytes, png.header(), read_chunks(bytes));
}

}  // namespace pecia::page
