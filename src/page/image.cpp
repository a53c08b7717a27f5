#include "pecia/page/image.hpp"

#include <vector>

namespace pecia::page {

OwnedImage make_image(int width_px, int height_px, PixelFormat format, double dpi) {
  OwnedImage made;
  auto& image = made.image;
  image.width_px = image.page_width_px = width_px;
  image.height_px = image.page_height_px = height_px;
  image.format = format;
  image.stride_bytes = row_bytes(format, width_px);
  image.dpi = image.page_dpi = dpi;
  const auto pixels =
      std::make_shared<std::vector<std::byte>>(image.stride_bytes * static_cast<std::size_t>(height_px));
  image.pixels = made.pixels = *pixels;
  image.owner = pixels;
  return made;
}

}  // namespace pecia::page
