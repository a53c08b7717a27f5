#include "simulated_ranks.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::app {
namespace {

constexpr double least_speed = 1e-6, most_speed = 1e6;
constexpr double latest_s = 1e8;  ///< about three years

/// The words of one option, read from the left.
class Words {
 public:
  Words(std::string_view option, std::string_view text, std::string_view form)
      : option_{option}, text_{text}, rest_{text}, form_{form} {}

  [[noreturn]] void fail(std::string_view problem) const {
    throw UsageError{
        fmt::format("{} {}: {}. Expected {}", option_, printable(text_), problem, form_)};
  }
  double number(std::string_view what, double least, double most) {
    double value = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (failure != std::errc{}) fail(fmt::format("there is no {}", what));
    if (!(value >= least && value <= most))
      fail(fmt::format("the {} must be from {} to {}", what, least, most));
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  std::size_t rank(std::size_t ranks) {
    std::uint32_t value = 0;
    const auto [end, failure] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (failure != std::errc{}) fail("there is no rank");
    if (value >= ranks)
      fail(fmt::format("there is no rank {}; --ranks {} has ranks 0 to {}", value, ranks,
                       ranks - 1));
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return value;
  }
  [[nodiscard]] bool skip(char expected) {
    if (!rest_.starts_with(expected)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void need(char expected) {
    if (!skip(expected)) fail(fmt::format("'{}' is missing", expected));
  }
  void end() const {
    if (!rest_.empty()) fail(fmt::format("'{}' is too much", printable(rest_)));
  }

 private:
  std::string_view option_, text_, rest_, form_;
};

using SimulatedRanks = std::vector<sched::SimulatedRank>;

void set_speeds(const std::string& text, SimulatedRanks& ranks) {
  if (text.empty()) return;
  const auto form = fmt::format("{} speeds, one for each rank, such as 1,1,0.5", ranks.size());
  Words words{"--speeds", text, form};
  for (auto& rank : ranks) {
    if (&rank != &ranks.front()) words.need(',');
    rank.speed = words.number("speed", least_speed, most_speed);
  }
  words.end();
}

/// Log-normal with median 1; the same everywhere, which the library's own distribution is not.
void spread_speeds(double spread, std::uint32_t seed, SimulatedRanks& ranks) {
  if (spread <= 0) return;
  std::mt19937 random{seed};
  const auto uniform = [&] { return (static_cast<double>(random()) + 0.5) / 4294967296.0; };
  for (auto& rank : ranks) {
    const double radius = std::sqrt(-2 * std::log(uniform()));
    rank.speed *= std::exp(spread * radius * std::cos(2 * std::numbers::pi * uniform()));
  }
}

void slow_down(const std::vector<std::string>& options, SimulatedRanks& ranks) {
  std::vector<bool> from_start(ranks.size()), later(ranks.size());
  for (const auto& text : options) {
    Words words{"--slow", text, "RANK:SPEED or RANK:SPEED@SECONDS, such as 3:0.25@60"};
    const auto at = words.rank(ranks.size());
    words.need(':');
    const double speed = words.number("speed", least_speed, most_speed);
    std::optional<double> from_s;
    if (words.skip('@')) from_s = words.number("time in seconds", 0, latest_s);
    words.end();
    auto& named = from_s ? later : from_start;
    if (named[at])
      words.fail("this rank is slowed already (once from the start and once later is possible)");
    named[at] = true;
    auto& rank = ranks[at];
    if (from_s) {
      rank.slows_s = *from_s;
      rank.slow_speed = speed;
    } else {
      rank.speed *= speed;
    }
  }
  // A speed is a share of what the rank would have, whatever the order of the options.
  for (auto& rank : ranks) {
    if (rank.slows_s < sched::never_s) rank.slow_speed *= rank.speed;
  }
}

void stop_ranks(const std::vector<std::string>& options, SimulatedRanks& ranks) {
  for (const auto& text : options) {
    Words words{"--stop", text, "RANK@SECONDS, for good, or RANK@SECONDS-SECONDS, such as 3@60-90"};
    const auto at = words.rank(ranks.size());
    words.need('@');
    auto& rank = ranks[at];
    if (rank.stops_s < sched::never_s) words.fail("this rank stops already");
    rank.stops_s = words.number("time in seconds", 0, latest_s);
    if (words.skip('-')) {
      rank.resumes_s = words.number("end in seconds", 0, latest_s);
      if (rank.resumes_s <= rank.stops_s) words.fail("the end comes before the beginning");
    } else if (at == 0) {
      words.fail("rank 0 cannot stop for good: with it the job ends, and is started again");
    }
    words.end();
  }
}

void lose_engines(const std::vector<std::string>& options, SimulatedRanks& ranks) {
  for (const auto& text : options) {
    Words words{"--lose-engine", text, "RANK@SECONDS, such as 3@60"};
    auto& rank = ranks[words.rank(ranks.size())];
    words.need('@');
    if (rank.loses_engine_s < sched::never_s) words.fail("this rank loses its engine already");
    rank.loses_engine_s = words.number("time in seconds", 0, latest_s);
    words.end();
  }
}

}  // namespace

std::vector<sched::SimulatedRank> simulated_ranks(const SimulateOptions& options) {
  SimulatedRanks ranks(static_cast<std::size_t>(options.ranks));
  set_speeds(options.speeds, ranks);
  spread_speeds(options.speed_spread, options.seed, ranks);
  slow_down(options.slow, ranks);
  stop_ranks(options.stop, ranks);
  lose_engines(options.lose_engine, ranks);
  return ranks;
}

}  // namespace pecia::app
