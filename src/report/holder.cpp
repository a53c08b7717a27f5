#include "holder.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <charconv>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"

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

std::string file_or_nothing(const std::filesystem::path& file) {
  try {
    return read_file(file);
  } catch (const Error&) {
    return {};
  }
}

/// Containers share a boot id, not process ids.
bool is_this_host(const store::Holder& holder) {
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  if (holder.host != host) return false;
  auto id = file_or_nothing("/proc/sys/kernel/random/boot_id");
  while (id.ends_with('\n')) id.pop_back();
  return !id.empty() && id == holder.boot_id;
}

/// Its start time is field 22 of the stat file, after the name in parentheses (which may hold any).
bool lives_here(const store::Holder& holder) {
  const auto stat = file_or_nothing(fmt::format("/proc/{}/stat", holder.pid));
  auto at = stat.rfind(')');
  for (int field = 2; field < 22 && at != std::string::npos; ++field) at = stat.find(' ', at + 1);
  if (at == std::string::npos) return false;
  std::uint64_t start = 0;
  std::from_chars(stat.data() + at + 1, stat.data() + stat.size(), start);
  return start == holder.pid_start;
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
  const bool here = is_this_host(*holder);
  if (here && !lives_here(*holder))
    return {false,
            fmt::format("not running; {} ended without giving the run back (killed?): run the job "
                        "again to go on",
                        who),
            false};
  if (!current) return {true, fmt::format("held by {}, which has not begun to read", who), false};
  const auto silent_s = now_s - status->written_s;
  if (silent_s > stale_after_s) {
    const auto since = local_time(status->written_s, now_s);
    if (here)
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
