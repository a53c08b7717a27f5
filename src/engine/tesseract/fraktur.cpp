#include "tesseract/fraktur.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "pecia/base/ascii.hpp"
#include "pecia/base/text.hpp"
#include "tesseract/long_s.hpp"
#include "tesseract/text_changes.hpp"

namespace pecia::engine {
namespace {

constexpr std::string_view vowels = "aeiouyAEIOUY";

/// Part of a word, or of one of its letters beyond ASCII.
bool in_word(std::string_view text, std::size_t at) {
  return at < text.size() && (is_ascii_letter(text[at]) || static_cast<unsigned char>(text[at]) >= 0x80);
}

bool ends_with_at(std::string_view text, std::size_t end, std::string_view what) {
  return text.substr(0, end).ends_with(what);
}

/// What stands for the ligature at `at`, or nothing if it is no ligature.
std::optional<std::string_view> ligature(std::string_view text, std::size_t at) {
  const bool after_letter = at > 0 && in_word(text, at - 1), before_letter = in_word(text, at + 1);
  if (text[at] == '<' && (after_letter || before_letter))
    return at + 1 < text.size() && text[at + 1] == 'h' ? "c" : "ch";
  if (text[at] == '{' && before_letter) return ends_with_at(text, at, long_s) || ends_with_at(text, at, "s") ? "ch" : "\u017Fch";
  return std::nullopt;
}

/// The models' dictionaries have these, too: they were made from texts that were misread in the same way.
bool is_commonest(std::string_view word) {
  constexpr std::array<std::string_view, 12> misread{"ih", "niht", "noh", "doh", "auh", "euh", "Ih", "Niht", "Noh", "Doh", "Auh", "Euh"};
  return std::ranges::find(misread, word) != misread.end();
}

/// Where a c is missing before an h of a word, as a byte of the text.
std::optional<std::size_t> missing_c(std::string_view text, const TextWord& word) {
  const auto spelled = text.substr(word.begin, word.end - word.begin);
  if (is_commonest(spelled)) return word.begin + spelled.find('h');
  for (const std::string_view beginning : {"sh", "Sh", "\u017Fh"})
    if (spelled.starts_with(beginning)) return word.begin + beginning.size() - 1;
  for (const std::string_view ending : {"lh", "nh", "rh"})
    if (spelled.ends_with(ending)) return word.end - 1;
  for (const std::string_view ending : {"ih", "iht"}) {
    if (!spelled.ends_with(ending)) continue;
    const auto at = spelled.size() - ending.size();
    if (at == 0 || spelled[at - 1] != 'e') return word.begin + at + 1;  // sieht, Vieh
  }
  return std::nullopt;
}

bool is_capital_i(std::string_view text, const TextWord& word) {
  return text[word.begin] == 'J' && word.end > word.begin + 1 && is_ascii_letter(text[word.begin + 1]) &&
         vowels.find(text[word.begin + 1]) == std::string_view::npos;
}

}  // namespace

bool is_fraktur(std::span<const std::string> languages) {
  // Not every language in that script: what cannot stand in German may stand in Danish or Slovak.
  constexpr std::array<std::string_view, 5> german{"frk", "Fraktur", "script/Fraktur", "deu_latf", "deu_frak"};
  const auto is_german = [&](const std::string& language) { return std::ranges::find(german, language) != german.end(); };
  const auto may_stand_beside = [&](const std::string& language) {
    return is_german(language) || language == "deu" || language == "lat";
  };
  return !languages.empty() && is_german(languages.front()) && std::ranges::all_of(languages, may_stand_beside);
}

result::Reading with_fraktur_glyphs(result::Reading reading, const IsWord& is_word) {
  std::vector<TextChange> changes, commonest;
  for (std::size_t at = 0; at < reading.text.size(); ++at) {
    if (const auto put = ligature(reading.text, at)) changes.push_back({static_cast<std::uint32_t>(at), 1, *put});
  }
  bool misreads_ch = !changes.empty();
  for (const auto& word : words_of(reading.text)) {
    const auto spelled = reading.text.substr(word.begin, word.end - word.begin);
    const bool i = is_capital_i(reading.text, word);
    const auto c = missing_c(reading.text, word);
    if (!i && !c) continue;
    const bool is_known = known(spelled, is_word);
    if (i && !is_known) changes.push_back({static_cast<std::uint32_t>(word.begin), 1, "I"});
    if (!c || (is_known && !is_commonest(spelled))) continue;
    (is_known ? commonest : changes).push_back({static_cast<std::uint32_t>(*c), 1, "ch"});
    misreads_ch = misreads_ch || !is_known;
  }
  if (misreads_ch) changes.insert(changes.end(), commonest.begin(), commonest.end());
  if (changes.empty()) return reading;
  std::ranges::sort(changes, {}, &TextChange::at);
  change_text(reading, changes);
  reading.steps.push_back({"fraktur", plural(changes.size(), "glyph") + " read as what cannot stand in German: ch, I"});
  return reading;
}

}  // namespace pecia::engine
