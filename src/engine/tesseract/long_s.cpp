#include "tesseract/long_s.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

#include "pecia/base/text.hpp"

namespace pecia::engine {
namespace {

/// A word of n such letters has 2^n spellings.
constexpr std::size_t most_letters = 5;
/// One word in a few hundred is misread so that it makes another one: two are not chance when nothing speaks against them.
constexpr int least_words = 2;
constexpr double least_evidence = 4;
/// Of all letters, those that are an f before a word's end: 1.0 to 1.5 % in English, French, German, Italian and Latin,
/// and 4 to 5 % where most s are long.
constexpr double least_share = 0.025;
constexpr std::size_t least_letters = 8;

struct DoubtfulWord : TextWord {
  std::vector<std::size_t> letters;  ///< where an f may be a long s, from the word's begin
};

/// Words with an f before their last letter; an f alone before an apostrophe ("f'il") counts as well.
std::vector<DoubtfulWord> doubtful_words(std::string_view text) {
  std::vector<DoubtfulWord> doubtful;
  for (const auto& found : words_of(text)) {
    DoubtfulWord word{found, {}};
    for (auto n = word.begin; n + 1 < word.end; ++n)
      if (text[n] == 'f') word.letters.push_back(n - word.begin);
    const auto rest = text.substr(word.begin);
    if (rest.starts_with("f'") || rest.starts_with("f\u2019")) word.letters.push_back(0);
    if (!word.letters.empty()) doubtful.push_back(std::move(word));
  }
  return doubtful;
}

enum class Verdict { f, either, s, unknown };

struct Decision {
  Verdict verdict = Verdict::unknown;
  std::vector<std::size_t> letters;  ///< of the word's doubtful ones, those that are a long s
};

Decision decide(const std::string& text, const std::vector<std::size_t>& letters, const IsWord& is_word) {
  const Decision unknown{Verdict::unknown, letters};
  if (text.size() == 1 || letters.size() > most_letters) return unknown;
  Decision found = unknown;
  bool with_f = false, with_s = false;
  for (unsigned choice = 0; choice < 1U << letters.size(); ++choice) {
    auto spelling = text;
    std::vector<std::size_t> changed;
    for (std::size_t n = 0; n < letters.size(); ++n) {
      if ((choice >> n & 1U) == 0) continue;
      spelling[letters[n]] = 's';
      changed.push_back(letters[n]);
    }
    if (!known(spelling, is_word)) continue;
    (choice == 0 ? with_f : with_s) = true;
    found.letters = std::move(changed);
  }
  if (with_f) return {with_s ? Verdict::either : Verdict::f, {}};
  if (with_s) found.verdict = Verdict::s;
  return found;
}

struct Changes {
  std::vector<TextChange> changes;
  std::string evidence;
};

Changes changes_of(const std::string& text, const IsWord& is_word) {
  Changes changes;
  int counts[4] = {};
  std::size_t doubtful = 0, letters = 0;
  for (const auto& word : words_of(text)) letters += word.end - word.begin;
  for (const auto& word : doubtful_words(text)) {
    doubtful += word.letters.size();
    const auto decision = decide(text.substr(word.begin, word.end - word.begin), word.letters, is_word);
    ++counts[static_cast<int>(decision.verdict)];
    for (const auto letter : decision.letters)
      changes.changes.push_back({static_cast<std::uint32_t>(word.begin + letter), 1, long_s});
  }
  const int with_s = counts[static_cast<int>(Verdict::s)], with_f = counts[static_cast<int>(Verdict::f)];
  const int unknown = counts[static_cast<int>(Verdict::unknown)];
  // Unknown words say little: in a language that the dictionary does not have, all are.
  const double evidence = 2.0 * with_s + std::min(0.5 * unknown, 2.0 * with_s) - 2.0 * with_f;
  const bool by_words = with_s >= least_words && evidence >= least_evidence;
  const bool by_share = with_s > 0 && doubtful >= least_letters && static_cast<double>(doubtful) >= least_share * static_cast<double>(letters);
  if (!by_words && !by_share) return {};
  changes.evidence = fmt::format("{} read as f {} a long s: {} known only with s, {} only with f, {} not known; it would be {:.1f} % of the letters",
                                 plural(changes.changes.size(), "letter"), changes.changes.size() == 1 ? "is" : "are",
                                 plural(static_cast<unsigned>(with_s), "word"), with_f, unknown, 100.0 * static_cast<double>(doubtful) / static_cast<double>(letters));
  return changes;
}

}  // namespace

result::Reading with_long_s(result::Reading reading, const IsWord& is_word) {
  if (reading.text.find(long_s) != std::string::npos) return reading;
  const auto changes = changes_of(reading.text, is_word);
  if (changes.changes.empty()) return reading;
  change_text(reading, changes.changes);
  reading.steps.push_back({"long_s", changes.evidence});
  return reading;
}

}  // namespace pecia::engine
