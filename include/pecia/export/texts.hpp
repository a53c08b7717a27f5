#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "pecia/merge/book.hpp"
#include "pecia/merge/document.hpp"

namespace pecia::exporting {

/// Where the images of a page were written, from the place of its document's file: a link for each box of its
/// blocks that are images, in their order; empty where there is no file.
using ImageLinks = std::map<std::uint32_t, std::vector<std::string>>;

/// A document's pages as Markdown, as they were read: "<!-- page N -->" before each page, notices as "> [...]". What a failed page has
/// of a text follows its notice.
///
/// Text of a model that writes Markdown (it has a finish reason) is kept, but for HTML other than plain tables; where
/// an image is, there is a link, or a comment with its box. Other
/// text is kept as it was read, line by line, but for what Markdown would take for its own: a
/// backslash stands before a line's leading '#', '>', list mark, rule or fence, before a '<' that
/// would begin a tag, and before each backslash; blanks that begin a line are dropped. What may
/// stand within a line ('*', '_', '`', '[') is left alone.
[[nodiscard]] std::string to_markdown(const merge::Document& document, const ImageLinks& images = {});
/// A document's pages as plain text, as they were read: form feeds between pages, notices as "[...]".
[[nodiscard]] std::string to_plain_text(const merge::Document& document, const ImageLinks& images = {});

/// A book as Markdown, unit by unit, in its reading order, without what merging took out of the flow. The rules above hold for
/// its text, but for what is known of units: headings begin with as many '#' as their level, list marks stay marks (a printed
/// bullet becomes "-"), footnotes and marginal notes stand behind "<!-- footnote of page N -->", figures are links, or comments
/// with their boxes. "<!-- page N -->" stands where a page begins, also within a unit that goes on over it: there in the line,
/// between two words, behind one that was hyphenated over the break; a page on the way without text is named there in brackets.
/// A document with gaps says so at its top, in a notice.
[[nodiscard]] std::string to_markdown(const merge::Book& book, const ImageLinks& figures = {});
/// A book as plain text: units separated by empty lines, headings and tables of models without their marks and tags (cells
/// are separated by tabs). A form feed stands in place of the empty line before the first unit, or notice, that begins on a
/// later page; a unit that goes on over a page break is not cut, so that a page on which nothing begins has no form feed.
[[nodiscard]] std::string to_plain_text(const merge::Book& book);

}  // namespace pecia::exporting
