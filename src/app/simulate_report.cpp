#include "simulate_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "pecia/base/text.hpp"
#include "pecia/report/status.hpp"

namespace pecia::app {
namespace {

using nlohmann::json;

std::string simulated_time_text(double seconds) {
  if (!std::isfinite(seconds)) return "never";
  return seconds < 120 ? fmt::format("{:.{}f} s", seconds, seconds < 10 ? 2 : 1)
                       : fmt::format("{:.0f} s ({})", seconds, report::duration_text(seconds));
}

double per(double amount, std::uint64_t number) {
  return number > 0 ? amount / static_cast<double>(number) : 0;
}

std::uint64_t unread_pages(const SimulateReport& report) {
  return report.pages - std::min(report.pages, report.result.committed);
}

std::string corpus_text(const SimulateReport& report) {
  auto text = fmt::format("{}: {} to be read, {} of work", report.what,
                          plural(report.pages, "page"), simulated_time_text(report.cost_s));
  if (report.recorded == report.pages)
    return text + fmt::format(" (by their estimates {})\n", simulated_time_text(report.estimated_s));
  if (report.recorded == 0)
    return text + " (the estimates stand for the seconds, which nobody recorded)\n";
  return text + fmt::format(" (recorded for {}; for the others estimates stand)\n",
                            plural(report.recorded, "page"));
}

std::string ranks_text(const SimulateReport& report) {
  return report.threads == 1
             ? plural(static_cast<std::uint64_t>(report.ranks), "rank")
             : fmt::format("{} x {}", plural(static_cast<std::uint64_t>(report.ranks), "rank"),
                           plural(static_cast<std::uint64_t>(report.threads), "page"));
}

std::string end_text(const SimulateReport& report) {
  const auto& result = report.result;
  if (!result.ended) return "the run did not come to an end\n";
  const auto status = static_cast<int>(result.status);
  const auto left = unread_pages(report);
  auto text = fmt::format("the run ends after {} with status {}", simulated_time_text(result.end_s), status);
  if (left > 0) text += fmt::format(", {} not read", plural(left, "page"));
  return text + "\n";
}

/// The share of the makespan in which the slots of a rank were reading.
std::string busy_text(const SimulateReport& report) {
  if (report.busy_s.empty() || !(report.result.makespan_s > 0)) return "";
  const auto [least, most] = std::ranges::minmax_element(report.busy_s);
  const double whole_s = report.result.makespan_s * report.threads;
  return fmt::format("busiest: rank {} ({:.1f} %); idlest: rank {} ({:.1f} %)\n",
                     most - report.busy_s.begin(), 100 * *most / whole_s,
                     least - report.busy_s.begin(), 100 * *least / whole_s);
}

}  // namespace

std::string simulate_text(const SimulateReport& report) {
  auto text = corpus_text(report);
  if (report.pages == 0) return text;
  const auto& result = report.result;
  const auto& did = result.progress;
  if (unread_pages(report) == 0)
    text += fmt::format(
        "{}: {}, efficiency {:.1f} % (no schedule is faster than {})\n"
        "a central queue without latency: {}\n",
        ranks_text(report), simulated_time_text(result.makespan_s), 100 * result.efficiency,
        simulated_time_text(result.bound_s), simulated_time_text(result.list_makespan_s));
  else
    text += fmt::format("{}: {} until the last page that was read\n", ranks_text(report),
                        simulated_time_text(result.makespan_s));
  text += fmt::format("{} of {}, {} of pages, {} read twice\n", plural(did.steals, "steal"),
                      plural(did.stolen_pages, "page"),
                      did.copies == 1 ? "1 copy" : fmt::format("{} copies", did.copies),
                      did.duplicates);
  text += fmt::format(
      "rank 0: {} ({:.3f} a page, {:.1f} a rank), {}; {:.2f} us of processor time a page in all ranks' schedulers\n",
      plural(did.messages, "message"), per(static_cast<double>(did.messages), report.pages),
      per(static_cast<double>(did.messages), static_cast<std::uint64_t>(report.ranks)),
      plural(did.heartbeats, "heartbeat"), per(1e6 * result.sched_cpu_s, report.pages));
  text += busy_text(report) + end_text(report);
  for (const auto& warning : result.warnings)
    text += fmt::format("warning: {}\n", printable(warning));
  for (const auto& failure : result.failures)
    text += fmt::format("failure: {}\n", printable(failure));
  return text;
}

std::string simulate_json(const SimulateReport& report) {
  const auto& result = report.result;
  const auto& did = result.progress;
  auto warnings = json::array();
  for (const auto& warning : result.warnings) warnings.push_back(to_utf8(warning));
  for (const auto& failure : result.failures) warnings.push_back(to_utf8(failure));
  const json made{
      {"simulated", to_utf8(report.what)},
      {"ranks", report.ranks},
      {"threads", report.threads},
      {"pages", report.pages},
      {"recorded_pages", report.recorded},
      {"unread_pages", unread_pages(report)},
      {"cost_s", report.cost_s},
      {"estimated_s", report.estimated_s},
      {"makespan_s", result.makespan_s},
      {"end_s", result.end_s},
      {"bound_s", result.bound_s},  // null where no rank lives long enough
      {"efficiency", unread_pages(report) == 0 ? json(result.efficiency) : json(nullptr)},
      {"list_makespan_s", result.list_makespan_s},
      {"steals", did.steals},
      {"stolen_pages", did.stolen_pages},
      {"copies", did.copies},
      {"duplicates", did.duplicates},
      {"messages", did.messages},
      {"messages_per_page", per(static_cast<double>(did.messages), report.pages)},
      {"heartbeats", did.heartbeats},
      {"cpu_s", result.cpu_s},
      {"cpu_us_per_page", per(1e6 * result.cpu_s, report.pages)},
      {"root_cpu_us_per_page", per(1e6 * result.root_cpu_s, report.pages)},
      {"sched_cpu_us_per_page", per(1e6 * result.sched_cpu_s, report.pages)},
      {"ended", result.ended},
      {"status", static_cast<int>(result.status)},
      {"warnings", warnings},
      {"peak_memory_bytes", report.peak_memory_bytes}};
  return made.dump() + "\n";
}

}  // namespace pecia::app
