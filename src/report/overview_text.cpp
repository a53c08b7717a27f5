#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "pecia/base/text.hpp"
#include "pecia/report/overview.hpp"
#include "words.hpp"

namespace pecia::report {
namespace {

using Json = nlohmann::ordered_json;
constexpr std::size_t reasons_shown = 5;

std::uint64_t pages_in(const Counts& counts, const std::string& state) {
  const auto found = counts.by_state.find(state);
  return found == counts.by_state.end() ? 0 : found->second;
}

std::string line(std::string_view what, std::uint64_t number) {
  return fmt::format("  {:<12} {:>13}\n", what, grouped(number));
}

std::string reasons_of(const Overview& now) {
  const auto& reasons = now.counts.by_reason;
  // Rank 0 hears how many pages failed, not why.
  if (now.running && !now.counts.from_files)
    return pages_in(now.counts, "failed") > 0 ? "  (reasons are counted when the job ends; its log has them now)\n" : "";
  if (reasons.empty()) return {};
  std::string text = "not read, by reason (docs/errors.md)\n";
  for (std::size_t n = 0; n < reasons.size() && n < reasons_shown; ++n)
    text += fmt::format("  {:<17} {:>8}  such as {}\n", reasons[n].reason, grouped(reasons[n].pages), reasons[n].example);
  if (reasons.size() > reasons_shown)
    text += fmt::format("  and {} more reasons: pecia export RUN --format jsonl lists every page\n",
                        reasons.size() - reasons_shown);
  return text;
}

std::string table_of(const Overview& now) {
  const auto& counts = now.counts;
  auto text = line("documents", counts.documents) + line("pages", counts.pages);
  for (const auto* state : {"ok", "ok_fallback", "blank", "skipped", "failed"}) {
    // A job that reads counts pages with text and blank ones together.
    const bool together = now.running && !counts.from_files && std::string_view{state} == "ok";
    if (const auto pages = pages_in(counts, state); pages > 0) text += line(fmt::format("  {}", together ? "read" : state), pages);
  }
  if (counts.done < counts.pages) text += line("  to read", counts.pages - counts.done);
  return text + reasons_of(now);
}

std::string slurm_line(const Overview& now) {
  if (!now.slurm) return {};
  const auto& job = *now.slurm;
  if (job.state.empty()) return fmt::format("Slurm job {}: it has ended, and Slurm has forgotten it\n", job.job);
  auto text = fmt::format("Slurm job {}: {}", job.job, job.state);
  if (!job.nodes.empty()) text += fmt::format(" on {}", job.nodes);
  if (!job.reason.empty()) text += fmt::format(" ({})", job.reason);
  if (job.restarts.value_or(0) > 0) text += fmt::format(", restarted {}", *job.restarts == 1 ? "once" : plural(*job.restarts, "time"));
  return text + "\n";
}

Json slurm_of(const Overview& now) {
  if (!now.slurm) return nullptr;
  const auto& job = *now.slurm;
  return {{"job", job.job},
          {"state", job.state.empty() ? Json(nullptr) : Json(job.state)},
          {"restarts", job.restarts ? Json(*job.restarts) : Json(nullptr)},
          {"reason", job.reason},
          {"nodes", job.nodes}};
}

}  // namespace

std::string status_text(const Overview& now) {
  const auto& counts = now.counts;
  return fmt::format("{}: {}\n{}{}\n{}{}{}{}", printable(now.run.root.native()), now.life, slurm_line(now),
                     progress_line(counts.done, counts.pages, pages_in(counts, "failed"), now.pages_per_s, now.left_s),
                     table_of(now), now.ranks, now.costs, now.problems);
}

std::string overview_json(const Overview& now) {
  const auto or_null = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  Json json;
  json["run"] = printable(std::filesystem::absolute(now.run.root).lexically_normal().native());
  json["state"] = now.state;
  json["running"] = now.running;
  json["silent_s"] = or_null(now.silent_s);
  json["lock_counter"] = or_null(now.lock_counter);
  json["documents"] = now.counts.documents;
  json["pages"] = now.counts.pages;
  json["done"] = now.counts.done;
  json["by_state"] = now.counts.by_state;
  json["by_reason"] = Json::object();
  for (const auto& why : now.counts.by_reason) json["by_reason"][why.reason] = why.pages;
  json["counted_from"] = now.counts.from_files ? "files" : "status.json";
  json["pages_per_s"] = now.pages_per_s;
  json["left_s"] = or_null(now.left_s);
  json["epoch"] = now.epoch;
  json["starts"] = now.starts;
  json["starts_without_progress"] = now.starts_without_progress;
  json["slurm_job"] = now.slurm_job;
  json["slurm"] = slurm_of(now);
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace pecia::report
