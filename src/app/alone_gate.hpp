#pragma once

#include <condition_variable>
#include <mutex>

namespace pecia::app {

/// Lets many in, or one alone: it waits until the others are out, and newcomers wait for it.
class AloneGate {
 public:
  /// Inside as long as it lives.
  class Pass {
   public:
    Pass(AloneGate& gate, bool alone) : gate_{gate}, alone_{alone} { gate_.enter(alone_); }
    ~Pass() { gate_.leave(alone_); }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    AloneGate& gate_;
    bool alone_;
  };

 private:
  void enter(bool alone) {
    std::unique_lock lock{mutex_};
    if (alone) {
      ++alone_;  // those who come later are behind it
      changed_.wait(lock, [this] { return inside_ == 0; });
    } else {
      changed_.wait(lock, [this] { return alone_ == 0; });
    }
    ++inside_;
  }
  void leave(bool alone) {
    const std::lock_guard lock{mutex_};
    --inside_;
    if (alone) --alone_;
    changed_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  int inside_ = 0;
  int alone_ = 0;  ///< inside or waiting to be
};

}  // namespace pecia::app
