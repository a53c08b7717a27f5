#pragma once

#include "layout.hpp"
#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

/// Most lines of the page are verse: they begin with capitals and end before the edge of the text.
[[nodiscard]] bool is_verse(const PageModel& page, const PageLayout& layout);
/// The lines of the block are lines of its text, not of its setting: verse, a table of contents, labels and values.
[[nodiscard]] bool keeps_lines(const PageModel& page, const PageLayout& layout, const Block& block);

}  // namespace pecia::merge
