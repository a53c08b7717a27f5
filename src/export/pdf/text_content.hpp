#pragma once

#include <string>

#include "affine.hpp"
#include "glyphless_font.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting::pdf {

/// The operators that place the text of a page, invisible, in the coordinates of its contents, and how many words it has.
struct TextContent {
  std::string operators;
  std::uint64_t words = 0;
};

/// `to_page`: page coordinates (pixels, y down) -> the units of the page's contents. `font_name`: of the page's resources,
/// without the slash.
[[nodiscard]] TextContent text_content(const PdfPage& page, const Affine& to_page, const std::string& font_name, GlyphlessFont& font);

/// Warns of text that was read and cannot be found in the PDF.
void tell_of_lost_text(PdfResult& result, const GlyphlessFont& font);

}  // namespace pecia::exporting::pdf
