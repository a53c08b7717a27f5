#include "pecia/base/stop.hpp"

#include <signal.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace pecia::stop {
namespace {

constexpr std::array signals{SIGINT, SIGTERM, SIGUSR1};
/// Launchers send the same signal several times at once; a person needs longer for a second one.
constexpr std::int64_t same_request_ns = 200'000'000;

std::atomic<Request> request{Request::none};
std::atomic<bool> orderly{false};
std::atomic<int> first_signal{0};
std::atomic<std::int64_t> first_ns{0};
static_assert(std::atomic<bool>::is_always_lock_free);
static_assert(std::atomic<Request>::is_always_lock_free);  // used in a signal handler
static_assert(std::atomic<std::int64_t>::is_always_lock_free);

std::array<struct sigaction, signals.size()> former;

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * 1'000'000'000 + now.tv_nsec;
}

void on_signal(int number) {
  if (request == Request::none) {
    first_signal = number;
    first_ns = now_ns();
    request = Request::drain;
  } else if (number != SIGUSR1 && now_ns() - first_ns > same_request_ns) {
    request = Request::now;
    if (orderly) return;
    // Whatever the program waits for (a file system that hangs, say), nothing is lost by ending here.
    signal(number, SIG_DFL);
    raise(number);  // delivered when this handler returns
  }
}

}  // namespace

ScopedHandlers::ScopedHandlers() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  sigemptyset(&action.sa_mask);
  for (std::size_t n = 0; n < signals.size(); ++n) sigaction(signals[n], &action, &former[n]);
}

ScopedHandlers::~ScopedHandlers() {
  for (std::size_t n = 0; n < signals.size(); ++n) sigaction(signals[n], &former[n], nullptr);
}

ScopedOrderlyEnd::ScopedOrderlyEnd() noexcept { orderly = true; }
ScopedOrderlyEnd::~ScopedOrderlyEnd() { orderly = false; }

Request requested() noexcept { return request; }

int signal_number() noexcept { return first_signal; }

void reset() noexcept {
  request = Request::none;
  first_signal = 0;
}

}  // namespace pecia::stop
