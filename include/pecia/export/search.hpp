#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace pecia::exporting {

/// A line of a text in which something was found.
struct FoundLine {
  std::size_t number = 0;          ///< in its text, from 1
  std::string_view line;           ///< of the text that was searched
  std::size_t begin = 0, end = 0;  ///< bytes of `line`: its first match, or what of that lies in the line
};

/// A regular expression in Perl's syntax (PCRE2), on Unicode: \w and \d know all scripts, ^ and $ stand at lines. Compiled to
/// machine code where that works. Used by one thread.
class Pattern {
 public:
  /// Throws `UsageError` that points at the place where the pattern makes no sense.
  Pattern(const std::string& pattern, bool ignore_case);
  ~Pattern();
  Pattern(Pattern&&) noexcept;

  /// Every line in which a match begins, once. The text may be any bytes; matches never lie over bytes that are no UTF-8.
  /// Throws `Error` where that takes too many steps: there are patterns that would take years on a page.
  [[nodiscard]] std::vector<FoundLine> lines_in(std::string_view text) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::exporting
