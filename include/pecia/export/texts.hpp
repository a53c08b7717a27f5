#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// Where the images of a page were written, from the place of its document's file: a link for each box of its
/// blocks that are images, in their order; empty where there is no file.
using ImageLinks = std::map<std::uint32_t, std::vector<std::string>>;

/// A document as Markdown: "<!-- page N -->" before each page, notices as "> [...]". What a failed page has
/// of a text follows its notice.
///
/// Text of a model that writes Markdown (it has a finish reason) is kept, but for HTML other than plain tables; where
/// an image is, there is a link, or a comment with its box. Other
/// text is kept as it was read, line by line, but for what Markdown would take for its own: a
/// backslash stands before a line's leading '#', '>', list mark, rule or fence, before a '<' that
/// would begin a tag, and before each backslash; blanks that begin a line are dropped. What may
/// stand within a line ('*', '_', '`', '[') is left alone.
[[nodiscard]] std::string to_markdown(const merge::Document& document, const ImageLinks& images = {});
/// A document as plain text: form feeds between pages, notices as "[...]".
[[nodiscard]] std::string to_plain_text(const merge::Document& document, const ImageLinks& images = {});

}  // namespace pecia::exporting
