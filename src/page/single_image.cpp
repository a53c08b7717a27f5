#include <fmt/format.h>

#include "document.hpp"

namespace pecia::page {

Step smaller_step(double width_px, double height_px, const Raster& raster, const Decoding& wanted) {
  return {"pixels", fmt::format("made smaller to keep within {}: from {:.0f} x {:.0f} to {} x {}", limit_on(width_px, height_px, wanted),
                                width_px, height_px, raster.width_px, raster.height_px)};
}

PageRaster page_of(Raster raster, double page_width_px, double page_height_px, double page_dpi, const Decoding& wanted) {
  PageRaster page;
  page.page_width_px = page_width_px;
  page.page_height_px = page_height_px;
  page.page_dpi = page_dpi;
  page.embedded = true;
  if (raster.full_width_px > 0) page.steps.push_back(smaller_step(raster.full_width_px, raster.full_height_px, raster, wanted));
  page.raster = std::move(raster);
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
  const auto wanted = decoding_of(request, max_pixels, exif_orientation(header_.orientation));
  auto raster = decode(wanted);
  raster.dpi = about.page_dpi * raster.width_px / about.width_px;
  return page_of(std::move(raster), about.width_px, about.height_px, about.page_dpi, wanted);
}

}  // namespace pecia::page
