#pragma once

#include <cstddef>
#include <span>

namespace pecia::page {

/// Orientation (1 to 8) and resolution from an EXIF block; what is missing or damaged stays as it is here.
struct Exif {
  int orientation = 1;
  double dpi = 0;
};
/// `block`: the contents of a JPEG's APP1 marker ("Exif\0\0", then a TIFF structure).
[[nodiscard]] Exif read_exif(std::span<const std::byte> block);

}  // namespace pecia::page
