#pragma once

#include <cstddef>
#include <cstdint>
#include <unordered_map>
#include <vector>

namespace pecia::engine::deepseek {

/// Notices, id by id, that a model will not come out of a repetition. Three signs, each so long
/// that rows of dots, empty forms and tables of numbers do not show it. `structure` ids (the cells
/// and rows of tables) say nothing of a loop: tables of short cells are mostly made of them.
///
/// 1. The same period `exact_periods` times in a row, `exact_content` ids of it no structure; or
///    `exact_tokens` of structure alone.
/// 2. Nearly the same period, as of a list that counts on ("12. The ... 13. The ...") or of a loop
///    from which the n-gram guard drives the model now and then: for a period from `near_period`
///    on, ids equal to those a period before count +1, others -`near_penalty`, never below 0, and
///    ids that only repeat the one before nothing; `near_score` is too much.
/// 3. Hardly anything new, as of a loop whose period shifts: among the last `novelty_window` ids
///    without structure at most `novelty_least` distinct 4-grams. A run of one id counts as 4 ids.
class LoopDetector {
 public:
  static constexpr std::size_t longest_period = 512;
  static constexpr int exact_periods = 4, exact_content = 160, exact_tokens = 1536;
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
  std::vector<std::int32_t> recent_;  ///< twice the longest period at most; the last is the newest
  std::vector<std::int32_t> runs_;    ///< [p - 1]: ids in a row equal to those p before
  std::vector<std::int32_t> contents_;  ///< how many of them are no structure
  std::vector<std::int32_t> scores_;    ///< [p - 1]: of sign 2
  std::vector<std::int32_t> last_;      ///< the newest ids without structure, as many as a gram has
  std::vector<std::uint64_t> grams_;    ///< ring of the hashes of the last 4-grams
  std::size_t gram_ = 0;
  std::unordered_map<std::uint64_t, int> counts_;
};

}  // namespace pecia::engine::deepseek
