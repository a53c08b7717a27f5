#pragma once

#include <string>
#include <string_view>

#include "pecia/result/outcome.hpp"

namespace pecia::merge {

/// A text as `PageModel::text` is: valid UTF-8 without control characters but '\n' and '\t'.
[[nodiscard]] std::string cleaned(std::string_view text);
/// The same in one line, as a terminal may show it: line ends and tabs are blanks.
[[nodiscard]] std::string cleaned_line(std::string_view text);
/// A reading with such a text; its blocks, lines and words stand where their text is then.
[[nodiscard]] result::Reading cleaned(result::Reading reading);

}  // namespace pecia::merge
