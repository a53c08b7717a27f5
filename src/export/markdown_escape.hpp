#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace pecia::exporting {

/// What is put between two words of a text as it is: the mark of a page that begins there.
struct Insertion {
  std::size_t at = 0;  ///< byte of the text that it stands before
  std::string text;
};

/// What becomes of marks that begin the items of a list.
enum class ListMarks {
  escaped,  ///< they are none
  kept,     ///< they are; signs that Markdown does not know as such become "-"
};

/// Text that is no Markdown, line by line, each with its line end, so that Markdown shows it as it is: the rule stands in
/// texts.hpp. `insertions`: in their order.
void append_escaped(std::string& out, std::string_view text, std::span<const Insertion> insertions = {},
                    ListMarks marks = ListMarks::escaped);

/// "> [text]", with its line end.
[[nodiscard]] std::string markdown_notice(std::string_view text);
/// "[text]" to stand within a line.
[[nodiscard]] std::string markdown_remark(std::string_view text);

}  // namespace pecia::exporting
