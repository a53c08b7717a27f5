#pragma once

#include "pecia/merge/book.hpp"
#include "xml.hpp"

namespace pecia::exporting {

/// ALTO's Description of a page: where it is from, what read it, how finely places are known, and why it has no text.
/// `gaps`: `sentence_of` those of the document.
void add_alto_description(pugi::xml_node alto, const merge::Document& document, const merge::PageModel& model, const merge::Page& page,
                          const std::string& gaps);

}  // namespace pecia::exporting
