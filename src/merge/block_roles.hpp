#pragma once

#include <span>
#include <vector>

#include "layout.hpp"
#include "pecia/merge/book.hpp"
#include "split.hpp"

namespace pecia::merge {

/// A page while roles are looked for in it.
struct PageView {
  const PageModel& page;
  const PageLayout& layout;
  const std::vector<LinePlace>& places;  ///< of all lines
  float letter_px = 0;                   ///< usual height of lines in the document, at this page's size; 0: not known
  std::vector<LineRole>& roles;          ///< found so far; added to
};

[[nodiscard]] bool has_role(const PageView& view, std::uint32_t line);

/// At the foot: what begins with a mark, in smaller letters or behind a gap. `goes_on`: the last of the page before is not
/// at its end, so that its rest may stand above the first mark.
void find_footnotes(PageView view, bool goes_on);

/// By size, numbering, capitals, place and shortness, or because the outline has it for this page.
void find_headings(PageView view, std::span<const Heading> outline);

/// Captions, items of lists, marginals.
void find_other_roles(PageView view);

}  // namespace pecia::merge
