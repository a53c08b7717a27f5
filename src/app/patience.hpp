#pragma once

#include <atomic>
#include <cmath>

#include "pecia/engine/retry.hpp"

namespace pecia::app {

/// What the pages or documents of a rank together may wait for storage: where all of an archive is gone, a run is not
/// to wait for each of them. Used by several threads.
class Patience {
 public:
  explicit Patience(double seconds) noexcept : left_s_{seconds} {}
  /// False: that much is not left, and nothing was taken.
  [[nodiscard]] bool take(double seconds) noexcept {
    auto left_s = left_s_.load();
    while (seconds <= left_s) {
      if (left_s_.compare_exchange_weak(left_s, left_s - seconds)) return true;
    }
    return false;
  }

 private:
  std::atomic<double> left_s_;
};

/// What one page may wait in all its attempts.
[[nodiscard]] inline double longest_wait_s(const engine::RetryRule& rule) noexcept {
  return rule.delay_s * (std::exp2(rule.attempts) - 1);
}

}  // namespace pecia::app
