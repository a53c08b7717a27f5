#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

namespace pecia::merge {

/// What is left of a tag that is read from its beginning.
class TagScanner {
 public:
  explicit TagScanner(std::string_view text) : text_{text} {}

  bool take(char c) {
    if (!text_.starts_with(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  std::string_view take_while(bool (*holds)(char)) {
    const auto taken = text_.substr(0, static_cast<std::size_t>(std::ranges::find_if_not(text_, holds) - text_.begin()));
    text_.remove_prefix(taken.size());
    return taken;
  }
  /// Between two of these signs. Not beyond a bracket, so that many unclosed tags are not searched
  /// to the end each.
  std::optional<std::string_view> take_quoted(char quote) {
    const std::array<char, 3> ends{quote, '<', '>'};
    const auto end = text_.find_first_of({ends.data(), ends.size()});
    if (end == std::string_view::npos || text_[end] != quote) return std::nullopt;
    const auto taken = text_.substr(0, end);
    text_.remove_prefix(end + 1);
    return taken;
  }
  [[nodiscard]] bool ends_tag() const { return text_.starts_with('>') || text_.starts_with("/>"); }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  std::string_view text_;
};

}  // namespace pecia::merge
