#pragma once

#include "pecia/merge/page_model.hpp"
#include "xml.hpp"
#include "xml_places.hpp"

namespace pecia::exporting {

/// "region_7_2": of the second block of page 7.
[[nodiscard]] std::string region_id(const merge::PageModel& page, std::uint32_t block);

/// The region of a block with its lines and words. PAGE demands an outline of each region: one whose place is not known gets
/// the page's border and custom="pecia {place:unknown;}". Lines and words without a place stand in the text of the region
/// alone. Outlines of regions and lines surround what lies in them, as PAGE demands.
void add_region(pugi::xml_node parent, const merge::PageModel& page, PixelSize size, std::uint32_t block);

}  // namespace pecia::exporting
