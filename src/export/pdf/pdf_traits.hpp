#pragma once

#include <qpdf/QPDF.hh>

namespace pecia::exporting::pdf {

/// Signed, or certified, so that a change makes a signature invalid (ISO 32000-1, 12.7.2 and 12.8).
[[nodiscard]] bool is_signed(QPDF& pdf);
/// Its contents are tagged: a structure says what they are.
[[nodiscard]] bool is_tagged(QPDF& pdf);

}  // namespace pecia::exporting::pdf
