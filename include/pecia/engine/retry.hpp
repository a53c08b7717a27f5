#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pecia/engine/engine.hpp"

namespace pecia::engine {

/// What is different in another attempt.
enum class Change : std::uint8_t {
  nothing,
  fresh_child,    ///< the process that died is replaced
  more_time,      ///< `times` the limit of time
  less_memory,    ///< a smaller image; then also alone, where the document is decoded with `times` the limit of memory
  split,          ///< half as many pages at once as were in the engine that was lost; then alone
  next_rung,      ///< of the ladder
  other_reading,  ///< `ReadOptions::reading`; the better one is kept
  longer_wait,    ///< the delay doubles
};

/// In words, of a rule as it is where the job says nothing else; docs/errors.md has them.
[[nodiscard]] std::string_view description(Change change) noexcept;

/// What follows from one reason of failure.
struct RetryRule {
  Reason reason = Reason::none;
  int attempts = 0;    ///< after the first
  double delay_s = 0;  ///< before each of them
  double times = 1;    ///< of `more_time` and `less_memory`
  Change change = Change::nothing;
};

/// The rules of all reasons that may have another attempt; every other reason has none.
struct RetryTable {
  RetryTable();  ///< as docs/errors.md has it
  std::vector<RetryRule> rules;
  /// The rule of a reason; one without attempts if there is none.
  [[nodiscard]] const RetryRule& of(Reason reason) const noexcept;
};

/// `Attempt::engine` of a page whose own text was taken, or could not be.
constexpr std::string_view text_layer_engine = "text_layer";

/// What else counts.
struct RetryOf {
  bool has_fallback = false;
  bool low_priority = false;  ///< one attempt less, of any kind but engine_lost
};

/// What to do with a page after an attempt failed, or read it poorly.
struct NextAttempt {
  bool again = false;
  double delay_s = 0;
  double scale_limits = 1;  ///< times the usual limits of time and memory, where the document is decoded
  double time_scale = 1;    ///< times the usual limit of time, in the engine
  int smaller = 0;          ///< so often the raster's sides are halved
  bool alone = false;       ///< nothing else is to be decoded, or read, on this rank beside it
  int reading = 0;          ///< `ReadOptions::reading`
  bool by_rows = false;     ///< `ReadOptions::by_rows`, if whoever asks has seen a table
  Rung rung = Rung::normal;
  /// By the fallback engine, which reads as it always does: `rung` is `fallback`, and is only for the record.
  [[nodiscard]] bool fallback() const noexcept { return rung == Rung::fallback; }
};

/// The retry rules: the history of a page, oldest first -> next attempt, or give up. Pure.
///
/// The last attempt's reason decides whether there is another one; what the earlier ones changed stays changed. What an
/// engine gives up for good goes to the fallback, if there is one and it was not tried; what no decoder could make a
/// page of does not. `Attempt::rung` says who tried and how. Each engine has its own attempts, and so has
/// the page's own text.
[[nodiscard]] NextAttempt next_attempt(std::span<const result::Attempt> history, const RetryTable& table = {},
                                       RetryOf page = {});

/// Engines that can read a page in several ways (`ReadOptions::reading`). A model has its ladder.
[[nodiscard]] bool has_other_readings(const Description& engine) noexcept;

/// Bounds what other readings cost: their share of all seconds of reading on a rank, less where they turn out no better
/// than first ones. The first seconds are given on credit, so that a short run has its other readings, too.
class ReadingBudget {
 public:
  static constexpr double least_s = 60;  ///< as many seconds of reading are counted in any case

  /// `share`: 0 to 1; 0: there are no other readings; 1: all that are asked for.
  explicit ReadingBudget(double share) : share_{share} {}
  void count_first(double seconds) noexcept { first_s_ += seconds; }
  /// Whether another reading of about `expected_s` may begin; it counts from now on.
  [[nodiscard]] bool begin(double expected_s) noexcept;
  /// What it took in truth.
  void end(double expected_s, double seconds) noexcept { other_s_ += seconds - expected_s; }
  /// Whether it was the better one. Where half of them are, all of the share is theirs.
  void judge(bool better) noexcept {
    ++judged_;
    better_ += better ? 1 : 0;
  }

 private:
  double share_;
  double first_s_ = 0, other_s_ = 0;
  double judged_ = 0, better_ = 0;
};

}  // namespace pecia::engine
