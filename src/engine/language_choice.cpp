#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>

#include "pecia/engine/language_sampler.hpp"

namespace pecia::engine {
namespace {

/// What is read worse is no print in that language, and a document of which so little is made is in
/// none of them.
constexpr float least_confidence = 0.45F;
constexpr double least_worth = 0.3;

/// How good a reading in a language is: 0 to 1. Letters of languages of one script are read equally
/// well in all of them, and dictionaries know words of other languages; the commonest words tell
/// most.
double worth_of_score(const LanguageScore& score) {
  if (score.confidence < least_confidence) return 0;
  constexpr double of_confidence = 0.3, of_dictionary = 0.3, of_common = 0.4;
  constexpr double most_common = 0.2;  // of the words; in a text of its language it is more
  return of_confidence * static_cast<double>(score.confidence) +
         of_dictionary * static_cast<double>(score.known) +
         of_common * std::min(1.0, static_cast<double>(score.common) / most_common);
}

constexpr double least_letters = 60;  ///< of a document: some words say nothing of their language
/// What the usual language reads as well but for that is in the usual one.
constexpr double hardly_better = 0.03;
/// A sample is in another language than the document if that is so much better on it than the
/// document's.
constexpr double plainly_better = 0.08;

/// Of a sample: a model that finds more letters than others is not better for that.
double letters_of(const LanguageSample& sample) {
  double letters = 0;
  for (const auto& score : sample.scores)
    letters = std::max(letters, static_cast<double>(score.letters));
  return letters;
}

bool says_something(const LanguageSample& sample) {
  return std::ranges::any_of(sample.scores, [](const LanguageScore& score) {
    return score.confidence >= least_confidence;
  });
}

double worth_in(const LanguageSample& sample, const std::string& language) {
  const auto found = std::ranges::find(sample.scores, language, &LanguageScore::language);
  return found == sample.scores.end() ? 0 : worth_of_score(*found);
}

/// Of a document in `main`: the language that one of its samples is plainly in instead, or none.
std::string second_language(std::span<const LanguageSample> samples, const std::string& main) {
  for (const auto& sample : samples) {
    if (!says_something(sample) || letters_of(sample) < least_letters) continue;
    const auto other = std::ranges::max_element(sample.scores, {}, worth_of_score);
    if (worth_of_score(*other) > worth_in(sample, main) + plainly_better) return other->language;
  }
  return {};
}

}  // namespace

LanguageChoice choose_languages(std::span<const LanguageSample> samples) {
  std::map<std::string, double> worths;  // over all samples, by their letters
  double letters = 0;
  std::string usual;
  for (const auto& sample : samples) {
    if (!says_something(sample)) continue;
    usual = sample.usual;
    letters += letters_of(sample);
    for (const auto& score : sample.scores) worths[score.language] += worth_of_score(score) * score.letters;
  }
  if (letters < least_letters) return {};
  for (auto& [language, sum] : worths) sum /= letters;
  auto best = std::ranges::max_element(worths, {}, [](const auto& entry) { return entry.second; });
  if (const auto same = worths.find(usual);
      same != worths.end() && same->second + hardly_better >= best->second)
    best = same;
  if (best->second < least_worth) return {};
  LanguageChoice choice{{best->first}, {}};
  if (auto second = second_language(samples, best->first); !second.empty())
    choice.languages.push_back(std::move(second));
  std::string scores;
  for (const auto& [language, mean] : worths) scores += fmt::format(" {} {:.2f}", language, mean);
  choice.evidence = fmt::format("{} of{}", fmt::join(choice.languages, "+"), scores);
  return choice;
}

}  // namespace pecia::engine
