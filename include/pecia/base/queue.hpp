#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

namespace pecia {

/// First in, first out, between threads; bounded by the sum of the items' weights (bytes, or 1).
/// One item is always let in, however heavy, so that a page larger than the bound still passes.
template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t max_weight) : max_weight_{max_weight} {}

  /// Waits for room. False, and `item` is dropped, if the queue is or gets closed.
  bool push(T item, std::size_t weight = 1) {
    std::unique_lock lock{mutex_};
    room_.wait(lock, [&] { return closed_ || items_.empty() || weight_ + weight <= max_weight_; });
    if (closed_) return false;
    weight_ += weight;
    items_.emplace_back(std::move(item), weight);
    filled_.notify_one();
    return true;
  }

  /// The next item; nothing after `max_wait`, or once closed and empty.
  std::optional<T> pop(std::chrono::milliseconds max_wait) {
    std::unique_lock lock{mutex_};
    filled_.wait_for(lock, max_wait, [&] { return closed_ || !items_.empty(); });
    if (items_.empty()) return std::nullopt;
    auto [item, weight] = std::move(items_.front());
    items_.pop_front();
    weight_ -= weight;
    room_.notify_all();
    return std::move(item);
  }

  /// No more pushes; what is in can still be popped.
  void close() {
    std::lock_guard lock{mutex_};
    closed_ = true;
    room_.notify_all();
    filled_.notify_all();
  }

  [[nodiscard]] bool closed() const {
    std::lock_guard lock{mutex_};
    return closed_;
  }
  [[nodiscard]] std::size_t size() const {
    std::lock_guard lock{mutex_};
    return items_.size();
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable room_, filled_;
  std::deque<std::pair<T, std::size_t>> items_;
  std::size_t weight_ = 0;
  std::size_t max_weight_;
  bool closed_ = false;
};

}  // namespace pecia
