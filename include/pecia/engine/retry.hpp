#pragma once

#include <span>

#include "pecia/engine/engine.hpp"

namespace pecia::engine {

/// What to do with a page after an attempt failed.
struct NextAttempt {
  bool again = false;
  double scale_limits = 1;  ///< times the usual limits of time and memory
  Rung rung = Rung::normal;
  /// By the fallback engine, which reads as it always does: `rung` is `fallback`, and is only for the record.
  [[nodiscard]] bool fallback() const noexcept { return rung == Rung::fallback; }
};

/// The retry rules: the history of a page, oldest first -> next attempt, or give up. Pure.
///
/// Corrupt input: no retry. Page child timed out: once more with 4 times the limits. A child or an
/// engine worker died: up to 2 more tries each (somebody may have killed it). Engine watchdog, or out of
/// memory: once. A model that repeats itself or finds no end: the next rung of the ladder. What an engine
/// gives up for good goes to the fallback, if there is one and it was not tried; what no decoder could make a
/// page of does not. `Attempt::rung` says who tried and how.
[[nodiscard]] NextAttempt next_attempt(std::span<const result::Attempt> history, bool has_fallback = false);

}  // namespace pecia::engine
