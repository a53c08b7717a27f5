#include "pecia/engine/retry.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace pecia::engine {
namespace {

/// Of limits, however many attempts a job grants: seconds stay within what clocks count.
constexpr double most_scale = 10'000;

bool by_fallback(const result::Attempt& attempt) { return attempt.rung == Rung::fallback; }

/// For the page's own text, not for its image.
bool at_text(const result::Attempt& attempt) { return attempt.engine == text_layer_engine; }

/// The engine has the page and cannot read it: another might.
bool is_the_engines(const result::Attempt& attempt) {
  switch (attempt.reason) {
    case Reason::engine_crashed:
    case Reason::engine_lost:
    case Reason::engine_timeout:
    case Reason::engine_failed:
    case Reason::repetition:
    case Reason::no_end: return true;
    case Reason::out_of_memory: return !attempt.engine.empty();
    default: return false;
  }
}

/// Whether `earlier` counts against the rule of `last`. A page that was with others in an engine that died or hung, and
/// then does so to one alone, was to blame before.
bool counts_for(Reason earlier, Reason last) {
  if (earlier == last) return true;
  if (earlier == Reason::engine_lost) return last == Reason::engine_crashed || last == Reason::engine_timeout;
  return earlier == Reason::engine_crashed && last == Reason::engine_lost;
}

/// Attempts that count against the same rule as `last`.
int same_as(const result::Attempt& last, std::span<const result::Attempt> history) {
  const auto same = std::ranges::count_if(history, [&](const result::Attempt& one) {
    return counts_for(one.reason, last.reason) && by_fallback(one) == by_fallback(last) && at_text(one) == at_text(last);
  });
  return static_cast<int>(same);
}

struct Counts {
  int decoding_timeouts = 0, engine_timeouts = 0, out_of_memory = 0, poor = 0;
};

Counts count(std::span<const result::Attempt> history, bool fallback) {
  Counts counts;
  for (const auto& one : history) {
    counts.decoding_timeouts += one.reason == Reason::timeout;
    // What a device had too little of says nothing of the other engine's memory.
    counts.out_of_memory +=
        one.reason == Reason::out_of_memory && (one.engine.empty() || by_fallback(one) == fallback);
    counts.engine_timeouts += one.reason == Reason::engine_timeout && by_fallback(one) == fallback;
    counts.poor += one.reason == Reason::low_confidence && by_fallback(one) == fallback;
  }
  return counts;
}

/// Whether the last attempt's reason grants another one by the same engine.
bool is_granted(const result::Attempt& last, std::span<const result::Attempt> history, int attempts) {
  if (last.reason == Reason::repetition || last.reason == Reason::no_end)
    return static_cast<int>(last.rung) < std::min(attempts, static_cast<int>(Rung::rotated));
  return same_as(last, history) <= attempts;
}

/// What earlier attempts changed stays changed.
void change(NextAttempt& next, std::span<const result::Attempt> history, const RetryTable& table) {
  const auto counts = count(history, next.fallback());
  const auto& memory = table.of(Reason::out_of_memory);
  next.scale_limits = std::min(most_scale, std::pow(table.of(Reason::timeout).times, counts.decoding_timeouts));
  next.time_scale = std::min(most_scale, std::pow(table.of(Reason::engine_timeout).times, counts.engine_timeouts));
  next.reading = counts.poor;
  if (counts.out_of_memory > 0) next.smaller = std::max(1, counts.out_of_memory - 1);
  if (counts.out_of_memory > 1) {
    next.alone = true;
    next.scale_limits = std::max(next.scale_limits, memory.times);
  }
}

}  // namespace

std::string_view description(Change change) noexcept {
  switch (change) {
    case Change::nothing: return "nothing";
    case Change::fresh_child: return "a fresh process";
    case Change::more_time: return "more time (`times`, 2 by default)";
    case Change::less_memory: return "half the resolution; then also alone, with more memory (`times`, 2 by default)";
    case Change::split: return "a new engine, half as many pages at once; then alone";
    case Change::next_rung: return "the next rung of the ladder";
    case Change::other_reading: return "another way of reading; the better one is kept";
    case Change::longer_wait: return "the delay doubles each time";
  }
  return "";
}

RetryTable::RetryTable()
    : rules{
          {Reason::unreadable, 0, 0, 1, Change::nothing},
          {Reason::child_crashed, 1, 0, 1, Change::fresh_child},
          {Reason::timeout, 1, 0, 2, Change::more_time},
          {Reason::out_of_memory, 2, 0, 2, Change::less_memory},
          {Reason::io_error, 5, 2, 1, Change::longer_wait},
          {Reason::engine_crashed, 1, 0, 1, Change::fresh_child},
          {Reason::engine_lost, 2, 0, 1, Change::split},
          {Reason::engine_timeout, 1, 0, 2, Change::more_time},
          {Reason::repetition, 3, 0, 1, Change::next_rung},
          {Reason::no_end, 3, 0, 1, Change::next_rung},
          {Reason::low_confidence, 1, 0, 1, Change::other_reading},
      } {}

const RetryRule& RetryTable::of(Reason reason) const noexcept {
  static const RetryRule none;
  const auto found = std::ranges::find(rules, reason, &RetryRule::reason);
  return found == rules.end() ? none : *found;
}

NextAttempt next_attempt(std::span<const result::Attempt> history, const RetryTable& table, RetryOf page) {
  NextAttempt next;
  next.again = history.empty();
  if (history.empty()) return next;
  const auto& last = history.back();
  const auto& rule = table.of(last.reason);
  next.rung = last.rung;
  // What may be the fault of another page costs none its attempts.
  const bool one_less = page.low_priority && last.reason != Reason::engine_lost;
  next.again = is_granted(last, history, rule.attempts - (one_less ? 1 : 0));
  if (next.again) {
    const int before = same_as(last, history) - 1;
    next.delay_s = rule.delay_s * (rule.change == Change::longer_wait ? std::exp2(before) : 1);
    if (rule.change == Change::next_rung) next.rung = static_cast<Rung>(static_cast<std::uint8_t>(last.rung) + 1);
  } else if (page.has_fallback && is_the_engines(last) && !by_fallback(last)) {
    next.again = true;
    next.rung = Rung::fallback;
  }
  change(next, history, table);
  return next;
}

bool has_other_readings(const Description& engine) noexcept { return engine.name == "tesseract"; }

bool ReadingBudget::begin(double expected_s) noexcept {
  if (share_ <= 0) return false;
  const double all_s = first_s_ + other_s_ + expected_s;
  const double of_use = share_ < 1 ? std::min(1.0, 2 * (better_ + 1) / (judged_ + 2)) : 1;
  if (other_s_ + expected_s > share_ * of_use * std::max(all_s, least_s)) return false;
  other_s_ += expected_s;
  return true;
}

}  // namespace pecia::engine
