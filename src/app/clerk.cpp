#include "clerk.hpp"

#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "pecia/base/log.hpp"

namespace pecia::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds status_every{5};
constexpr std::chrono::milliseconds terminal_every{500};

std::int64_t now_s() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string line_of(const report::Status& status) {
  const auto failed = status.by_state.find("failed");
  return report::progress_line(status.done, status.pages,
                               failed == status.by_state.end() ? 0 : failed->second,
                               status.pages_per_s, status.left_s);
}

}  // namespace

Clerk::Clerk(store::RunPaths run, double progress_s, report::Status first, CostKeeper* costs)
    : run_{std::move(run)},
      progress_s_{progress_s},
      terminal_{isatty(STDERR_FILENO) == 1},
      status_{std::move(first)},
      costs_{costs},
      thread_{[this] { loop(); }} {}

Clerk::~Clerk() {
  {
    std::lock_guard lock{mutex_};
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Clerk::update(const report::Status& status) {
  std::lock_guard lock{mutex_};
  status_ = status;
}

void Clerk::finished(std::vector<sched::FinishedPage> pages) {
  if (pages.empty()) return;
  std::lock_guard lock{mutex_};
  finished_.insert(finished_.end(), pages.begin(), pages.end());
}

void Clerk::loop() {
  const auto progress_every = terminal_ ? std::chrono::duration<double>{terminal_every}
                                        : std::chrono::duration<double>{progress_s_};
  auto last_progress = Clock::now();
  auto last_status = Clock::time_point{};
  std::unique_lock lock{mutex_};
  while (!ending_) {
    const auto status = status_;
    const auto finished = std::exchange(finished_, {});
    lock.unlock();
    if (costs_) costs_->take(finished, false);
    if (Clock::now() - last_status >= status_every) {
      write(status);
      last_status = Clock::now();
    }
    if (Clock::now() - last_progress >= progress_every) {
      if (terminal_)
        std::fputs(("\r\x1b[K" + line_of(status)).c_str(), stderr);
      else
        log::info("{}", line_of(status));
      last_progress = Clock::now();
    }
    lock.lock();
    changed_.wait_for(lock, terminal_every, [&] { return ending_; });
  }
  if (terminal_) std::fputs("\r\x1b[K", stderr);
  if (costs_) costs_->take(finished_, true);
  write(status_);
}

void Clerk::write(const report::Status& status) {
  auto stamped = status;
  stamped.written_s = now_s();
  try {
    // Where another job has taken the run, it says how far it is.
    if (store::is_newest(run_, status.epoch)) report::write_status(run_, stamped);
    warned_ = false;
  } catch (const std::exception& error) {
    if (!std::exchange(warned_, true)) log::warning("status.json could not be written: {}", error.what());
  }
}

}  // namespace pecia::app
