#pragma once

#include <tesseract/baseapi.h>

#include "pecia/page/image.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// What Tesseract recognised, in reading order: its own text (as `tesseract ... txt` gives it), with
/// paragraphs as blocks, lines and words located in it. Boxes are mapped to page coordinates.
[[nodiscard]] result::Reading reading_of(tesseract::TessBaseAPI& api, const page::Image& image);

}  // namespace pecia::engine
