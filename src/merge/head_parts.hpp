#pragma once

#include <cstdint>
#include <string_view>

#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

/// The left and the right head of a page, which an engine may read as one line: "CHAPTER 6. ARCHIVES 6.7. DIRECTORIES".
struct HeadParts {
  std::string_view begin, end;  ///< of the page's text; both empty: the line is not in two parts
  [[nodiscard]] bool found() const noexcept { return !end.empty(); }
};

/// Parted at a blank much wider than others where words have places, else before a section number in the line.
[[nodiscard]] HeadParts head_parts(const PageModel& page, const Line& line);

}  // namespace pecia::merge
