#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace pecia::exporting {

/// Memory that documents on their way may take together, in bytes. One is always let in, however large.
class Budget {
 public:
  explicit Budget(std::uint64_t bytes) : bytes_{bytes} {}

  /// False: there was no room within `at_most`.
  bool take(std::uint64_t bytes, std::chrono::milliseconds at_most) {
    std::unique_lock lock{mutex_};
    if (!room_.wait_for(lock, at_most, [&] { return taken_ == 0 || taken_ + bytes <= bytes_; })) return false;
    taken_ += bytes;
    return true;
  }
  /// Once it is known what a document really takes.
  void change(std::uint64_t from, std::uint64_t to) {
    const std::lock_guard lock{mutex_};
    taken_ += to - from;
    room_.notify_all();
  }
  void give_back(std::uint64_t bytes) { change(bytes, 0); }

 private:
  std::mutex mutex_;
  std::condition_variable room_;
  std::uint64_t bytes_, taken_ = 0;
};

}  // namespace pecia::exporting
