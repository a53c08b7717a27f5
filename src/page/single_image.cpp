#include "document.hpp"

namespace pecia::page {

double plausible_dpi(double dpi) { return dpi >= 50 && dpi <= 2400 ? dpi : 0; }

PageRaster finished(Raster raster, Orientation orientation, const ImageRequest& request) {
  PageRaster page;
  raster = oriented(std::move(raster), orientation);
  page.page_width_px = raster.width_px;
  page.page_height_px = raster.height_px;
  page.page_dpi = raster.dpi;
  if (request.pixels == ImageRequest::Pixels::gray) raster = to_gray(std::move(raster));
  if (request.pixels == ImageRequest::Pixels::rgb) raster = to_rgb(std::move(raster));
  page.raster = scaled_down(std::move(raster), request.longest_side_px);
  page.embedded = true;
  return page;
}

std::vector<corpus::PageEvidence> SingleImage::evidence() {
  corpus::PageEvidence page;
  const auto about = info(1);
  page.width_px = static_cast<float>(about.width_px);
  page.height_px = static_cast<float>(about.height_px);
  page.coding = header_.coding;
  page.compressed_bytes = bytes_.size();
  return {page};
}

PageInfo SingleImage::info(std::uint32_t page) {
  if (page != 1) throw PageError{Reason::unreadable, "an image file has one page"};
  PageInfo about;
  const bool turned = exif_orientation(header_.orientation).swap_axes;
  about.width_px = turned ? header_.height_px : header_.width_px;
  about.height_px = turned ? header_.width_px : header_.height_px;
  about.page_dpi = header_.dpi;
  about.coding = header_.coding;
  about.embedded = true;
  return about;
}

PageRaster SingleImage::render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) {
  const auto about = info(page);
  check_size(header_.width_px, header_.height_px, max_pixels);
  auto raster = decode(request, max_pixels);
  raster.dpi = header_.dpi / raster.reduction;
  auto made = finished(std::move(raster), exif_orientation(header_.orientation), request);
  made.page_width_px = about.width_px;
  made.page_height_px = about.height_px;
  made.page_dpi = about.page_dpi;
  return made;
}

}  // namespace pecia::page
