#pragma once

#include <optional>

#include "pdf_page.hpp"
#include "pecia/page/reader.hpp"
#include "poppler_raster.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// The text of a page, and what there is to say of it. `about`: the page's coordinates and its signs of text; `image`:
/// where the image lies whose pixels are the page's coordinates, as PageImage::place, if there is one; `user_unit`: of 1/72 inch;
/// `look_pixels` > 0: it is compared with the page's pixels, of which there may be so many.
[[nodiscard]] TextLayer text_layer(PopplerPdf& pdf, std::uint32_t page, const PageInfo& about, const std::optional<PdfBox>& image,
                                   double user_unit, std::uint64_t look_pixels);

}  // namespace pecia::page
