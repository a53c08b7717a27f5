#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pecia/page/reader.hpp"
#include "raster.hpp"

namespace pecia::page {

/// A page made for an engine, and how it lies on the page.
struct PageRaster {
  Raster raster;
  double page_width_px = 0, page_height_px = 0, page_dpi = 0;  ///< page coordinates
  bool embedded = false;
};

/// An open document inside pecia-page. `bytes` given to `open_document` outlive it.
class Document {
 public:
  virtual ~Document() = default;
  /// One per page. Throws PageError if pages cannot be counted.
  [[nodiscard]] virtual std::vector<corpus::PageEvidence> evidence() = 0;
  /// As many, without looking into the pages where that takes more than a header.
  [[nodiscard]] virtual std::vector<corpus::PageEvidence> pages_without_evidence() { return evidence(); }
  /// First pages of its chapters, as far as it names them.
  [[nodiscard]] virtual std::vector<std::uint32_t> chapters() { return {}; }
  /// `page` counts from 1. Throw PageError.
  [[nodiscard]] virtual PageInfo info(std::uint32_t page) = 0;
  [[nodiscard]] virtual PageRaster render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) = 0;
};

[[nodiscard]] std::unique_ptr<Document> open_pdf(std::span<const std::byte> bytes, const std::string& password);
[[nodiscard]] std::unique_ptr<Document> open_tiff(std::span<const std::byte> bytes);
[[nodiscard]] std::unique_ptr<Document> open_jpeg(std::span<const std::byte> bytes);
[[nodiscard]] std::unique_ptr<Document> open_png(std::span<const std::byte> bytes);
[[nodiscard]] std::unique_ptr<Document> open_jpeg2000(std::span<const std::byte> bytes);

/// A file that is one image: what differs between formats is the header and the decoder.
class SingleImage : public Document {
 public:
  [[nodiscard]] std::vector<corpus::PageEvidence> evidence() final;
  [[nodiscard]] PageInfo info(std::uint32_t page) final;
  [[nodiscard]] PageRaster render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) final;

 protected:
  struct Header {
    int width_px = 0, height_px = 0;  ///< as stored
    int orientation = 1;              ///< EXIF
    double dpi = 0;
    corpus::Coding coding = corpus::Coding::unknown;
  };
  SingleImage(std::span<const std::byte> bytes, Header header) : bytes_{bytes}, header_{header} {}
  [[nodiscard]] virtual Raster decode(const ImageRequest& request, std::uint64_t max_pixels) = 0;

  std::span<const std::byte> bytes_;
  Header header_;
};

/// Turns a decoded image into what the engine wants.
[[nodiscard]] PageRaster finished(Raster raster, Orientation orientation, const ImageRequest& request);
/// A resolution that a file claims, 0 if it cannot be true.
[[nodiscard]] double plausible_dpi(double dpi);

}  // namespace pecia::page
