#pragma once

#include <string>

#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// A document as Markdown: "<!-- page N -->" before each page, notices as "> [...]".
///
/// Text is kept as it was read, line by line, but for what Markdown would take for its own: a
/// backslash stands before a line's leading '#', '>', list mark, rule or fence, before a '<' that
/// would begin a tag, and before each backslash; blanks that begin a line are dropped. What may
/// stand within a line ('*', '_', '`', '[') is left alone.
[[nodiscard]] std::string to_markdown(const merge::Document& document);
/// A document as plain text: form feeds between pages, notices as "[...]".
[[nodiscard]] std::string to_plain_text(const merge::Document& document);

}  // namespace pecia::exporting
