#pragma once

#include <span>

#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// What to do with a page after an attempt failed.
struct NextAttempt {
  bool again = false;
  double scale_limits = 1;  ///< times the usual limits of time and memory
};

/// The retry rules: the history of a page, oldest first -> next attempt, or give up. Pure.
/// Corrupt input: no retry. Page child timed out: once more with 4 times the limits. A child or an
/// engine worker died: up to 2 more tries each (somebody may have killed it). Engine watchdog: once.
[[nodiscard]] NextAttempt next_attempt(std::span<const result::Attempt> history);

}  // namespace pecia::engine
