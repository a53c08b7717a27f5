#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace pecia::exporting {

/// A tag of a plain table, or of what may stand in its cells: `<td colspan="2">`, `</sup>`.
struct TableTag {
  std::string_view name;  ///< table, thead, tbody, tfoot, caption, tr, td, th, br, sup, sub or u
  bool closes = false;
  int columns = 1, rows = 1;  ///< colspan and rowspan, 1 to 1,000
  std::size_t size = 0;       ///< bytes
};

/// The tag at the beginning of a text that begins with '<'. Nothing for any other HTML: other names, other attributes than
/// colspan, rowspan and border, values that are no numbers.
[[nodiscard]] std::optional<TableTag> table_tag(std::string_view text);

}  // namespace pecia::exporting
