#include "pecia/report/status.hpp"

#include <fmt/format.h>

#include <cmath>

#include "words.hpp"

namespace pecia::report {

std::string grouped(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = text.size(); at > 3;) text.insert(at -= 3, 1, ',');
  return text;
}

std::string duration_text(double seconds) {
  if (!(seconds >= 0) || seconds > 1e9) return "unknown";
  const auto rounded = [](double value) { return static_cast<std::int64_t>(std::llround(value)); };
  if (const auto s = rounded(seconds); s < 60) return fmt::format("{} s", s);
  const auto minutes = rounded(seconds / 60);
  if (minutes < 60) return fmt::format("{} min", minutes);
  if (minutes < 24 * 60)
    return minutes % 60 == 0 ? fmt::format("{} h", minutes / 60)
                             : fmt::format("{} h {} min", minutes / 60, minutes % 60);
  const auto hours = rounded(seconds / 3600);
  return hours % 24 == 0 ? fmt::format("{} d", hours / 24)
                         : fmt::format("{} d {} h", hours / 24, hours % 24);
}

std::string progress_line(std::uint64_t done, std::uint64_t pages, std::uint64_t failed,
                          double pages_per_s, std::optional<double> left_s) {
  // Rounded down, so that 100 % is said only when it is so.
  const auto tenths =
      pages == 0 ? 1000 : std::floor(1000 * static_cast<double>(done) / static_cast<double>(pages));
  auto line = fmt::format("{} of {} pages ({:.1f} %)", grouped(done), grouped(pages), tenths / 10);
  if (pages_per_s > 0) line += fmt::format("  {:.2f} pages/s", pages_per_s);
  if (left_s && done < pages) line += fmt::format("  {} left", duration_text(*left_s));
  if (failed > 0) line += fmt::format("  {} failed", grouped(failed));
  return line;
}

}  // namespace pecia::report
