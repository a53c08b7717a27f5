#pragma once

#include "pecia/result/outcome.hpp"
#include "tesseract/page_parts.hpp"

namespace tesseract {
class TessBaseAPI;
}

namespace pecia::engine {

/// Reads a page, or a part of it, as it asks for (`way_for`), and says how in its steps.
/// A part that was turned upright is read in the usual way in the first other reading, and so on. Throws `Error` where Tesseract gives up.
[[nodiscard]] result::Reading read_part(tesseract::TessBaseAPI& api, const PagePart& part, double dpi,
                                        const ReadOptions& options);

}  // namespace pecia::engine
