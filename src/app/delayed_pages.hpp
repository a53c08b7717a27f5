#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "page_work.hpp"

namespace pecia::app {

/// Pages whose next attempt is to begin later; no thread waits with them. Whoever takes a page back makes it leave,
/// as anywhere, and it is dropped once it is due.
class DelayedPages {
 public:
  using Work = std::shared_ptr<PageWork>;
  using Clock = std::chrono::steady_clock;

  /// False: it is closed, and the page is the caller's still.
  [[nodiscard]] bool add(const Work& work, Clock::time_point due) {
    const std::lock_guard lock{mutex_};
    if (!closed_) pages_.emplace(due, work);
    return !closed_;
  }
  /// Those that are due, earliest first, and those that are unwanted.
  [[nodiscard]] std::vector<Work> take_due(Clock::time_point now) {
    const std::lock_guard lock{mutex_};
    auto taken = take_until(pages_.upper_bound(now));
    std::erase_if(pages_, [&](const auto& page) {
      if (page.second->unwanted) taken.push_back(page.second);
      return page.second->unwanted.load();
    });
    return taken;
  }
  /// All; from here on none is added.
  [[nodiscard]] std::vector<Work> close() {
    const std::lock_guard lock{mutex_};
    closed_ = true;
    return take_until(pages_.end());
  }

 private:
  using Pages = std::multimap<Clock::time_point, Work>;
  std::vector<Work> take_until(Pages::iterator end) {
    std::vector<Work> taken;
    for (auto page = pages_.begin(); page != end; ++page) taken.push_back(std::move(page->second));
    pages_.erase(pages_.begin(), end);
    return taken;
  }

  std::mutex mutex_;
  Pages pages_;
  bool closed_ = false;
};

}  // namespace pecia::app
