#include "storage_wait.hpp"

#include <algorithm>
#include <thread>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"

namespace pecia::app {
namespace {

constexpr std::chrono::seconds warn_every{60};
constexpr double slower_by = 1.5;

}  // namespace

bool StorageWait::failed() {
  const auto now = Clock::now();
  const bool warn = !waiting_ || now >= next_warning_;
  if (warn) next_warning_ = now + warn_every;
  delay_ = waiting_ ? std::min(most_, slower_by * delay_) : first_;
  if (!waiting_) began_ = now;
  waiting_ = true;
  next_try_ = now + std::chrono::duration_cast<Clock::duration>(delay_);
  return warn;
}

void StorageWait::worked() {
  if (!waiting_) return;
  waiting_ = false;
  log::info("the disk takes what is written again, after {:.0f} s", Seconds{Clock::now() - began_}.count());
}

void until_written(OnFull on_full, const std::function<void()>& act) {
  StorageWait wait;
  const auto stopping = [] { return stop::requested() != stop::Request::none; };
  while (true) {
    try {
      act();
      wait.worked();
      return;
    } catch (const StorageError& error) {
      if (on_full != OnFull::wait || stopping()) throw;
      if (wait.failed()) log::warning("{}. It is tried again until it can be written (store.on_full: wait)", error.what());
    }
    while (!wait.due() && !stopping()) std::this_thread::sleep_for(std::chrono::milliseconds{50});
  }
}

}  // namespace pecia::app
