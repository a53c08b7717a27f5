#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace pecia::engine::deepseek {

/// Notices, id by id, that a model will not come out of a repetition. Three signs, each so long
/// that rows of dots, empty forms and tables of numbers do not show it; `structure` ids (the cells
/// of tables) say nothing of a loop, because tables without content are made of them alone:
///
/// 1. The same period again and again, exactly: `exact_periods` times and `exact_tokens` ids, or
///    `structure_tokens` ids where it is all structure.
/// 2. Nearly the same period, as of a list that counts on ("12. The ... 13. The ...") or of a loop
///    from which the n-gram guard drives the model now and then: for a period from `near_period`
///    on, ids equal to those a period before count +1 and others -`near_penalty`, never below 0;
///    `near_score` is too much.
/// 3. Hardly anything new: among the last `novelty_window` ids without structure at most
///    `novelty_least` distinct 4-grams, as of a loop whose period shifts.
class LoopDetector {
 public:
  static constexpr std::size_t longest_period = 512;
  static constexpr int exact_periods = 4, exact_tokens = 200, structure_tokens = 1536;
  static constexpr int near_period = 8, near_penalty = 6, near_score = 384;
  static constexpr std::size_t novelty_window = 768, novelty_least = 96;

  explicit LoopDetector(std::vector<std::int32_t> structure);
  /// True if the model repeats itself, this id included. Takes time in proportion to the longest
  /// period at most, some 0.1 us.
  [[nodiscard]] bool push(std::int32_t id);
  void clear();

 private:
  [[nodiscard]] bool exact_or_near(std::int32_t id, bool structure);
  [[nodiscard]] bool nothing_new(std::int32_t id);

  std::vector<std::int32_t> structure_;
  std::vector<std::int32_t> recent_;   ///< twice the longest period at most; the last is the newest
  std::vector<std::int32_t> runs_;     ///< [p - 1]: ids in a row equal to those p before
  std::vector<std::int32_t> scores_;   ///< [p - 1]: of sign 2
  std::size_t last_content_ = 0;       ///< ids since the last one that is no structure
  std::vector<std::int32_t> content_;  ///< ids without structure, as many as signs need
  std::vector<std::uint64_t> grams_;   ///< ring of the hashes of the last 4-grams
  std::size_t gram_ = 0;
  std::unordered_map<std::uint64_t, int> counts_;
};

}  // namespace pecia::engine::deepseek
