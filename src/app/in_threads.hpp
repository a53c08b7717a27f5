#pragma once

#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace pecia::app {

/// Runs `work` on so many threads at once and returns when all have ended; then throws what one of
/// them threw.
inline void in_threads(int threads, const std::function<void()>& work) {
  std::mutex mutex;
  std::exception_ptr failure;
  {
    std::vector<std::jthread> pool;
    for (int n = 0; n < threads; ++n) {
      pool.emplace_back([&] {
        try {
          work();
        } catch (...) {
          std::lock_guard lock{mutex};
          failure = std::current_exception();
        }
      });
    }
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace pecia::app
