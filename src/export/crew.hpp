#pragma once

#include <atomic>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "pecia/base/queue.hpp"

namespace pecia::exporting {

/// Threads that work on tasks in any order. After the first that throws, the rest of the tasks is dropped.
template <class Task>
class Crew {
 public:
  Crew(int threads, std::function<void(Task&)> work) : work_{std::move(work)}, tasks_{static_cast<std::size_t>(threads) + 1} {
    for (int n = 0; n < threads; ++n) threads_.emplace_back([this] { run(); });
  }
  ~Crew() { tasks_.close(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// May wait until one of the tasks before is begun.
  void hand_on(Task task) { (void)tasks_.push(std::move(task)); }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// No more tasks come; waits for those that were handed on, and calls `meanwhile` now and then. Throws what a task threw.
  void finish(const std::function<void()>& meanwhile) {
    tasks_.close();
    constexpr std::chrono::milliseconds look{5};
    while (ended_ < threads_.size()) {
      meanwhile();
      std::this_thread::sleep_for(look);
    }
    threads_.clear();
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  void run() {
    constexpr std::chrono::milliseconds long_enough{1000};
    while (true) {
      auto task = tasks_.pop(long_enough);
      if (!task && tasks_.closed()) {
        task = tasks_.pop({});  // the last may have come between
        if (!task) break;
      }
      if (!task || failed_) continue;
      try {
        work_(*task);
      } catch (...) {
        const std::lock_guard lock{mutex_};
        if (!failure_) failure_ = std::current_exception();
        failed_ = true;
      }
    }
    ++ended_;
  }

  std::function<void(Task&)> work_;
  BoundedQueue<Task> tasks_;
  std::mutex mutex_;
  std::exception_ptr failure_;
  std::atomic<bool> failed_ = false;
  std::atomic<std::size_t> ended_ = 0;
  std::vector<std::jthread> threads_;
};

}  // namespace pecia::exporting
