#include "pecia/engine/retry.hpp"

#include <algorithm>
#include <optional>

namespace pecia::engine {
namespace {

/// Tries after the first, by the reason why it failed; everything else is in the page itself, or has rules of its own.
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

bool by_fallback(const result::Attempt& attempt) { return attempt.rung == Rung::fallback; }

/// The engine has the page and cannot read it: another might.
bool is_the_engines(const result::Attempt& attempt) {
  switch (attempt.reason) {
    case Reason::engine_crashed:
    case Reason::engine_timeout:
    case Reason::engine_failed:
    case Reason::repetition:
    case Reason::no_end: return true;
    case Reason::out_of_memory: return !attempt.engine.empty();
    default: return false;
  }
}

/// The model can be asked in another way.
std::optional<Rung> next_rung(const result::Attempt& attempt) {
  const bool asks_otherwise = attempt.reason == Reason::repetition || attempt.reason == Reason::no_end;
  if (!asks_otherwise || attempt.rung >= Rung::rotated) return std::nullopt;
  return static_cast<Rung>(static_cast<std::uint8_t>(attempt.rung) + 1);
}

}  // namespace

NextAttempt next_attempt(std::span<const result::Attempt> history, bool has_fallback) {
  if (history.empty()) return {true, 1, Rung::normal};
  const auto& last = history.back();
  if (const auto rung = next_rung(last)) return {true, 1, *rung};
  // Each engine has its own tries.
  const auto same = std::ranges::count_if(history, [&](const result::Attempt& one) {
    return one.reason == last.reason && by_fallback(one) == by_fallback(last);
  });
  const bool needs_more =
      last.reason == Reason::timeout || (last.reason == Reason::out_of_memory && last.engine.empty());
  if (same <= further_tries(last.reason)) return {true, needs_more ? 4.0 : 1.0, last.rung};
  if (has_fallback && is_the_engines(last) && !by_fallback(last)) return {true, 1, Rung::fallback};
  return {false, 1, last.rung};
}

}  // namespace pecia::engine
