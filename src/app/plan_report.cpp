#include "plan_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "pecia/base/text.hpp"
#include "pecia/report/status.hpp"

namespace pecia::app {
namespace {

using nlohmann::json;

/// Finer than `duration_text`: a plan is made of small differences.
std::string planned_time_text(double seconds) {
  return seconds < 120 ? fmt::format("{:.{}f} s", seconds, seconds < 10 ? 1 : 0)
                       : report::duration_text(seconds);
}

std::string wall_text(const plan::WallTime& wall) {
  return fmt::format("{} ({} to {})", planned_time_text(wall.s), planned_time_text(wall.low_s),
                     planned_time_text(wall.high_s));
}

std::string kind_text(corpus::Format format, corpus::Coding coding) {
  if (format == corpus::Format::unknown && coding == corpus::Coding::unknown) return "not known";
  return fmt::format("{} {}", name(format),
                     coding == corpus::Coding::unknown ? "(coding not known)" : name(coding));
}

std::string ranks_text(const PlanReport& report, std::size_t ranks) {
  if (report.uses_gpu)
    return plural(ranks, "rank") + (ranks == 1 ? " with a GPU" : " with a GPU each");
  return fmt::format("{} x {}", plural(ranks, "rank"), plural(report.threads, "worker"));
}

std::string hours_text(const PlanReport& report) {
  return fmt::format("{:.{}f} {} hours", report.cost_s / 3600, report.cost_s < 36'000 ? 2 : 0,
                     report.uses_gpu ? "GPU" : "core");
}

std::string kinds_text(const PlanReport& report) {
  std::vector<std::pair<std::string, PlanReport::Count>> rows;
  for (const auto& [kind, count] : report.kinds)
    rows.emplace_back(kind_text(kind.first, kind.second), count);
  std::ranges::stable_sort(rows, std::greater{}, [](const auto& row) { return row.second.cost_s; });
  if (report.unreadable.pages > 0) rows.emplace_back("cannot be read", report.unreadable);
  std::string text;
  for (const auto& [what, count] : rows)
    text += fmt::format("  {:<24} {:>12} {:>12}\n", what, plural(count.pages, "page"),
                        planned_time_text(count.cost_s));
  return text;
}

std::string within_text(const PlanReport& report) {
  const auto& within = *report.within;
  const auto time = planned_time_text(within.within_s);
  if (!within.ranks)
    return fmt::format(
        "within {}: not with any number of ranks, since the longest page alone takes {}\n", time,
        planned_time_text(report.longest ? report.longest->cost_s : 0));
  return fmt::format("within {}: {} or more; it takes {}\n", time,
                     ranks_text(report, *within.ranks), wall_text(within.wall));
}

json to_json(const plan::WallTime& wall) {
  return {{"wall_s", wall.s}, {"wall_low_s", wall.low_s}, {"wall_high_s", wall.high_s}};
}

}  // namespace

PlanReport make_plan_report(const corpus::Manifest& manifest, const PagesToRead& to_read,
                            const PlanRequest& request) {
  PlanReport report;
  report.documents = manifest.documents().size();
  report.pages = to_read.pages;
  report.pages_done = manifest.pages() - to_read.pages;
  report.ranks = request.ranks;
  report.threads = request.threads;
  for (const auto& run : to_read.runs) {
    const auto& document = manifest.documents()[run.document];
    report.by_priority[static_cast<std::size_t>(run.priority)] += run.cost_s.size();
    for (std::size_t n = 0; n < run.cost_s.size(); ++n) {
      const bool readable = document.problem == Reason::none && !document.pages.empty();
      const auto coding =
          readable ? document.pages[run.first_page + n - 1].coding : corpus::Coding::unknown;
      auto& count = readable ? report.kinds[{document.format, coding}] : report.unreadable;
      ++count.pages;
      count.cost_s += static_cast<double>(run.cost_s[n]);
    }
  }
  const plan::Workload workload{to_read.runs};
  report.cost_s = workload.cost_s();
  report.wall = workload.wall_time(request.ranks * request.threads);
  if (const auto longest = workload.longest_page())
    report.longest = {printable(manifest.document(longest->page).path), longest->page.page,
                      longest->cost_s};
  if (request.within_s) {
    PlanReport::Within within;
    within.within_s = *request.within_s;
    within.ranks = workload.least_ranks(within.within_s, request.threads);
    if (within.ranks) within.wall = workload.wall_time(*within.ranks * request.threads);
    report.within = within;
  }
  return report;
}

std::string plan_text(const PlanReport& report) {
  auto text = fmt::format("{}: {}, {} to be read", report.job, plural(report.documents, "document"),
                          plural(report.pages, "page"));
  if (report.pages_done > 0) text += fmt::format(" ({} done)", report.pages_done);
  text += "\n" + kinds_text(report);
  if (report.pages == 0) return text;
  const auto urgent = report.by_priority[0], low = report.by_priority[2];
  if (urgent + low > 0)
    text += fmt::format("priorities: {} urgent, {} normal, {} low\n", urgent, report.by_priority[1],
                        low);
  text += fmt::format("cost: {} by engine {}\n", hours_text(report), report.engine);
  if (report.longest)
    text += fmt::format("longest page: {} page {}, {}\n", report.longest->path,
                        report.longest->page, planned_time_text(report.longest->cost_s));
  text += fmt::format("{}: {}; no schedule is faster than {}\n", ranks_text(report, report.ranks),
                      wall_text(report.wall), planned_time_text(report.wall.bound_s));
  if (report.within) text += within_text(report);
  return text;
}

std::string plan_json(const PlanReport& report) {
  json made{{"job", to_utf8(report.job)},
            {"engine", report.engine},
            {"documents", report.documents},
            {"pages", report.pages},
            {"pages_done", report.pages_done},
            {"cost_s", report.cost_s},
            {report.uses_gpu ? "gpu_hours" : "core_hours", report.cost_s / 3600},
            {"ranks", report.ranks},
            {"threads", report.threads},
            {"bound_s", report.wall.bound_s},
            {"pages_unreadable", report.unreadable.pages}};
  made.update(to_json(report.wall));
  auto& kinds = made["kinds"] = json::array();
  for (const auto& [kind, count] : report.kinds)
    kinds.push_back({{"format", name(kind.first)},
                     {"coding", name(kind.second)},
                     {"pages", count.pages},
                     {"cost_s", count.cost_s}});
  auto& by_priority = made["by_priority"] = json::object();
  for (std::size_t n = 0; n < report.by_priority.size(); ++n)
    by_priority[std::string{name(static_cast<corpus::Priority>(n))}] = report.by_priority[n];
  made["longest_page"] = nullptr;
  if (report.longest)
    made["longest_page"] = {{"path", report.longest->path},
                            {"page", report.longest->page},
                            {"cost_s", report.longest->cost_s}};
  made["within"] = nullptr;
  if (report.within) {
    auto within = report.within->ranks ? to_json(report.within->wall) : json::object();
    within["within_s"] = report.within->within_s;
    within["ranks"] = report.within->ranks ? json(*report.within->ranks) : json(nullptr);
    made["within"] = within;
  }
  return made.dump() + "\n";
}

}  // namespace pecia::app
