#pragma once

#include <podofo/podofo.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "raster.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// A rectangle in PDF units, x0 < x1 and y0 < y1.
struct PdfBox {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  [[nodiscard]] double width() const { return x1 - x0; }
  [[nodiscard]] double height() const { return y1 - y0; }
};

/// A page of the tree, with what it inherits.
struct PdfPageNode {
  PoDoFo::PdfObject* object = nullptr;
  PoDoFo::PdfObject* resources = nullptr;
  PdfBox crop;          ///< crop box within media box
  int rotate = 0;       ///< 0, 90, 180, 270, clockwise
  double user_unit = 1; ///< of 1/72 inch
};

/// All pages, by walking the tree itself: /Count may lie, kids may loop. In number bounded by the
/// objects. A page listed twice is two pages, as Poppler counts, which rasterises by number.
[[nodiscard]] std::vector<PdfPageNode> collect_pages(PoDoFo::PdfMemDocument& document);

/// The pages at which the entries of the outline's top level lead, ascending, each once.
[[nodiscard]] std::vector<std::uint32_t> chapters_of(PoDoFo::PdfMemDocument& document, std::span<const PdfPageNode> pages);

/// x' = a x + c y + e, y' = b x + d y + f.
struct Matrix {
  double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
};
/// First `one`, then `two`.
[[nodiscard]] Matrix operator*(const Matrix& one, const Matrix& two);

/// What a page paints.
struct PdfPainting {
  struct PaintedImage {
    PoDoFo::PdfObject* object = nullptr;
    Matrix to_page;  ///< unit square -> PDF units
  };
  std::vector<PaintedImage> images;
  bool other = false;  ///< paths, shadings, inline images, patterns, transparency, layers, annotations
  std::uint32_t text_operators = 0;  ///< that show visible text
  std::uint64_t image_bytes = 0;     ///< compressed
  std::uint64_t content_bytes = 0;   ///< decoded
};
/// Walks the contents and the forms they use. Damaged contents count as `other`.
[[nodiscard]] PdfPainting painting_of(const PdfPageNode& page);

/// An image that *is* the page: alone, covering it, axis-parallel.
struct PageImage {
  PoDoFo::PdfObject* object = nullptr;
  Orientation orientation;
  int across_px = 0, down_px = 0;  ///< oriented, as the PDF says
  int crop_x0 = 0, crop_y0 = 0, crop_x1 = 0, crop_y1 = 0;  ///< seen part, in oriented pixels
  double dpi = 0;
  [[nodiscard]] int width_px() const { return crop_x1 - crop_x0; }
  [[nodiscard]] int height_px() const { return crop_y1 - crop_y0; }
};
[[nodiscard]] std::optional<PageImage> page_image(const PdfPageNode& page, const PdfPainting& painting);

[[nodiscard]] corpus::Coding coding_of(PoDoFo::PdfObject& image);
/// The names of /Filter, outermost first.
[[nodiscard]] std::vector<std::string> filters_of(PoDoFo::PdfObject& stream);
/// Decodes an image of a PDF by itself, in the size that a JPEG inside has, whatever /Width says;
/// nothing if it is coded in a way that only a rasteriser reads. `exact`: as for `decode_jpeg`.
[[nodiscard]] std::optional<Raster> decode_pdf_image(PoDoFo::PdfObject& image, bool gray, std::uint64_t max_pixels,
                                                     bool exact = true);

/// The object that a value names, or the value itself; nullptr for a reference to nothing.
[[nodiscard]] PoDoFo::PdfObject* resolved(PoDoFo::PdfObject* value);
[[nodiscard]] double number_of(PoDoFo::PdfObject* value, double otherwise);

}  // namespace pecia::page
