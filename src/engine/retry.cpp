#include "pecia/engine/retry.hpp"

#include <algorithm>

namespace pecia::engine {
namespace {

/// Tries after the first, by the reason why it failed; everything else is in the page itself.
int further_tries(Reason reason) {
  switch (reason) {
    case Reason::child_crashed:
    case Reason::engine_crashed: return 2;  // somebody, or the machine, may have killed it
    case Reason::timeout:
    case Reason::engine_timeout:
    case Reason::out_of_memory:
    case Reason::io_error: return 1;
    default: return 0;
  }
}

}  // namespace

NextAttempt next_attempt(std::span<const result::Attempt> history) {
  if (history.empty()) return {true, 1};
  const auto reason = history.back().reason;
  const auto same = std::ranges::count(history, reason, &result::Attempt::reason);
  const bool needs_more = reason == Reason::timeout || reason == Reason::out_of_memory;
  return {same <= further_tries(reason), needs_more ? 4.0 : 1.0};
}

}  // namespace pecia::engine
