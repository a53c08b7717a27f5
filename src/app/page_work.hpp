#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/engine/engine.hpp"
#include "pecia/engine/retry.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::app {

/// A page on its way through the threads of a rank; touched by the one thread that holds it, but
/// for `stage` and `unwanted`.
struct PageWork {
  /// A page leaves the pipeline once: whoever changes its stage to `left` says where to.
  enum class Stage : std::uint8_t {
    waiting,
    again,  ///< the same, after an attempt: it stays here, with what was tried
    reading,
    left
  };

  plan::Task task;
  std::atomic<Stage> stage{Stage::waiting};
  std::atomic<bool> unwanted{false};  ///< the engine is to drop it

  /// False: somebody else did so before.
  [[nodiscard]] bool leave() noexcept { return stage.exchange(Stage::left) != Stage::left; }
  /// Takes it back if it was not tried yet.
  [[nodiscard]] bool leave_unless_tried() noexcept { return move(Stage::waiting, Stage::left); }
  /// Takes it back if no engine has it.
  [[nodiscard]] bool leave_unless_reading() noexcept { return leave_unless_tried() || move(Stage::again, Stage::left); }
  [[nodiscard]] bool begin_reading() noexcept {
    return move(Stage::waiting, Stage::reading) || move(Stage::again, Stage::reading) || (best && stage == Stage::reading);
  }
  /// An attempt has failed, perhaps before an engine had it. False: somebody has taken the page back.
  [[nodiscard]] bool keep_tried() noexcept { return move(Stage::waiting, Stage::again) || stage != Stage::left; }
  /// For another attempt. A page that was read, and is to be read in another way, is kept as one that is being read.
  void wait_again() noexcept {
    if (!best) (void)move(Stage::reading, attempts.empty() ? Stage::waiting : Stage::again);
  }
  /// What the engine of this attempt is told: the fallback reads as it always does.
  [[nodiscard]] engine::ReadOptions asked() const {
    auto told = options;
    if (told.rung == engine::Rung::fallback) told.rung = engine::Rung::normal;
    return told;
  }
  /// Whether this attempt is the fallback's.
  [[nodiscard]] bool on_fallback() const noexcept {
    return !for_boxes && (by_rule || options.rung == engine::Rung::fallback);
  }

  std::chrono::steady_clock::time_point began;  ///< of this attempt
  std::optional<std::chrono::steady_clock::time_point> submitted;  ///< to an engine, in this attempt
  std::vector<result::Attempt> attempts;        ///< that failed
  result::Reading partial = {};  ///< what the first of them that read something had of it
  bool by_rule = false;          ///< a rule gives it to the fallback
  double scale_limits = 1;
  int smaller = 0;           ///< so often the raster's sides are halved
  std::uint64_t pixels = 0;  ///< of the largest raster so far
  engine::ReadOptions options;
  std::optional<result::PageOutcome> best;  ///< of its readings so far; then there is another one under way
  double expected_s = 0;                    ///< what that one was expected to take
  double read_s = 0;                        ///< of all its readings
  bool for_boxes = false;                   ///< `best` is its reading, and another one is under way for the boxes of its words
  result::Geometry geometry;
  std::optional<Step> text_layer;  ///< what was decided about the page's own text; set once, if it has any
  Steps steps_with_text;           ///< that step, and those that its document had by then
  std::optional<Step> language;    ///< of this attempt: how its document's languages were found out
  Steps steps;  ///< of this attempt, until the engine has the page
  double decode_s = 0;  ///< document to prepared image
  engine::Prepared prepared;

 private:
  bool move(Stage from, Stage to) noexcept { return stage.compare_exchange_strong(from, to); }
};

[[nodiscard]] result::Geometry geometry_of(const page::Image& image);
/// An outcome with all but state and reading.
[[nodiscard]] result::PageOutcome outcome_of(const PageWork& work,
                                             const engine::Description& engine, float seconds);
/// The last attempt decides; the earlier ones are its history. What was read of the page is kept.
[[nodiscard]] result::PageOutcome failed_outcome(const PageWork& work,
                                                 const engine::Description& engine);
/// For whoever goes on with a page: what was tried, what was read of it, and how it is asked for `next`. Raw output
/// and tokens are left out, as in the journal.
[[nodiscard]] std::string history_of(const PageWork& work, engine::Rung next = engine::Rung::fallback);
/// For the next attempt.
void prepare_for(PageWork& work, const engine::NextAttempt& next);
/// Goes on where `history` ends. Throws `Error` on what `history_of` does not make.
void go_on(PageWork& work, const std::string& history, const engine::RetryTable& retries);
/// Of a document that cannot be read as a whole.
[[nodiscard]] result::PageOutcome document_outcome(const corpus::Document& document);

}  // namespace pecia::app
