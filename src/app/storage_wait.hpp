#pragma once

#include <chrono>
#include <functional>

#include "pecia/app/job.hpp"

namespace pecia::app {

/// When to try again what the disk refused: soon, then less and less often, with a warning at first
/// and then every minute.
class StorageWait {
 public:
  using Seconds = std::chrono::duration<double>;
  StorageWait() : StorageWait{Seconds{2}, Seconds{30}} {}
  StorageWait(Seconds first, Seconds most) : first_{first}, most_{most} {}

  [[nodiscard]] bool waiting() const noexcept { return waiting_; }
  [[nodiscard]] bool due() const { return Clock::now() >= next_try_; }
  /// Whether a warning is due now.
  [[nodiscard]] bool failed();
  void worked();

 private:
  using Clock = std::chrono::steady_clock;

  Seconds first_, most_, delay_{};
  bool waiting_ = false;
  Clock::time_point began_, next_try_, next_warning_;
};

/// For rank 0 before and after pages are read: with `wait` it tries until the disk takes it or the run
/// is told to stop, and throws what failed then, as with `drain` at once.
void until_written(OnFull on_full, const std::function<void()>& act);

}  // namespace pecia::app
