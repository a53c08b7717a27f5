#pragma once

#include <qpdf/QPDF.hh>
#include <string>
#include <vector>

namespace pecia::exporting::pdf {

/// The document's information dictionary, which is made if there is none.
[[nodiscard]] QPDFObjectHandle information_of(QPDF& pdf);

/// Says in the information which pages are missing from the text: as /PeciaGaps, and as /Subject where that is free. An
/// earlier notice gives way, to none if `notice` is empty. Returns the earlier one.
std::string note_gaps(QPDF& pdf, const std::string& notice);

/// XMP metadata of PDF/A-2b that agree with the information (ISO 19005-2, 6.6.2 and 6.6.3): the document's own, as far as
/// PDF/A-2 predefines them and without its `earlier_gaps`, and what the information says. What XMP cannot say alike is taken
/// out of the information. Returns what is to be told of it.
std::vector<std::string> make_pdfa_metadata(QPDF& pdf, const std::string& earlier_gaps = {});

/// Takes out of the document's XMP metadata that it is PDF/A, and nothing else. Returns what is to be told of it, or "".
[[nodiscard]] std::string drop_pdfa_claim(QPDF& pdf);

}  // namespace pecia::exporting::pdf
