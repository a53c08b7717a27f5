#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "layout.hpp"

namespace pecia::merge {

/// Compares the order of a page's blocks with where they stand, and puts it right where it jumps between columns of text.
/// Returns what was moved, for a person; empty if nothing was.
[[nodiscard]] std::vector<std::string> order_columns(PageModel& page);

}  // namespace pecia::merge
