#pragma once

#include "pecia/merge/book.hpp"
#include "xml.hpp"

namespace pecia::exporting {

/// The ID of the event by which a page was read.
[[nodiscard]] std::string event_id(std::uint32_t page_number);

/// METS's amdSec: the engines as agents, and an event for every page that has been read or given up. They are PREMIS 3
/// (https://www.loc.gov/standards/premis/) but for eventDateTime, which is not recorded with a page.
void write_events(const merge::Book& book, XmlFile& file);

}  // namespace pecia::exporting
