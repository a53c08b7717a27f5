#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/engine/engine.hpp"
#include "pecia/plan/partition.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::app {

/// A page on its way through the threads of a rank; touched by the one thread that holds it, but
/// for `stage` and `unwanted`.
struct PageWork {
  /// A page leaves the pipeline once: whoever changes its stage to `left` says where to.
  enum class Stage : std::uint8_t { waiting, reading, left };

  plan::Task task;
  std::atomic<Stage> stage{Stage::waiting};
  std::atomic<bool> unwanted{false};  ///< the engine is to drop it

  /// False: somebody else did so before.
  [[nodiscard]] bool leave() noexcept { return stage.exchange(Stage::left) != Stage::left; }
  /// Takes it back if no engine has begun it.
  [[nodiscard]] bool leave_unless_reading() noexcept { return move(Stage::waiting, Stage::left); }
  [[nodiscard]] bool begin_reading() noexcept { return move(Stage::waiting, Stage::reading); }
  /// For another attempt.
  void wait_again() noexcept { (void)move(Stage::reading, Stage::waiting); }
  /// What the engine of this attempt is told: the fallback reads as it always does.
  [[nodiscard]] engine::ReadOptions asked() const {
    auto told = options;
    if (told.rung == engine::Rung::fallback) told.rung = engine::Rung::normal;
    return told;
  }
  /// Whether this attempt is the fallback's.
  [[nodiscard]] bool on_fallback() const noexcept {
    return by_rule || options.rung == engine::Rung::fallback;
  }

  std::chrono::steady_clock::time_point began;  ///< of this attempt
  std::vector<result::Attempt> attempts;        ///< that failed
  result::Reading partial = {};  ///< what the first of them that read something had of it
  bool by_rule = false;          ///< a rule gives it to the fallback
  double scale_limits = 1;
  engine::ReadOptions options;
  result::Geometry geometry;
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
/// For whoever reads a page that the engine gave up: what was tried, and what was read of it. Raw output and
/// tokens are left out, as in the journal.
[[nodiscard]] std::string history_of(const PageWork& work);
/// Goes on where `history` ends, with the fallback. Throws `Error` on what `history_of` does not make.
void go_on(PageWork& work, const std::string& history);
/// Of a document that cannot be read as a whole.
[[nodiscard]] result::PageOutcome document_outcome(const corpus::Document& document);

}  // namespace pecia::app
