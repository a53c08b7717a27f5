#include "pecia/merge/markup.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "pecia/base/ascii.hpp"
#include "pecia/merge/tag_scanner.hpp"

namespace pecia::merge {
namespace {

constexpr std::array<std::string_view, 18> names_between_words{"table", "thead",  "tbody", "tfoot", "caption", "colgroup",
                                                               "col",   "tr",     "td",    "th",    "br",      "p",
                                                               "div",   "center", "hr",    "html",  "body",    "img"};
constexpr std::array<std::string_view, 12> names_within_words{"sup",    "sub",  "u", "b",    "i",     "em",
                                                              "strong", "span", "a", "font", "small", "s"};
constexpr std::uint32_t most_colspan = 1000, most_rowspan = 65534;  ///< WHATWG HTML 4.9.11

bool is_white(char c) { return ascii_white.find(c) != std::string_view::npos; }
bool is_of_name(char c) { return is_ascii_letter(c) || c == '-'; }
bool is_of_value(char c) { return !is_white(c) && std::string_view{"\"'<>="}.find(c) == std::string_view::npos; }

std::uint32_t span_of(std::string_view value, std::uint32_t most) {
  std::uint32_t number = 1;
  const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
  if (read.ec == std::errc::result_out_of_range) return most;
  return read.ec == std::errc{} ? std::clamp(number, 1U, most) : 1;
}

bool take_attribute(TagScanner& rest, HtmlTag& tag) {
  const auto name = ascii_lower(rest.take_while(is_of_name));
  if (name.empty() || !rest.take('=')) return false;
  std::optional<std::string_view> value;
  if (rest.take('"')) {
    value = rest.take_quoted('"');
  } else if (rest.take('\'')) {
    value = rest.take_quoted('\'');
  } else if (const auto bare = rest.take_while(is_of_value); !bare.empty()) {
    value = bare;
  }
  if (!value) return false;
  if (name == "colspan") tag.columns = span_of(*value, most_colspan);
  if (name == "rowspan") tag.rows = span_of(*value, most_rowspan);
  return true;
}

void append_code_point(std::string& out, std::uint32_t code) {
  const auto put = [&](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6)), put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12)), put(0x80 | ((code >> 6) & 0x3F)), put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18)), put(0x80 | ((code >> 12) & 0x3F)), put(0x80 | ((code >> 6) & 0x3F)), put(0x80 | (code & 0x3F));
  }
}

}  // namespace

bool is_within_words(std::string_view name) noexcept { return std::ranges::find(names_within_words, name) != names_within_words.end(); }

std::optional<HtmlTag> html_tag(std::string_view text) {
  TagScanner rest{text};
  if (!rest.take('<')) return std::nullopt;
  HtmlTag tag;
  tag.closes = rest.take('/');
  tag.name = ascii_lower(rest.take_while(is_ascii_letter));
  const bool known = is_within_words(tag.name) || std::ranges::find(names_between_words, tag.name) != names_between_words.end();
  if (!known) return std::nullopt;
  while (!rest.take_while(is_white).empty() && !rest.ends_tag()) {
    if (!take_attribute(rest, tag)) return std::nullopt;
  }
  rest.take('/');
  if (!rest.take('>')) return std::nullopt;
  tag.size = text.size() - rest.size();
  return tag;
}

std::size_t take_entity(std::string_view text, std::string& out) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> known{
      {{"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}, {"&quot;", "\""}, {"&apos;", "'"}, {"&nbsp;", " "}}};
  for (const auto& [entity, sign] : known) {
    if (text.starts_with(entity)) return out += sign, entity.size();
  }
  const auto end = text.substr(0, 12).find(';');
  if (!text.starts_with("&#") || end == std::string_view::npos) return 0;
  const bool hexadecimal = text.size() > 2 && ascii_lower(text[2]) == 'x';
  const auto* first = text.data() + (hexadecimal ? 3 : 2);
  std::uint32_t code = 0;
  const auto read = std::from_chars(first, text.data() + end, code, hexadecimal ? 16 : 10);
  const bool character = code >= 0xA0 || (code >= 0x20 && code < 0x7F);
  const bool valid = character && code < 0x110000 && (code < 0xD800 || code > 0xDFFF) && (code & 0xFFFE) != 0xFFFE;
  if (read.ec != std::errc{} || read.ptr != text.data() + end || !valid) return 0;
  append_code_point(out, code);
  return end + 1;
}

}  // namespace pecia::merge
