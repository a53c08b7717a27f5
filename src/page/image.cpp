#include "pecia/page/image.hpp"

#include <cmath>
#include <vector>

#include "pecia/base/error.hpp"

namespace pecia::page {
void encode(ByteWriter& out, const Image& image) {
  out.put(image.width_px).put(image.height_px).put(image.format).put(std::uint64_t{image.stride_bytes});
  out.put(image.dpi).put(image.page_width_px).put(image.page_height_px).put(image.page_dpi).put(image.embedded);
  for (const double value : image.to_page.m) out.put(value);
  pecia::encode(out, image.steps);
}

Image decode_image(ByteReader& in) {
  Image image;
  image.width_px = in.get<int>();
  image.height_px = in.get<int>();
  image.format = in.get<PixelFormat>();
  image.stride_bytes = in.get<std::uint64_t>();
  image.dpi = in.get<double>();
  image.page_width_px = in.get<int>();
  image.page_height_px = in.get<int>();
  image.page_dpi = in.get<double>();
  image.embedded = in.get<std::uint8_t>() != 0;
  for (double& value : image.to_page.m) value = in.get<double>();
  image.steps = decode_steps(in);
  const auto plausible = [](int side) { return side > 0 && side <= most_side_px; };
  require(plausible(image.width_px) && plausible(image.height_px) && plausible(image.page_width_px) &&
              plausible(image.page_height_px) && image.format <= PixelFormat::rgb8,
          "an image of impossible size");
  require(image.stride_bytes == row_bytes(image.format, image.width_px), "an image with impossible rows");
  for (const double value : image.to_page.m) require(std::isfinite(value), "an impossible transform");
  require(std::isfinite(image.dpi) && std::isfinite(image.page_dpi), "an impossible resolution");
  return image;
}


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
