#include "pecia/engine/reading_quality.hpp"

#include "table.hpp"

namespace pecia::engine {
namespace {

/// Tesseract's word confidence at which about half of a word's letters are wrong.
constexpr double even_chance = 0.3;
/// Another reading must be worth clearly more: segmentations that take columns for one make up to 13 % more of a page
/// whose lines they mix.
constexpr double clearly_more = 1.15, least_gain = 5;
/// Where there was no word before, a page number will do, if it is sure.
constexpr float sure = 0.8F;
/// The same words in another order are worth about the same.
constexpr double same_worth = 0.9;
/// Mean confidence of the words, below which most pages lie on their side or have their lines mixed up.
constexpr float poor_confidence = 0.55F;

}  // namespace

double worth(const result::Reading& reading) {
  double sum = 0;
  for (const auto& word : reading.words)
    sum += (word.text_end - word.text_begin) * (static_cast<double>(word.confidence) - even_chance);
  return sum;
}

const result::Reading& better_reading(const result::Reading& first, const result::Reading& second) {
  const double before = worth(first), after = worth(second);
  if (first.words.empty() && second.confidence >= sure) return second;
  if (is_table_in_columns(first) && !is_table_in_columns(second)) return after >= same_worth * before ? second : first;
  return after > clearly_more * before && after > before + least_gain ? second : first;
}

bool poor(const result::Reading& reading) { return reading.words.empty() || reading.confidence < poor_confidence; }

bool is_table_in_columns(const result::Reading& reading) { return !table_evidence(reading).empty(); }

}  // namespace pecia::engine
