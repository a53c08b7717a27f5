#pragma once

#include <optional>
#include <qpdf/QPDFPageObjectHelper.hh>

#include "affine.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting::pdf {

/// How a page is shown: ISO 32000-1, 7.7.3.3 and 14.11.2. The rules are those by which `pecia-page` reads pages
/// (src/page/pdf_tree.cpp), so that page coordinates mean the same.
struct PageView {
  double x0 = 0, y0 = 0, x1 = 612, y1 = 792;  ///< crop box within the media box
  int rotate = 0;                             ///< 0, 90, 180, 270, clockwise
  double user_unit = 1;                       ///< of 1/72 inch

  [[nodiscard]] double width() const { return rotate % 180 == 0 ? x1 - x0 : y1 - y0; }  ///< as it is seen
  [[nodiscard]] double height() const { return rotate % 180 == 0 ? y1 - y0 : x1 - x0; }
  /// The page as it is seen (from its upper left corner, y down, in the page's units) -> its contents' units.
  [[nodiscard]] Affine to_contents() const;
};
[[nodiscard]] PageView view_of(QPDFPageObjectHelper page);

/// Page coordinates -> the units of the page's contents. `image`: the unit square of the page's only image -> these units,
/// where there is one. Nothing if the page that was read cannot be this one: another shape, another size.
[[nodiscard]] std::optional<Affine> place_of(const PdfPage& read, const PageView& view, const std::optional<Affine>& image);

}  // namespace pecia::exporting::pdf
