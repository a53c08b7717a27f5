#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace pecia::merge {

/// A number at an end of a line that may be the page's.
struct LineNumber {
  int value = 0;
  bool roman = false;
  bool whole = false;       ///< the line is nothing but it
  bool leading = false;     ///< else trailing
  bool enumerates = false;  ///< a full stop or bracket follows, as of an item
  std::string_view text;    ///< of the line that was given
};

/// "7", "- 7 -", "[xii]", "Page 3 of 10", "CHANT PREMIER. 5", "6 La HENRIADE". At most one at either end.
[[nodiscard]] std::vector<LineNumber> page_number_candidates(std::string_view line);

/// I to MMMCMXCIX in one case, "iiij" and "iiii" as printers wrote them; nothing for anything else.
[[nodiscard]] std::optional<int> parse_roman(std::string_view text) noexcept;

}  // namespace pecia::merge
