#include "marks.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "characters.hpp"
#include "numbers.hpp"

namespace pecia::merge {
namespace {

std::size_t length_of(std::string_view text, std::u32string_view signs) {
  std::size_t size = 0;
  while (size < text.size()) {
    const auto next = first_character(text.substr(size));
    if (signs.find(next.code) == std::u32string_view::npos) break;
    size += next.bytes;
  }
  return size;
}

std::size_t digits_at(std::string_view text) { return std::min(text.find_first_not_of("0123456789"), text.size()); }

int value_of(std::string_view digits) {
  int value = 0;
  for (const char c : digits) value = 10 * value + (c - '0');
  return value;
}

template <std::size_t n>
bool is_one_of(std::string_view word, const std::array<std::string_view, n>& words) {
  while (word.ends_with('.') || word.ends_with(':')) word.remove_suffix(1);
  return std::ranges::find(words, folded(word)) != words.end();
}

std::string_view word_before_blank(std::string_view line) { return line.substr(0, std::min(line.find_first_of(" \t"), line.size())); }

std::string_view text_behind_blank(std::string_view line) { return trim(line.substr(word_before_blank(line).size())); }

/// An arabic or roman number, with what may stand behind it.
bool is_number_word(std::string_view word) {
  while (!word.empty() && std::string_view{".:,;-)"}.find(word.back()) != std::string_view::npos) word.remove_suffix(1);
  return !word.empty() && (digits_at(word) == word.size() || parse_roman(word));
}

/// More dots in sequence than an ellipsis has, perhaps with blanks between them.
bool has_row_of_dots(std::string_view line) {
  int dots = 0;
  bool blank = false;
  for (const char c : line) {
    if (c == '.')
      ++dots;
    else if (c != ' ' || blank)
      dots = 0;
    blank = c == ' ';
    if (dots >= 5) return true;
  }
  return false;
}

/// As a leader is misread: "2.0... 0... 1", ". . 2 ee eee ees 5". Words of dots, digits and "e" at the line's end, with dots enough.
bool has_broken_leader(std::string_view line) {
  auto rest = trim(line);
  int dots = 0, words = 0;
  while (!rest.empty()) {
    const auto begin = rest.find_last_of(' ') + 1;
    const auto word = rest.substr(begin);
    if (begin == 0 || word.find_first_not_of("0123456789.,-_eosc%") != std::string_view::npos) break;
    dots += static_cast<int>(std::ranges::count(word, '.'));
    ++words;
    rest = trim(rest.substr(0, begin));
  }
  while (!rest.empty() && rest.back() == '.') {
    ++dots;
    rest.remove_suffix(1);
  }
  return words >= 1 && dots >= 3;
}

}  // namespace

std::string_view footnote_mark(std::string_view line) {
  const auto signs = length_of(line, U"*†‡");
  if (signs > 0) {
    const auto size = signs + (line.substr(signs).starts_with(')') ? 1 : 0);
    return size < line.size() ? line.substr(0, size) : std::string_view{};
  }
  const auto raised = length_of(line, U"¹²³⁴⁵⁶⁷⁸⁹⁰");
  if (raised > 0) return line.substr(0, raised);
  const auto open = static_cast<std::size_t>(line.starts_with('('));
  const auto rest = line.substr(open);
  const auto digits = digits_at(rest);
  if (digits > 3 || digits == rest.size()) return {};
  if (digits > 0 && rest[digits] == ')') return line.substr(0, open + digits + 1);
  if (digits == 0 && rest.size() > 2 && rest[0] >= 'a' && rest[0] <= 'z' && rest[1] == ')') return line.substr(0, open + 2);
  if (digits > 0 && open == 0 && rest[digits] == ' ' && is_letter(first_character(without_opening_marks(rest.substr(digits + 1))).code))
    return line.substr(0, digits);
  return {};
}

ItemMark item_mark(std::string_view line) {
  const auto with_blank = [&](ItemMark::Kind kind, int value, std::size_t size) -> ItemMark {
    if (size >= line.size() || line[size] != ' ') return {};
    while (size < line.size() && line[size] == ' ') ++size;
    return {kind, value, static_cast<std::uint32_t>(size)};
  };
  const auto bullet = length_of(line.substr(0, 4), U"•◦▪‣●○■□➢✓");
  if (bullet > 0) return with_blank(ItemMark::Kind::bullet, 0, bullet);
  if (line.starts_with("- ") || line.starts_with("* ") || line.starts_with("+ ")) return with_blank(ItemMark::Kind::dash, 0, 1);
  const auto open = static_cast<std::size_t>(line.starts_with('('));
  const auto digits = digits_at(line.substr(open));
  const auto close = open + (digits > 0 ? digits : 1);
  if (close >= line.size() || (line[close] != ')' && (open > 0 || line[close] != '.'))) return {};
  if (digits > 0 && digits <= 3) return with_blank(ItemMark::Kind::number, value_of(line.substr(open, digits)), close + 1);
  const char letter = line[open];
  if (digits == 0 && letter >= 'a' && letter <= 'z' && line[close] == ')')
    return with_blank(ItemMark::Kind::letter, letter - 'a' + 1, close + 1);
  return {};
}

HeadingNumber heading_number(std::string_view line) {
  constexpr std::array<std::string_view, 28> words{"chapter", "kapitel",   "capitel", "chapitre", "chap",   "cap",   "kap",
                                                   "book",    "buch",      "livre",   "part",     "teil",   "theil", "partie",
                                                   "section", "abschnitt", "chant",   "gesang",   "canto",  "act",   "akt",
                                                   "acte",    "scene",     "scène",   "appendix", "anhang", "brief", "lettre"};
  constexpr std::array<std::string_view, 18> ordinals{"first",    "second",   "third",   "fourth",    "fifth",     "erste",
                                                      "zweite",   "dritte",   "vierte",  "fünfte",    "sechste",   "premier",
                                                      "première", "deuxième", "seconde", "troisième", "quatrième", "cinquième"};
  HeadingNumber number;
  const auto first = word_before_blank(line);
  if (is_one_of(first, words)) {
    const auto second = word_before_blank(text_behind_blank(line));
    number.word = is_number_word(second) || (count_letters(line) <= 24 && !second.empty() && is_upper(first_character(second).code));
    if (number.word) number.depth = 1;
    return number;
  }
  // "Erstes Kapitel"
  auto ordinal = folded(first);
  if (ordinal.ends_with('r') || ordinal.ends_with('s')) ordinal.pop_back();
  const bool counted =
      std::ranges::find(ordinals, ordinal) != ordinals.end() || std::ranges::find(ordinals, folded(first)) != ordinals.end();
  if (counted && count_letters(line) <= 24 && is_one_of(word_before_blank(text_behind_blank(line)), words)) return {true, 1};
  if (line.starts_with("§")) {
    number.depth = is_number_word(trim(line.substr(2)).substr(0, 4)) || digits_at(trim(line.substr(2))) > 0 ? 2 : 0;
    return number;
  }
  auto rest = first;
  while (!rest.empty()) {
    const auto digits = digits_at(rest);
    if (digits == 0 || digits > 3) break;
    ++number.depth;
    rest.remove_prefix(digits);
    if (rest == "." || rest.empty()) return text_behind_blank(line).empty() ? HeadingNumber{} : number;
    if (!rest.starts_with('.')) break;
    rest.remove_prefix(1);
  }
  number.depth = 0;
  if (first.size() >= 2 && first.ends_with('.') && is_upper(first_character(first).code) && parse_roman(first.substr(0, first.size() - 1)))
    number.depth = 1;
  return number;
}

bool is_caption(std::string_view line) {
  constexpr std::array<std::string_view, 16> words{"fig",     "figure", "figur", "abb",     "abbildung", "table",        "tab",  "tabelle",
                                                   "tableau", "tafel",  "plate", "planche", "pl",        "illustration", "bild", "karte"};
  if (!is_one_of(word_before_blank(line), words)) return false;
  const auto number = word_before_blank(text_behind_blank(line));
  if (number.size() < 2 || !is_number_word(number)) {
    const auto behind = text_behind_blank(text_behind_blank(line));
    return is_number_word(number) && (behind.starts_with(':') || behind.starts_with("—") || behind.starts_with("–"));
  }
  return number.ends_with('.') || number.ends_with(':');
}

bool has_leader(std::string_view line) noexcept {
  if (has_row_of_dots(line)) return true;
  const auto end = line.find_last_not_of("0123456789ivxlc ");
  if (end == std::string_view::npos || end + 1 >= line.size()) return has_broken_leader(line);
  const auto dots = line.substr(0, end + 1);
  return dots.ends_with("...") || dots.ends_with(". .") || dots.ends_with("…") || dots.ends_with("_ _") || has_broken_leader(line);
}

bool is_labelled_value(std::string_view line) noexcept {
  const auto colon = line.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon > 40 || line.size() > 90) return false;
  if (colon + 1 < line.size() && line[colon + 1] != ' ' && line[colon + 1] != '_' && line[colon + 1] != '.') return false;
  return std::ranges::count(line.substr(0, colon), ' ') <= 3 && is_letter(first_character(line).code) && !line.ends_with(',');
}

}  // namespace pecia::merge
