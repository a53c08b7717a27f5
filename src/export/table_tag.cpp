#include "table_tag.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "pecia/base/ascii.hpp"
#include "pecia/merge/tag_scanner.hpp"

namespace pecia::exporting {
namespace {

constexpr std::array<std::string_view, 12> element_names{"table", "thead", "tbody", "tfoot", "caption", "tr",
                                                         "td",    "th",    "br",    "sup",   "sub",     "u"};
constexpr std::array<std::string_view, 3> attribute_names{"colspan", "rowspan", "border"};

int span_of(std::string_view digits) {
  int value = 0;
  const auto [end, failure] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return failure == std::errc{} ? std::clamp(value, 1, 1000) : 1000;
}

bool take_attribute(merge::TagScanner& rest, TableTag& tag) {
  const auto name = rest.take_while(is_ascii_letter);
  if (std::ranges::find(attribute_names, name) == attribute_names.end() || !rest.take('=')) return false;
  const bool quoted = rest.take('"');
  const auto value = rest.take_while(is_ascii_digit);
  if (value.empty() || (quoted && !rest.take('"'))) return false;
  if (name == "colspan") tag.columns = span_of(value);
  if (name == "rowspan") tag.rows = span_of(value);
  return true;
}

}  // namespace

std::optional<TableTag> table_tag(std::string_view text) {
  TableTag tag;
  merge::TagScanner rest{text};
  if (!rest.take('<')) return std::nullopt;
  tag.closes = rest.take('/');
  tag.name = rest.take_while(is_ascii_letter);
  if (std::ranges::find(element_names, tag.name) == element_names.end()) return std::nullopt;
  while (rest.take(' ') && !rest.ends_tag()) {
    if (!take_attribute(rest, tag)) return std::nullopt;
  }
  rest.take('/');
  if (!rest.take('>')) return std::nullopt;
  tag.size = text.size() - rest.size();
  return tag;
}

}  // namespace pecia::exporting
