#include "text_looks.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/uscript.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <string_view>

#include "text_order.hpp"

namespace pecia::page {
namespace {

bool is_letter(char32_t character) { return (U_GET_GC_MASK(code_point(character)) & U_GC_L_MASK) != 0; }

bool is_unknown(char32_t character) {
  const auto type = u_charType(code_point(character));
  return character == 0xFFFD || type == U_PRIVATE_USE_CHAR || type == U_CONTROL_CHAR || type == U_UNASSIGNED || type == U_SURROGATE;
}

/// Han, kana, bopomofo and Hangul stand beside each other.
UScriptCode script_of(char32_t character) {
  UErrorCode status = U_ZERO_ERROR;
  const auto script = uscript_getScript(code_point(character), &status);
  switch (script) {
    case USCRIPT_HIRAGANA:
    case USCRIPT_KATAKANA:
    case USCRIPT_BOPOMOFO:
    case USCRIPT_HANGUL: return USCRIPT_HAN;
    default: return script;
  }
}

/// Alphabets whose words have vowels.
bool has_vowels(UScriptCode script) { return script == USCRIPT_LATIN || script == USCRIPT_GREEK || script == USCRIPT_CYRILLIC; }

/// The letter without its accents, small.
char32_t base_of(char32_t character) {
  UErrorCode status = U_ZERO_ERROR;
  static const auto* const decomposed = icu::Normalizer2::getNFKDInstance(status);
  icu::UnicodeString parts;
  if (decomposed && decomposed->getDecomposition(code_point(character), parts) && !parts.isEmpty())
    character = static_cast<char32_t>(parts.char32At(0));
  return static_cast<char32_t>(u_tolower(code_point(character)));
}

bool is_vowel(char32_t character) {
  static constexpr std::u32string_view vowels = U"aeiouyæøœıəɛɔαεηιουωаеиоуыэюяіѣѵё";
  return vowels.find(base_of(character)) != std::u32string_view::npos;
}

/// What may stand between the letters of a word, a name or an address.
bool may_join(char32_t character) {
  static constexpr std::u32string_view joins = U"'’ʼ-‐‑–/._@:&+·•\u00AD\u200C\u200D";
  return u_isdigit(code_point(character)) != 0 || is_mark(character) || joins.find(character) != std::u32string_view::npos;
}

constexpr std::size_t longest_word = 40, most_alike = 3;
constexpr int most_rises = 1;  ///< from small letters to capitals

/// From its first letter to its last.
std::u32string_view core_of(const std::u32string& word) {
  const auto first = std::ranges::find_if(word, is_letter);
  if (first == word.end()) return {};
  auto last = word.end();
  while (!is_letter(*std::prev(last)) && !is_mark(*std::prev(last))) --last;
  return {&*first, static_cast<std::size_t>(last - first)};
}

/// Of letters of one script, with a vowel where its words have some, not cut by signs, not too long.
bool looks_like_a_word(std::u32string_view core) {
  bool vowel = false;
  int rises = 0;
  std::size_t alike = 1, letters = 0;
  char32_t before = 0;
  auto script = USCRIPT_COMMON;
  const bool has_no_spaces = std::ranges::any_of(core, [](char32_t character) { return script_of(character) == USCRIPT_HAN; });
  for (const auto character : core) {
    if (!is_letter(character)) {
      if (!may_join(character) && !has_no_spaces) return false;
      before = 0;
      continue;
    }
    ++letters;
    const auto here = script_of(character);
    const bool alone = here != USCRIPT_HAN && here != USCRIPT_COMMON && here != USCRIPT_INHERITED;
    if (alone && script != USCRIPT_COMMON && script != here && !has_no_spaces) return false;
    if (alone) script = here;
    vowel = vowel || is_vowel(character);
    if (before != 0 && u_islower(code_point(before)) && u_isupper(code_point(character))) ++rises;
    alike = character == before ? alike + 1 : 1;
    if (alike > most_alike && here != USCRIPT_HAN) return false;
    before = character;
  }
  if (rises > most_rises) return false;
  if (script == USCRIPT_COMMON) return true;
  return has_no_spaces || (letters <= longest_word && (vowel || !has_vowels(script)));
}

std::uint32_t mojibake_in(const std::u32string& word) {
  static constexpr std::u32string_view first = U"ÂÃâÐÑÅÄÎÏ", second = U"€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ";
  static constexpr std::u32string_view quotes = U"«»·";
  std::uint32_t pairs = 0;
  for (std::size_t n = 0; n + 1 < word.size(); ++n) {
    const auto next = word[n + 1];
    const bool continues = (next >= 0x80 && next <= 0xBF && quotes.find(next) == std::u32string_view::npos) || second.find(next) != std::u32string_view::npos;
    if (continues && first.find(word[n]) != std::u32string_view::npos) ++pairs;
  }
  return pairs;
}

}  // namespace

float TextLooks::add(const std::u32string& word) {
  const auto unknown = static_cast<std::uint32_t>(std::ranges::count_if(word, is_unknown));
  ++is_.words;
  is_.characters += static_cast<std::uint32_t>(word.size());
  is_.unknown += unknown;
  is_.mojibake += mojibake_in(word);
  add_letters(word);
  return word.empty() ? 1 : 1 - static_cast<float>(unknown) / static_cast<float>(word.size());
}

void TextLooks::add_letters(const std::u32string& word) {
  const auto core = core_of(word);
  if (core.empty()) return;
  std::uint32_t letters = 0, latin = 0, vowels = 0;
  for (const auto character : core) {
    if (!is_letter(character)) continue;
    const auto script = script_of(character);
    ++letters;
    ++by_script_[std::min<std::size_t>(static_cast<std::size_t>(std::max<int>(0, script)), std::size(by_script_) - 1)];
    if (script != USCRIPT_LATIN) continue;
    ++latin;
    if (is_vowel(character)) ++vowels;
  }
  is_.letters += letters;
  ++is_.lettered;
  const bool alphabetic = script_of(core.front()) != USCRIPT_HAN;
  if (letters == 1 && word.size() == 1 && alphabetic) ++is_.single;
  if (letters < 3 && alphabetic) return;
  ++is_.judged;
  is_.latin += latin;
  is_.vowels += vowels;
  if (looks_like_a_word(core)) ++is_.like_words;
}

void TextLooks::put_into(TextEvidence& evidence) const {
  std::vector<std::uint32_t> counts(std::begin(by_script_), std::end(by_script_));
  std::ranges::sort(counts, std::greater{});
  evidence.words = is_.words;
  evidence.characters = is_.characters;
  evidence.unknown = is_.unknown;
  evidence.letters = is_.letters;
  evidence.scattered = std::accumulate(counts.begin() + 2, counts.end(), 0U);
  evidence.latin = is_.latin;
  evidence.vowels = is_.vowels;
  evidence.lettered = is_.lettered;
  evidence.single = is_.single;
  evidence.judged = is_.judged;
  evidence.like_words = is_.like_words;
  evidence.mojibake = is_.mojibake;
}

}  // namespace pecia::page
