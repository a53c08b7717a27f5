#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "pecia/page/reader.hpp"
#include "row_sink.hpp"

namespace pecia::page {

/// A page made for an engine, and how it lies on the page.
struct PageRaster {
  Raster raster;
  double page_width_px = 0, page_height_px = 0, page_dpi = 0;  ///< page coordinates
  bool embedded = false;
  Steps steps;  ///< what was done to the document and the page to make it
};

/// An open document inside pecia-page. The `bytes` that it was opened from (`open_pdf` and so on) outlive it.
class Document {
 public:
  virtual ~Document() = default;
  /// One per page. Throws PageError if pages cannot be counted.
  [[nodiscard]] virtual std::vector<corpus::PageEvidence> evidence() = 0;
  /// As many, without looking into the pages where that takes more than a header.
  [[nodiscard]] virtual std::vector<corpus::PageEvidence> pages_without_evidence() { return evidence(); }
  /// What it says of its parts, as far as it does.
  struct Parts {
    std::vector<std::uint32_t> chapters;  ///< as in corpus::Document
    corpus::Outline outline;              ///< likewise
  };
  [[nodiscard]] virtual Parts parts() { return {}; }
  /// `page` counts from 1. Throw PageError.
  [[nodiscard]] virtual PageInfo info(std::uint32_t page) = 0;
  [[nodiscard]] virtual PageRaster render(std::uint32_t page, const ImageRequest& request, std::uint64_t max_pixels) = 0;
  /// As of `Reader`; formats without text have none.
  [[nodiscard]] virtual TextLayer text_layer(std::uint32_t, bool /*look*/, std::uint64_t /*max_pixels*/) { return {}; }
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
  [[nodiscard]] virtual Raster decode(const Decoding& wanted) = 0;

  std::span<const std::byte> bytes_;
  Header header_;
};

/// An image that was decoded as `wanted`, as its page: in its own pixels, before it was made smaller.
[[nodiscard]] PageRaster page_of(Raster raster, double page_width_px, double page_height_px, double page_dpi, const Decoding& wanted);
/// The step "pixels": a page of `width_px` x `height_px` was made smaller as `wanted` says, to what `raster` is.
[[nodiscard]] Step smaller_step(double width_px, double height_px, const Raster& raster, const Decoding& wanted);

}  // namespace pecia::page
