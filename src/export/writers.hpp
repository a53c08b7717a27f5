#pragma once

#include <string>
#include <string_view>

#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// What stands in the place of a page without text: "page 7 could not be read: timeout — ...",
/// "page 3 is blank"; of the whole document if its pages could not be counted. Empty for a page
/// with text.
[[nodiscard]] std::string notice(const merge::Page& page);

/// A document as Markdown: "<!-- page N -->" before each page, notices as "> [...]".
///
/// Text is kept as it was read, line by line, but for what Markdown would take for its own: a
/// backslash stands before a line's leading '#', '>', list mark, rule or fence, before a '<' that
/// would begin a tag, and before each backslash; blanks that begin a line are dropped. What may
/// stand within a line ('*', '_', '`', '[') is left alone.
[[nodiscard]] std::string to_markdown(const merge::Document& document);
/// A document as plain text: form feeds between pages, notices as "[...]".
[[nodiscard]] std::string to_plain_text(const merge::Document& document);
/// One page as a line of JSON, with its newline. Always UTF-8.
[[nodiscard]] std::string to_json_line(const merge::Document& document, const merge::Page& page);

}  // namespace pecia::exporting
