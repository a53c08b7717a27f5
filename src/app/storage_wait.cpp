#include "storage_wait.hpp"

#include <algorithm>

#include "pecia/base/log.hpp"

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

}  // namespace pecia::app
