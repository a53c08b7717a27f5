#include "holder.hpp"

#include <fmt/format.h>

#include <ctime>

namespace pecia::report {
namespace {

/// status.json is written every few seconds; a network file system may show it a minute late.
constexpr std::int64_t stale_after_s = 120;

std::string local_time(std::int64_t seconds, std::int64_t now_s) {
  const auto at = static_cast<std::time_t>(seconds);
  const auto now = static_cast<std::time_t>(now_s);
  std::tm local{}, today{};
  localtime_r(&at, &local);
  localtime_r(&now, &today);
  const bool same_day = local.tm_year == today.tm_year && local.tm_yday == today.tm_yday;
  char text[32] = {};
  std::strftime(text, sizeof text, same_day ? "%H:%M" : "%Y-%m-%d %H:%M", &local);
  return text;
}

std::string end_of(const std::optional<Status>& status, std::int64_t now_s) {
  if (!status) return "not running; no job has written its status here";
  const auto when = local_time(status->written_s, now_s);
  if (status->state == "complete") return fmt::format("not running; complete since {}", when);
  if (status->state == "unfinished")
    return fmt::format("not running; the last job stopped at {}: run it again to go on", when);
  if (status->state == "failed")
    return fmt::format("not running; the last job failed at {}{}", when,
                       status->message.empty() ? "" : ": " + status->message);
  return fmt::format(
      "not running; the last job wrote at {} and ended without a word: run it again to go on",
      when);
}

}  // namespace

Life life_of(const std::optional<store::Holder>& holder, const std::optional<Status>& status,
             std::int64_t now_s) {
  if (!holder) return {false, end_of(status, now_s), false};
  const auto who = holder->description();
  const bool current = status && status->pid == holder->pid && status->host == holder->host;
  const auto seen = store::life_here(*holder);
  if (seen == store::HolderLife::ended)
    return {false,
            fmt::format("not running; {} ended without giving the run back (killed?): run the job "
                        "again to go on",
                        who),
            false};
  if (!current) return {true, fmt::format("held by {}, which has not begun to read", who), false};
  const auto silent_s = now_s - status->written_s;
  if (silent_s > stale_after_s) {
    const auto since = local_time(status->written_s, now_s);
    if (seen == store::HolderLife::alive)
      return {
          true,
          fmt::format("running on {}, but silent since {} (is the file system slow?)", who, since),
          true};
    return {false,
            fmt::format("stale since {}: {} has not written for {}; it may be dead. Run the job "
                        "again: it finds out, and takes over if so",
                        since, who, duration_text(static_cast<double>(silent_s))),
            true, true};
  }
  return {true, fmt::format("{} on {}", is_final(*status) ? "ending" : status->state, who), true};
}

}  // namespace pecia::report
