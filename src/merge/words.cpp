#include "words.hpp"

#include "characters.hpp"

namespace pecia::merge {
namespace {

bool is_hyphen(char32_t code) { return code == '-' || code == 0x2010 || code == 0x2011; }
bool is_apostrophe(char32_t code) { return code == '\'' || code == 0x2019; }
bool is_certain_hyphen(char32_t code) { return code == 0xAD || code == 0xAC || code == 0x2E17 || code == 0x2E40; }
bool is_word_part(char32_t code) { return is_letter(code); }
bool is_inside(char32_t code) { return is_hyphen(code) || is_apostrophe(code); }

/// FNV-1a, of characters in lower case.
class Hash {
 public:
  void add(char32_t code) { value_ = (value_ ^ to_lower(code)) * 0x100000001B3ULL; }
  [[nodiscard]] std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325ULL;
};

/// Without an ending hyphen or apostrophe.
std::string_view bare(std::string_view word) {
  while (!word.empty() && is_inside(last_character(word).code)) word.remove_suffix(last_character(word).bytes);
  return word;
}

}  // namespace

LineHyphen hyphen_at_end(std::string_view line) noexcept {
  const auto last = last_character(line);
  const auto before = line.substr(0, line.size() - last.bytes);
  if (before.empty()) return {};
  if (is_digit(last_character(before).code))
    return is_hyphen(last.code) ? LineHyphen{.bytes = last.bytes, .behind_number = true} : LineHyphen{};
  if (!is_letter(last_character(before).code)) return {};
  if (is_hyphen(last.code)) return {.bytes = last.bytes};
  if (is_certain_hyphen(last.code)) return {.bytes = last.bytes, .certain = true};
  return last.code == '=' ? LineHyphen{.bytes = last.bytes, .equals_sign = true} : LineHyphen{};
}

std::string_view first_word(std::string_view text) noexcept {
  std::size_t size = 0;
  while (size < text.size()) {
    const auto next = first_character(text.substr(size));
    if (!is_word_part(next.code) && !(size > 0 && is_inside(next.code))) break;
    size += next.bytes;
  }
  return bare(text.substr(0, size));
}

std::string_view last_word(std::string_view text) noexcept {
  auto begin = text.size();
  while (begin > 0) {
    const auto before = last_character(text.substr(0, begin));
    if (!is_word_part(before.code) && !is_inside(before.code)) break;
    begin -= before.bytes;
  }
  auto word = text.substr(begin);
  while (!word.empty() && is_inside(first_character(word).code)) word.remove_prefix(first_character(word).bytes);
  return word;
}

WordList::WordList(std::span<const PageModel> pages) {
  for (const auto& page : pages) {
    bool part_at_begin = false;
    for (std::size_t n = 0; n < page.lines.size(); ++n) {
      const auto line = text_of(page, page.lines[n].text);
      const auto hyphen = hyphen_at_end(line);
      add(line, part_at_begin, hyphen.bytes > 0);
      part_at_begin = hyphen.bytes > 0;
      if (hyphen.equals_sign && n + 1 < page.lines.size() && is_lower(first_character(text_of(page, page.lines[n + 1].text)).code))
        ++equals_signs_;
    }
  }
}

void WordList::add(std::string_view line, bool part_at_begin, bool part_at_end) {
  bool first = true;
  while (!line.empty()) {
    auto next = first_character(line);
    if (!is_word_part(next.code)) {
      line.remove_prefix(next.bytes);
      first = first && next.code != ' ';
      continue;
    }
    Hash hash;
    std::size_t size = 0, pending = 0;
    char32_t inside[4];
    std::size_t insides = 0;
    // Hyphens and apostrophes belong to the word only if letters follow.
    for (; size + pending < line.size(); next = first_character(line.substr(size + pending))) {
      if (is_word_part(next.code)) {
        for (std::size_t n = 0; n < insides; ++n) hash.add(inside[n]);
        insides = 0;
        hash.add(next.code);
        size += pending + next.bytes;
        pending = 0;
      } else if (is_inside(next.code) && insides < 1) {
        inside[insides++] = is_hyphen(next.code) ? U'-' : U'\'';
        pending += next.bytes;
      } else {
        break;
      }
    }
    line.remove_prefix(size);
    const bool at_end = line.size() <= 3 && line.find(' ') == std::string_view::npos;
    if (!(first && part_at_begin) && !(at_end && part_at_end)) ++counts_[hash.value()];
    first = false;
  }
}

std::uint32_t WordList::count(std::string_view word) const {
  Hash hash;
  while (!word.empty()) {
    const auto next = first_character(word);
    hash.add(is_hyphen(next.code) ? U'-' : is_apostrophe(next.code) ? U'\'' : next.code);
    word.remove_prefix(next.bytes);
  }
  const auto found = counts_.find(hash.value());
  return found == counts_.end() ? 0 : found->second;
}

}  // namespace pecia::merge
