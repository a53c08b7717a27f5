#include "hyphens.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "characters.hpp"
#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

using Fate = HyphenVerdict::Fate;

/// How many '=' at line ends tell that a document hyphenates so, whatever its language is said to be.
constexpr std::uint32_t enough_equals_signs = 3;

bool is_fraktur(std::string_view languages) {
  return languages.find("frk") != std::string_view::npos || languages.find("rak") != std::string_view::npos ||
         languages.find("latf") != std::string_view::npos;
}

/// "Kirchen- und Schulsachen": the hyphen stands for a part of the next word but one.
bool is_conjunction(std::string_view word, std::string_view languages) {
  constexpr std::array<std::string_view, 9> words{"und", "oder", "bzw", "sowie", "vnd", "and", "or", "et", "ou"};
  return std::ranges::find(words, word) != words.end() || (word == "bis" && languages.find("fra") == std::string_view::npos);
}

/// French words that are tied to the one before ("dit-il", "soi-même"), and that are no ends of broken words, as "leur" is
/// of "couleur".
bool is_enclitic(std::string_view word, std::string_view languages) {
  constexpr std::array<std::string_view, 14> words{"il",  "elle", "ils",  "elles", "nous",  "vous",   "moi",
                                                   "toi", "lui",  "même", "mêmes", "mesme", "mesmes", "t-il"};
  return languages.find("fr") != std::string_view::npos && !is_fraktur(languages) && std::ranges::find(words, word) != words.end();
}

bool all_capitals(std::string_view word) {
  while (!word.empty()) {
    const auto next = first_character(word);
    if (is_lower(next.code)) return false;
    word.remove_prefix(next.bytes);
  }
  return true;
}

std::string_view behind_last_hyphen(std::string_view word) { return word.substr(word.find_last_of('-') + 1); }
std::string_view to_first_hyphen(std::string_view word) { return word.substr(0, std::min(word.find('-'), word.size())); }

std::string times(std::uint32_t count) { return count == 1 ? "once" : fmt::format("{} times", count); }

}  // namespace

HyphenVerdict Hyphens::judge(std::string_view line, std::string_view next, std::string_view languages) const {
  const auto hyphen = hyphen_at_end(line);
  const auto right = first_word(next);
  if (hyphen.bytes == 0 || right.empty()) return {};
  if (hyphen.behind_number)
    return is_lower(first_character(right).code) ? HyphenVerdict{Fate::kept, hyphen.bytes, "a number stands before it"} : HyphenVerdict{};
  const auto left = last_word(line.substr(0, line.size() - hyphen.bytes));
  const auto first = first_character(right).code, before = last_character(left).code;
  if (left.empty() || is_right_to_left(first) || is_right_to_left(before) || is_unspaced(before)) return {};
  const bool lower = is_lower(first), capitals = all_capitals(left) && all_capitals(right) && count_letters(left) > 1;
  if (hyphen.equals_sign && (!lower || (!is_fraktur(languages) && words_.equals_signs() < enough_equals_signs))) return {};
  if (!hyphen.certain && is_conjunction(folded(right), languages) && words_.count(fmt::format("{}{}", left, right)) == 0) return {};
  HyphenVerdict verdict;
  if (lower || capitals) {
    if (hyphen.certain)
      verdict = {Fate::dropped, 0, "the sign stands for nothing but a broken word"};
    else
      verdict = by_words(left, right, languages);
  } else if (is_upper(first)) {
    const auto joined = words_.count(fmt::format("{}{}", left, right));
    verdict = joined > 0 && hyphen.certain
                  ? HyphenVerdict{Fate::dropped, 0, fmt::format("the document has '{}{}' {}", left, right, times(joined))}
                  : HyphenVerdict{Fate::kept, 0, fmt::format("'{}' begins with a capital", right)};
  }
  verdict.bytes = verdict.fate == Fate::none ? 0 : hyphen.bytes;
  return verdict;
}

HyphenVerdict Hyphens::by_words(std::string_view left, std::string_view right, std::string_view languages) const {
  const auto joined = fmt::format("{}{}", left, right), hyphenated = fmt::format("{}-{}", left, right);
  const auto as_one = words_.count(joined), with_hyphen = words_.count(hyphenated);
  if (as_one > 0 && as_one >= with_hyphen) return {Fate::dropped, 0, fmt::format("the document has '{}' {}", joined, times(as_one))};
  if (with_hyphen > 0) return {Fate::kept, 0, fmt::format("the document has '{}' {}", hyphenated, times(with_hyphen))};
  if (is_enclitic(folded(right), languages)) return {Fate::kept, 0, fmt::format("French ties '{}' to the word before", right)};
  const auto before = behind_last_hyphen(left), behind = to_first_hyphen(right);
  if (before.size() < left.size() || behind.size() < right.size()) {  // "self-confi-dence", "mother-in-law"
    const auto part = fmt::format("{}{}", before, behind);
    if (const auto count = words_.count(part); count > 0)
      return {Fate::dropped, 0, fmt::format("the document has '{}' {}", part, times(count))};
    if (words_.count(before) > 0 && words_.count(behind) > 0)
      return {Fate::kept, 0, fmt::format("the word has a hyphen already, and the document has '{}' and '{}'", before, behind)};
  }
  return by_dictionaries(before, behind, languages);
}

HyphenVerdict Hyphens::by_dictionaries(std::string_view left, std::string_view right, std::string_view languages) const {
  const auto has = [&](std::string_view word) { return settings_.opened_dictionaries->has(settings_.dictionaries, languages, word); };
  const auto joined = fmt::format("{}{}", left, right);
  const auto known = has(joined);
  const auto neutral = fmt::format("'{}' goes on in lower case", right);
  if (!known) return {Fate::dropped, 0, neutral};
  if (*known) return {Fate::dropped, 0, fmt::format("a dictionary has '{}'", joined)};
  // Two whole words are more likely tied by the hyphen than parted by it; parts that happen to be short words are not.
  const bool whole = count_letters(left) >= 3 && count_letters(right) >= 3 && has(left).value_or(false) && has(right).value_or(false);
  if (whole) return {Fate::kept, 0, fmt::format("a dictionary has '{}' and '{}', but not '{}'", left, right, joined)};
  return {Fate::dropped, 0, neutral};
}

}  // namespace pecia::merge
