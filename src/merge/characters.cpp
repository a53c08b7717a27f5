#include "characters.hpp"

#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <array>

#include "pecia/base/ascii.hpp"

namespace pecia::merge {
namespace {

constexpr char32_t long_s = 0x17F;

UChar32 icu(char32_t code) { return static_cast<UChar32>(code); }

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

bool is_closing(char32_t code) {
  constexpr std::u32string_view marks{U"\"')]}»«”“’‘‹›*†‡¹²³⁴⁵⁶⁷⁸⁹"};
  return marks.find(code) != std::u32string_view::npos;
}

bool is_opening(char32_t code) {
  constexpr std::u32string_view marks{U"\"'([{«»„“”‚‘’‹›¿¡*_"};
  return marks.find(code) != std::u32string_view::npos;
}

}  // namespace

Character first_character(std::string_view text) noexcept {
  if (text.empty()) return {};
  const auto byte = [&](std::size_t n) { return static_cast<char32_t>(static_cast<unsigned char>(n < text.size() ? text[n] : '\0')); };
  const auto first = byte(0);
  if (first < 0x80) return {first, 1};
  if (first < 0xE0) return {((first & 0x1F) << 6) | (byte(1) & 0x3F), 2};
  if (first < 0xF0) return {((first & 0x0F) << 12) | ((byte(1) & 0x3F) << 6) | (byte(2) & 0x3F), 3};
  return {((first & 0x07) << 18) | ((byte(1) & 0x3F) << 12) | ((byte(2) & 0x3F) << 6) | (byte(3) & 0x3F), 4};
}

Character last_character(std::string_view text) noexcept {
  if (text.empty()) return {};
  auto at = text.size() - 1;
  while (at > 0 && is_continuation(text[at])) --at;
  return first_character(text.substr(at));
}

bool is_letter(char32_t code) noexcept {
  if (code < 0x80) return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
  return u_isalpha(icu(code)) != 0 || (U_GET_GC_MASK(icu(code)) & U_GC_M_MASK) != 0;
}
bool is_lower(char32_t code) noexcept {
  if (code < 0x80) return code >= 'a' && code <= 'z';
  return u_islower(icu(code)) != 0;
}
bool is_upper(char32_t code) noexcept {
  if (code < 0x80) return code >= 'A' && code <= 'Z';
  return u_isupper(icu(code)) != 0;
}
bool is_digit(char32_t code) noexcept { return code >= '0' && code <= '9'; }

bool is_right_to_left(char32_t code) noexcept {
  if (code < 0x590) return false;
  const auto direction = u_charDirection(icu(code));
  return direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
}

bool is_unspaced(char32_t code) noexcept {
  constexpr std::array scripts{USCRIPT_HAN,  USCRIPT_HIRAGANA, USCRIPT_KATAKANA, USCRIPT_BOPOMOFO,
                               USCRIPT_THAI, USCRIPT_LAO,      USCRIPT_KHMER,    USCRIPT_MYANMAR};
  if (code < 0xE00) return false;
  if (code >= 0x3000 && code <= 0x303F) return true;  // punctuation of Chinese and Japanese
  if (code >= 0xFF01 && code <= 0xFF65) return true;  // full-width forms
  // With script extensions: the long vowel mark of Japanese (U+30FC) is of no script alone.
  return std::ranges::any_of(scripts, [&](UScriptCode script) { return uscript_hasScript(icu(code), script) != 0; });
}

char32_t to_lower(char32_t code) noexcept {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  return code == long_s ? U's' : static_cast<char32_t>(u_tolower(icu(code)));
}

void append_utf8(std::string& out, char32_t code) {
  const auto add = [&](char32_t byte) { out += static_cast<char>(static_cast<unsigned char>(byte)); };
  if (code < 0x80) return add(code);
  if (code < 0x800) {
    add(0xC0 | (code >> 6));
  } else {
    if (code < 0x10000) {
      add(0xE0 | (code >> 12));
    } else {
      add(0xF0 | (code >> 18));
      add(0x80 | ((code >> 12) & 0x3F));
    }
    add(0x80 | ((code >> 6) & 0x3F));
  }
  add(0x80 | (code & 0x3F));
}

std::string folded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const auto next = first_character(text);
    append_utf8(out, to_lower(next.code));
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::string letters_of(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto next = first_character(text);
    if (is_letter(next.code)) append_utf8(out, to_lower(next.code));
    text.remove_prefix(next.bytes);
  }
  return out;
}

std::uint32_t count_letters(std::string_view text) noexcept {
  std::uint32_t count = 0;
  while (!text.empty()) {
    const auto next = first_character(text);
    if (is_letter(next.code)) ++count;
    text.remove_prefix(next.bytes);
  }
  return count;
}

std::string_view without_opening_marks(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto next = first_character(text);
    if (!is_opening(next.code)) break;
    text.remove_prefix(next.bytes);
  }
  return text;
}

std::string_view without_closing_marks(std::string_view text) noexcept {
  while (!text.empty()) {
    const auto last = last_character(text);
    if (!is_closing(last.code)) break;
    text.remove_suffix(last.bytes);
  }
  return text;
}

bool ends_sentence(std::string_view text) noexcept {
  constexpr std::u32string_view ends{U".!?:…。！？؟۔।"};
  auto rest = without_closing_marks(trim(text));
  // A footnote's number behind the full stop: "as he wrote.3"
  auto bare = rest;
  while (!bare.empty() && bare.back() >= '0' && bare.back() <= '9') bare.remove_suffix(1);
  if (rest.size() - bare.size() <= 2 && !bare.empty() && (bare.back() == '.' || bare.back() == '!' || bare.back() == '?')) rest = bare;
  return ends.find(last_character(rest).code) != std::u32string_view::npos && !rest.empty();
}

std::string_view trim(std::string_view text) noexcept {
  const auto begin = text.find_first_not_of(ascii_white);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(ascii_white) - begin + 1);
}

bool alike(std::string_view one, std::string_view other, std::size_t most) noexcept {
  if (one == other) return true;
  one = one.substr(0, 64);
  other = other.substr(0, 64);
  const auto shorter = std::min(one.size(), other.size()), longer = std::max(one.size(), other.size());
  if (longer - shorter > most || shorter == 0) return false;
  std::array<std::uint64_t, 256> where{};
  for (std::size_t n = 0; n < one.size(); ++n) where[static_cast<unsigned char>(one[n])] |= std::uint64_t{1} << n;
  std::uint64_t plus = ~std::uint64_t{0}, minus = 0;
  const auto last = std::uint64_t{1} << (one.size() - 1);
  auto distance = one.size();
  for (const char c : other) {
    const auto match = where[static_cast<unsigned char>(c)];
    const auto vertical = match | minus;
    const auto horizontal = (((match & plus) + plus) ^ plus) | match;
    auto up = minus | ~(horizontal | plus);
    auto down = plus & horizontal;
    if ((up & last) != 0) ++distance;
    if ((down & last) != 0) --distance;
    up = (up << 1) | 1;
    down <<= 1;
    plus = down | ~(vertical | up);
    minus = up & vertical;
  }
  return distance <= most;
}

bool alike(std::string_view one, std::string_view other) noexcept {
  const auto longer = std::min<std::size_t>(std::max(one.size(), other.size()), 64);
  return alike(one, other, longer / 5);
}

}  // namespace pecia::merge
