#include "exif.hpp"

#include <cstdint>
#include <cstring>
#include <string_view>

namespace pecia::page {
namespace {

constexpr std::string_view magic{"Exif\0\0", 6};
constexpr std::uint16_t tag_orientation = 0x112, tag_x_resolution = 0x11A, tag_resolution_unit = 0x128;
constexpr std::uint16_t unit_centimetre = 3;

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

}  // namespace

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
  if (centimetres) exif.dpi *= 2.54;
  return exif;
}

}  // namespace pecia::page
