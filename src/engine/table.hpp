#pragma once

#include <string>

#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// Evidence that a page is mostly a table of numbers that was read column by column: most of its lines are short and
/// stand beside two others at least, and two of five of these begin with a digit. Empty if it is none. Columns of prose have
/// longer lines, an index in two columns has fewer beside one another.
[[nodiscard]] std::string table_evidence(const result::Reading& reading);

}  // namespace pecia::engine
