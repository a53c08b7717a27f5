#pragma once

#include <string>
#include <string_view>

#include "pecia/export/texts.hpp"
#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// What stands in the place of a page without text: "page 7 could not be read: timeout — ...",
/// "page 3 is blank"; of the whole document if its pages could not be counted. Empty for a page
/// with text.
[[nodiscard]] std::string notice(const merge::Page& page);

/// One page as a line of JSON, with its newline. Always UTF-8.
[[nodiscard]] std::string to_json_line(const merge::Document& document, const merge::Page& page);

}  // namespace pecia::exporting
