#include "numbers.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "characters.hpp"

namespace pecia::merge {
namespace {

bool is_decoration(char32_t code) {
  constexpr std::u32string_view signs{U"-–—−[](){}.,:;*·•|_~'`\"=<>«»/†‡"};
  return code == ' ' || code == '\t' || signs.find(code) != std::u32string_view::npos;
}

std::string_view without_decoration(std::string_view text) {
  while (!text.empty() && is_decoration(first_character(text).code)) text.remove_prefix(first_character(text).bytes);
  while (!text.empty() && is_decoration(last_character(text).code)) text.remove_suffix(last_character(text).bytes);
  return text;
}

/// Digits, and what a reader takes them for, as long as a digit is among them.
std::optional<int> parse_arabic(std::string_view text, bool lenient) {
  if (text.empty() || text.size() > 4) return std::nullopt;
  int value = 0;
  bool digit = false;
  for (const char c : text) {
    int next = c - '0';
    if (c >= '0' && c <= '9') {
      digit = true;
    } else if (lenient && (c == 'l' || c == 'I' || c == 'i')) {
      next = 1;
    } else if (lenient && (c == 'O' || c == 'o')) {
      next = 0;
    } else {
      return std::nullopt;
    }
    value = 10 * value + next;
  }
  return digit ? std::optional{value} : std::nullopt;
}

std::optional<LineNumber> parse(std::string_view token, bool lenient) {
  token = without_decoration(token);
  if (const auto arabic = parse_arabic(token, lenient)) return LineNumber{.value = *arabic, .text = token};
  if (const auto roman = parse_roman(token)) return LineNumber{.value = *roman, .roman = true, .text = token};
  return std::nullopt;
}

/// Words that stand before a page's number and say nothing else.
std::string_view without_page_word(std::string_view line) {
  constexpr std::array<std::string_view, 12> words{"page", "seite", "pagina", "pag", "fol", "folio", "blatt", "bl", "pg", "p", "s", "f"};
  const auto size = std::min(line.find_first_of(" ."), line.size());
  if (size == line.size() || std::ranges::find(words, folded(line.substr(0, size))) == words.end()) return line;
  return without_decoration(line.substr(size));
}

/// "3 of 10", "3 / 10"
std::string_view without_total(std::string_view line) {
  constexpr std::array<std::string_view, 6> signs{"/", "of", "von", "sur", "de", "di"};
  const auto first = line.find_first_of(" /");
  if (first == std::string_view::npos) return line;
  const auto last = line.find_last_of(" /");
  const auto between = trim(line.substr(first, last - first + 1));
  const bool joins = std::ranges::find(signs, folded(between)) != signs.end();
  return joins && parse_arabic(line.substr(last + 1), false) ? line.substr(0, first) : line;
}

bool enumerates(std::string_view token) { return token.ends_with('.') || token.ends_with(')') || token.ends_with(':'); }

}  // namespace

std::optional<int> parse_roman(std::string_view text) noexcept {
  if (text.empty() || text.size() > 12) return std::nullopt;
  const bool upper = text.front() >= 'A' && text.front() <= 'Z';
  int value = 0, before = 1000, repeated = 0;
  for (std::size_t n = 0; n < text.size(); ++n) {
    char c = text[n];
    if ((c >= 'A' && c <= 'Z') != upper) return std::nullopt;
    if (upper) c = static_cast<char>(c + 32);
    if (c == 'j' && n + 1 == text.size()) c = 'i';
    constexpr std::string_view letters{"ivxlcdm"};
    constexpr std::array<int, 7> values{1, 5, 10, 50, 100, 500, 1000};
    const auto found = letters.find(c);
    if (found == std::string_view::npos) return std::nullopt;
    const auto next = values[found];
    if (next > before) {
      if (repeated != 1 || (next != 5 * before && next != 10 * before)) return std::nullopt;
      value -= 2 * before;
      repeated = 0;
    } else {
      repeated = next == before ? repeated + 1 : 1;
      if (repeated > 4) return std::nullopt;
    }
    value += next;
    before = next;
  }
  return value;
}

std::vector<LineNumber> page_number_candidates(std::string_view line) {
  std::vector<LineNumber> found;
  line = trim(line);
  while (line.starts_with('#')) line.remove_prefix(1);
  const auto bare = without_total(without_page_word(without_decoration(line)));
  if (bare.size() <= 16) {
    if (auto number = parse(bare, true)) {
      number->whole = true;
      found.push_back(*number);
      return found;
    }
  }
  line = trim(line);
  const auto first_end = line.find_first_of(" \t"), last_begin = line.find_last_of(" \t");
  if (first_end == std::string_view::npos) return found;
  const auto add = [&](std::string_view token, bool leading) {
    auto number = parse(token, false);
    if (!number || (number->roman && number->text.size() < 2)) return;
    number->leading = leading;
    number->enumerates = leading && enumerates(token);
    found.push_back(*number);
  };
  add(line.substr(0, first_end), true);
  add(line.substr(last_begin + 1), false);
  return found;
}

}  // namespace pecia::merge
