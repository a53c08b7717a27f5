#pragma once

#include <podofo/podofo.h>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/page/text_layer.hpp"
#include "row_sink.hpp"

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

/// Levels of a page tree that are followed.
constexpr int deepest_page_tree = 500;

/// What walking a page tree finds: pages, and what is wrong with the tree.
struct PdfPageTree {
  std::vector<PdfPageNode> pages;
  bool exists = false;                ///< there is a root at all
  bool loops = false;
  bool crops_apart = false;           ///< a page's crop box and media box have nothing in common
  bool too_deep = false;              ///< more levels than are followed
  std::size_t missing = 0;            ///< nodes that are named and not there
  std::optional<double> claimed;      ///< /Count of the root
  /// Its words and its pages agree: every reader finds the same ones.
  [[nodiscard]] bool is_sound() const;
  /// "it loops, and says that it has 3 pages where there are 2"; empty if it is sound.
  [[nodiscard]] std::string faults() const;
};

/// All pages, by walking the tree itself: /Count may lie, kids may loop. In number bounded by the
/// objects. A page listed twice is two pages, as Poppler counts, which rasterises by number.
[[nodiscard]] PdfPageTree collect_pages(PoDoFo::PdfMemDocument& document);

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
  std::vector<PaintedImage> images;  ///< at most two: that there is more than one is all that is asked
  bool other = false;  ///< paths, shadings, inline images, patterns, transparency, layers, annotations
  std::uint32_t text_operators = 0;  ///< that show visible text
  TextSigns text;
  std::uint64_t image_bytes = 0;     ///< compressed
  std::uint64_t content_bytes = 0;   ///< decoded
  std::string damage;                ///< why the contents could not be walked to their end; empty if they could
};
/// Walks the contents and the forms they use. Damaged contents count as `other`, and so do more of them than are looked
/// into. Throws PageError(too_large) where forms nest deeper, or paint each other more often, than a page can need.
[[nodiscard]] PdfPainting painting_of(const PdfPageNode& page);

/// Whether a font says which characters its glyphs are; not whether that is true.
[[nodiscard]] bool maps_to_characters(PoDoFo::PdfObject& font);

/// Whether a viewer shows stamps, form fields or notes over the page's contents.
[[nodiscard]] bool shows_annotations(const PdfPageNode& page);

/// An image that *is* the page: alone, covering it, axis-parallel.
struct PageImage {
  PoDoFo::PdfObject* object = nullptr;
  Orientation orientation;
  int across_px = 0, down_px = 0;  ///< oriented, as the PDF says
  int crop_x0 = 0, crop_y0 = 0, crop_x1 = 0, crop_y1 = 0;  ///< seen part, in oriented pixels
  PdfBox place;  ///< of the seen part on the page as it is seen: PDF units from the upper left corner, y down
  double dpi = 0;
  [[nodiscard]] int width_px() const { return crop_x1 - crop_x0; }
  [[nodiscard]] int height_px() const { return crop_y1 - crop_y0; }
};
[[nodiscard]] std::optional<PageImage> page_image(const PdfPageNode& page, const PdfPainting& painting);

[[nodiscard]] corpus::Coding coding_of(PoDoFo::PdfObject& image);
/// The names of /Filter, outermost first.
[[nodiscard]] std::vector<std::string> filters_of(PoDoFo::PdfObject& stream);
/// Decodes an image of a PDF by itself, in the size that a JPEG inside has, whatever /Width says;
/// nothing if it is coded in a way that only a rasteriser reads.
[[nodiscard]] std::optional<Raster> decode_pdf_image(PoDoFo::PdfObject& image, const Decoding& wanted);

/// The object that a value names, or the value itself; nullptr for a reference to nothing.
[[nodiscard]] PoDoFo::PdfObject* resolved(PoDoFo::PdfObject* value);
/// The value of a key, also of a dictionary that stands in an array: PoDoFo 0.9 does not tell that one which document
/// it belongs to, and raises an error where its value is a reference.
[[nodiscard]] PoDoFo::PdfObject* entry_of(PoDoFo::PdfObject& dictionary, const char* key, PoDoFo::PdfVecObjects* objects);
[[nodiscard]] double number_of(PoDoFo::PdfObject* value, double otherwise);
/// Towards zero, as far as an int goes; 0 for what is no number.
[[nodiscard]] int int_of(double value);
/// What PoDoFo calls an error: "NoXRef".
[[nodiscard]] std::string reason_of(const PoDoFo::PdfError& error);

}  // namespace pecia::page
