#pragma once

#include <qpdf/QPDF.hh>
#include <string>

namespace pecia::exporting::pdf {

/// Empty, or why the document cannot be PDF/A here: it has an output intent, which says what its colours mean, other than
/// one of an RGB device with a sound profile (ISO 19005-2, 6.2.3).
[[nodiscard]] std::string obstacle_of_output_intents(QPDF& pdf);
/// Gives the document the output intent sRGB, if it has none.
void set_output_intent(QPDF& pdf);

}  // namespace pecia::exporting::pdf
