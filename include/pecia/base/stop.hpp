#pragma once

/// The stop flag: what signals set and the main loop polls.
namespace pecia::stop {

enum class Request {
  none,
  drain,  ///< take no new page, finish or give back those in flight, commit, exit 75
  now,    ///< asked twice: close the journal and end
};

/// INT, TERM and USR1 ask for a drain; a second INT or TERM more than 0.2 s after the first asks to
/// end now (launchers send the same signal several times at once): by that signal, at once, unless a
/// `ScopedOrderlyEnd` lives. Restores the former handlers.
class ScopedHandlers {
 public:
  ScopedHandlers();
  ~ScopedHandlers();
  ScopedHandlers(const ScopedHandlers&) = delete;
  ScopedHandlers& operator=(const ScopedHandlers&) = delete;
};

/// While it lives, who asks twice is told by `Request::now` alone: there is something to bring to an end.
class ScopedOrderlyEnd {
 public:
  ScopedOrderlyEnd() noexcept;
  ~ScopedOrderlyEnd();
  ScopedOrderlyEnd(const ScopedOrderlyEnd&) = delete;
  ScopedOrderlyEnd& operator=(const ScopedOrderlyEnd&) = delete;
};

[[nodiscard]] Request requested() noexcept;
/// The signal that asked first, 0 if none did.
[[nodiscard]] int signal_number() noexcept;
/// For tests.
void reset() noexcept;

}  // namespace pecia::stop
