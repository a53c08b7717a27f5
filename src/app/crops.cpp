#include "crops.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <memory>

#include "changed_document.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/page/reader.hpp"

namespace pecia::app {
namespace {

/// Pixels [x0, x1) x [y0, y1) of a raster.
struct Cut {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
};

/// The pixels that a box in page coordinates touches.
Cut cut_of(const result::Box& box, const page::Image& image) {
  const auto& m = image.to_page.m;
  const double determinant = m[0] * m[3] - m[1] * m[2];
  if (determinant == 0) return {};
  double left = 1e30, top = 1e30, right = -1e30, bottom = -1e30;
  for (const auto& [x, y] :
       {std::pair{box.x0, box.y0}, {box.x1, box.y0}, {box.x0, box.y1}, {box.x1, box.y1}}) {
    const double dx = static_cast<double>(x) - m[4], dy = static_cast<double>(y) - m[5];
    const double u = (m[3] * dx - m[2] * dy) / determinant,
                 v = (m[0] * dy - m[1] * dx) / determinant;
    left = std::min(left, u);
    right = std::max(right, u);
    top = std::min(top, v);
    bottom = std::max(bottom, v);
  }
  const auto within = [](double value, int size) {
    return static_cast<int>(std::clamp<double>(value, 0, size));
  };
  return {within(std::floor(left), image.width_px), within(std::floor(top), image.height_px),
          within(std::ceil(right), image.width_px), within(std::ceil(bottom), image.height_px)};
}

exporting::Picture picture_of(const page::Image& image, const Cut& cut) {
  exporting::Picture picture;
  picture.width_px = cut.x1 - cut.x0;
  picture.height_px = cut.y1 - cut.y0;
  picture.color = image.format == page::PixelFormat::rgb8;
  if (picture.width_px <= 0 || picture.height_px <= 0) return {};
  const std::size_t depth = picture.color ? 3 : 1;
  const auto from = static_cast<std::size_t>(cut.x0), to = static_cast<std::size_t>(cut.x1);
  for (int y = cut.y0; y < cut.y1; ++y) {
    const auto row = image.pixels.subspan(static_cast<std::size_t>(y) * image.stride_bytes);
    if (image.format != page::PixelFormat::gray1) {
      picture.pixels.insert(picture.pixels.end(),
                            row.begin() + static_cast<std::ptrdiff_t>(from * depth),
                            row.begin() + static_cast<std::ptrdiff_t>(to * depth));
      continue;
    }
    for (auto x = from; x < to; ++x) {
      const bool black = (row[x / 8] & (std::byte{0x80} >> (x % 8))) != std::byte{0};
      picture.pixels.push_back(black ? std::byte{0} : std::byte{0xFF});
    }
  }
  return picture;
}

}  // namespace

exporting::CropPage crop_from_documents(const Job& job, const corpus::Manifest& manifest) {
  const auto reader = std::make_shared<page::Reader>();
  return [reader, &job, &manifest, root = corpus::root_of(job.corpus)](
             const merge::Document& document, const merge::Page& page,
             std::span<const result::Box> boxes) {
    std::vector<exporting::Picture> pictures;
    const auto at = manifest.find(document.id);
    if (at < 0) return pictures;
    const auto& listed = manifest.documents()[static_cast<std::size_t>(at)];
    const auto file = root / listed.path;
    struct stat status {};
    const auto change = ::stat(file.c_str(), &status) != 0 ? std::string{std::strerror(errno)} : change_of(status, listed);
    if (!change.empty()) {
      log::warning("{} page {}: its images are not written: the document is not what the run has read ({})", printable(listed.path),
                   page.number, change);
      return pictures;
    }
    page::ImageRequest request;
    if (page.outcome.geometry.raster_dpi > 0)
      request.dpi = static_cast<double>(page.outcome.geometry.raster_dpi);
    const auto decoded = reader->render(
        {file, listed.format, settings_for(job, document.path).password},
        page.number, request);
    if (const auto* failure = std::get_if<page::Failure>(&decoded)) {
      const bool may_be_known = failure->reason == Reason::encrypted && job.of_run;
      log::warning("{} page {}: its images are not written: {} ({}){}", printable(document.path),
                   page.number, name(failure->reason), failure->detail,
                   may_be_known ? ". A run keeps no passwords: name the job file in place of the run" : "");
      return pictures;
    }
    const auto& image = std::get<page::Image>(decoded);
    for (const auto& box : boxes) pictures.push_back(picture_of(image, cut_of(box, image)));
    return pictures;
  };
}

}  // namespace pecia::app
