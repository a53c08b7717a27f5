#include "leptonica_image.hpp"

#include <cstring>
#include <string>

namespace pecia::engine {
namespace {

using page::PixelFormat;

int depth_of(PixelFormat format) {
  switch (format) {
    case PixelFormat::gray1: return 1;
    case PixelFormat::gray8: return 8;
    case PixelFormat::rgb8: break;
  }
  return 32;
}

const std::byte* row(const page::Image& image, int y) {
  return image.pixels.data() + static_cast<std::size_t>(y) * image.stride_bytes;
}

}  // namespace

PixPointer checked(Pix* pix, std::string_view problem, Here where) {
  if (pix == nullptr) throw MemoryError{std::string{problem}, where};
  return PixPointer{pix};
}

int plausible_dpi(double dpi) {
  constexpr int usual = 300, most = 2400;
  return dpi >= least_plausible_dpi && dpi <= most ? static_cast<int>(dpi + 0.5) : usual;
}

PixPointer to_pix(const page::Image& image) {
  auto pix = checked(pixCreate(image.width_px, image.height_px, depth_of(image.format)), "no memory for the page's image");
  const auto words_a_line = static_cast<std::size_t>(pixGetWpl(pix.get()));
  const auto bytes_a_row = page::row_bytes(image.format, image.width_px);
  for (int y = 0; y < image.height_px; ++y) {
    l_uint32* line = pixGetData(pix.get()) + static_cast<std::size_t>(y) * words_a_line;
    const auto* pixels = row(image, y);
    if (image.format != PixelFormat::rgb8) {
      std::memcpy(line, pixels, bytes_a_row);
      continue;
    }
    for (std::size_t x = 0; x < static_cast<std::size_t>(image.width_px); ++x)
      composeRGBPixel(std::to_integer<int>(pixels[3 * x]), std::to_integer<int>(pixels[3 * x + 1]),
                      std::to_integer<int>(pixels[3 * x + 2]), line + x);
  }
  // Leptonica wants the first pixel in a word's most significant byte.
  if (image.format != PixelFormat::rgb8) pixEndianByteSwap(pix.get());
  return pix;
}

}  // namespace pecia::engine
