#include "pecia/corpus/image_header.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pecia::corpus {
namespace {

constexpr std::string_view magic{"Exif\0\0", 6};
constexpr std::uint16_t tag_orientation = 0x112, tag_x_resolution = 0x11A, tag_resolution_unit = 0x128;
constexpr int unit_none = 1, unit_centimetre = 3;
constexpr double centimetres_of_inch = 2.54;

/// Reads numbers in the block's own byte order; out of bounds is 0.
class Numbers {
 public:
  Numbers(std::span<const std::byte> tiff, bool little) : tiff_{tiff}, little_{little} {}
  [[nodiscard]] std::uint32_t get(std::size_t at, std::size_t size) const {
    if (at > tiff_.size() || size > tiff_.size() - at) return 0;
    std::uint32_t value = 0;
    for (std::size_t n = 0; n < size; ++n)
      value = value << 8 | std::to_integer<std::uint32_t>(tiff_[at + (little_ ? size - 1 - n : n)]);
    return value;
  }

 private:
  std::span<const std::byte> tiff_;
  bool little_;
};

struct Exif {
  int orientation = 1;
  double dpi = 0;
};

/// What is missing or damaged stays as it is in `Exif`.
Exif read_exif(std::span<const std::byte> block) {
  Exif exif;
  if (block.size() < magic.size() + 8 || std::memcmp(block.data(), magic.data(), magic.size()) != 0) return exif;
  const auto tiff = block.subspan(magic.size());
  const Numbers numbers{tiff, tiff[0] == std::byte{'I'}};
  const std::size_t directory = numbers.get(4, 4);
  const auto entries = numbers.get(directory, 2);
  bool centimetres = false;
  for (std::size_t n = 0; n < entries; ++n) {
    const auto entry = directory + 2 + 12 * n;
    switch (numbers.get(entry, 2)) {
      case tag_orientation: exif.orientation = static_cast<int>(numbers.get(entry + 8, 2)); break;
      case tag_resolution_unit: centimetres = numbers.get(entry + 8, 2) == unit_centimetre; break;
      case tag_x_resolution: {
        const auto at = numbers.get(entry + 8, 4);
        const auto denominator = numbers.get(at + 4, 4);
        if (denominator != 0) exif.dpi = static_cast<double>(numbers.get(at, 4)) / denominator;
        break;
      }
      default: break;
    }
  }
  if (centimetres) exif.dpi *= centimetres_of_inch;
  return exif;
}

/// A resolution that a file claims, 0 if it cannot be true.
double plausible_dpi(double dpi) { return dpi >= 50 && dpi <= 2400 ? dpi : 0; }

}  // namespace

double dpi_of_tiff(double resolution, int unit) {
  if (unit == unit_none) return 0;
  return plausible_dpi(resolution * (unit == unit_centimetre ? centimetres_of_inch : 1.0));
}

double dpi_of_png(double pixels_per_metre) { return plausible_dpi(pixels_per_metre * centimetres_of_inch / 100); }

void JpegClaims::add_jfif(int unit, int density) {
  jfif_dpi_ = unit == 0 ? 0 : plausible_dpi(density * (unit == 2 ? centimetres_of_inch : 1.0));
}

void JpegClaims::add_exif(std::span<const std::byte> block) {
  const auto exif = read_exif(block);
  if (exif.orientation != 1) orientation_ = exif.orientation;
  if (exif_dpi_ == 0) exif_dpi_ = plausible_dpi(exif.dpi);
}

}  // namespace pecia::corpus
