#pragma once

#include <qpdf/QPDFPageObjectHelper.hh>
#include <string>

namespace pecia::exporting::pdf {

/// Empty, or what of the object and of what stands in it directly is beyond the limits of PDF/A-2 (ISO 19005-2, 6.1.13).
[[nodiscard]] std::string beyond_limits(QPDFObjectHandle object);
/// The same of the contents of a page or form; of hexadecimal strings that are not whole (6.1.6), too.
[[nodiscard]] std::string obstacle_of_tokens(QPDFPageObjectHelper holder);

}  // namespace pecia::exporting::pdf
