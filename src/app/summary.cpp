#include "summary.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/base/version.hpp"
#include "pecia/report/overview.hpp"

namespace pecia::app {
namespace {

constexpr std::size_t failures_listed = 20;
constexpr std::size_t warnings_kept = 20;

void log_failed_pages(const corpus::Manifest& manifest, const store::Contents& contents) {
  std::size_t listed = 0;
  for (const auto& row : contents.rows()) {
    if (row.order.state != result::State::failed) continue;
    const auto at = manifest.find(row.key.document);
    if (at < 0) continue;
    const auto& document = manifest.documents()[static_cast<std::size_t>(at)];
    if (row.key.revision != document.revision) continue;
    if (++listed > failures_listed) continue;
    log::warning("failed: {} page {}: {}: {}", printable(document.path), row.key.page,
                 name(row.reason), row.detail);
  }
  if (listed > failures_listed)
    log::warning("and {} more failed pages: `pecia export RUN --format jsonl` lists all of them",
                 listed - failures_listed);
}

std::string health_of(const sched::RankState& rank) {
  if (rank.dead) return "dead";
  if (rank.suspect) return "silent";
  return rank.benched ? "no engine" : "good";
}

void refresh_schedule(report::Status& status, const std::vector<std::string>& hosts, const sched::Scheduler& scheduler) {
  const auto& now = scheduler.progress();
  auto& schedule = status.schedule;
  schedule.steals = now.steals;
  schedule.stolen_pages = now.stolen_pages;
  schedule.copies = now.copies;
  schedule.duplicates = now.duplicates;
  schedule.messages = now.messages;
  schedule.heartbeats = now.heartbeats;
  status.per_rank.clear();
  for (const auto& rank : now.ranks)
    status.per_rank.push_back({hosts.at(status.per_rank.size()), rank.throughput, rank.load_s, rank.unstarted, rank.held, rank.done, rank.failed,
                               rank.memory_bytes, health_of(rank)});
  const auto& warnings = scheduler.warnings();
  const auto first = warnings.size() - std::min(warnings.size(), warnings_kept);
  status.warnings.assign(warnings.begin() + static_cast<std::ptrdiff_t>(first), warnings.end());
}

}  // namespace

std::string host_name() {
  char host[256] = {};
  gethostname(host, sizeof host - 1);
  return host;
}

std::string environment_text(const char* name) {
  const char* text = std::getenv(name);
  return text ? text : "";
}

std::string slurm_job() { return environment_text("SLURM_JOB_ID"); }

report::Status first_status(const comm::Communicator& comm, const RunStart& start) {
  report::Status status;
  status.state = "running";
  status.version = version();
  status.host = host_name();
  status.slurm_job = slurm_job();
  status.pid = getpid();
  status.epoch = start.epoch();
  status.ranks = comm.size();
  status.started_s = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::system_clock::now().time_since_epoch())
                         .count();
  status.documents = start.before().documents;
  status.pages = start.before().pages;
  status.by_state = start.before().by_state;
  status.by_reason = start.before().by_reason;
  status.done = status.pages - start.pages_to_read();
  return status;
}

void refresh(report::Status& status, const report::Status& first, const std::vector<std::string>& hosts,
             const sched::Scheduler& scheduler, double elapsed_s) {
  const auto& now = scheduler.progress();
  const auto jobs_good = now.done - now.failed - now.skipped;
  status.done = first.done + now.done;
  status.by_state = first.by_state;
  if (jobs_good > 0) status.by_state["ok"] += jobs_good;
  if (now.failed > 0) status.by_state["failed"] += now.failed;
  if (now.skipped > 0) status.by_state["skipped"] += now.skipped;
  status.state = scheduler.draining() ? "draining" : "running";
  status.pages_per_s = elapsed_s > 0 ? static_cast<double>(now.done) / elapsed_s : 0;
  const auto share = now.cost_total_s > 0 ? now.cost_done_s / now.cost_total_s : 0;
  status.left_s.reset();
  if (share > 0.01 && now.done >= 3) status.left_s = elapsed_s * (1 - share) / share;
  refresh_schedule(status, hosts, scheduler);
}

void summarise(const store::RunPaths& run, report::Status& status, sched::ExitStatus end,
               double elapsed_s) {
  const bool failed = end == sched::ExitStatus::error || end == sched::ExitStatus::usage;
  status.state = failed                                 ? "failed"
                 : end == sched::ExitStatus::unfinished ? "unfinished"
                                                        : "complete";
  const store::Contents contents{run};
  const auto manifest = corpus::load_manifest(run.manifest());
  const auto counts = report::count_pages(manifest, contents);
  status.done = counts.done;
  status.by_state = counts.by_state;
  status.by_reason.clear();
  status.examples.clear();
  for (const auto& why : counts.by_reason) {
    status.by_reason[why.reason] = why.pages;
    status.examples[why.reason] = why.example;
  }
  log_failed_pages(manifest, contents);
  std::string states;
  for (const auto& [state, pages] : counts.by_state) states += fmt::format(", {} {}", pages, state);
  const auto left = counts.pages - counts.done;
  log::info("{}: {} documents, {} pages{}{}{}; results in {}", status.state, counts.documents,
            counts.pages, states, left > 0 ? fmt::format(", {} left", left) : std::string{},
            elapsed_s > 0 ? fmt::format("; {:.1f} s, {:.2f} pages/s", elapsed_s, status.pages_per_s)
                          : std::string{},
            run.root.string());
  if (end == sched::ExitStatus::unfinished && left == 0)
    log::info("every page is read; run the same command again, on any number of ranks, to write corpus.h5");
  else if (end == sched::ExitStatus::unfinished)
    log::info("run the same command again to go on{}",
              status.left_s ? ": about " + report::duration_text(*status.left_s) + " left"
                            : std::string{});
}

void end_ledger(const store::RunPaths& run, store::Ledger ledger, const report::Status& last, const RankEnd& end) {
  ledger.end = last.state;
  ledger.done = last.done;
  if (!end.bound.empty()) {
    ledger.shards = end.bound;
  } else {
    ledger.shards.insert(ledger.shards.end(), end.shards.begin(), end.shards.end());
    ledger.segments.insert(ledger.segments.end(), end.segments.begin(), end.segments.end());
  }
  try {
    store::write_ledger(run, ledger);
  } catch (const std::exception& error) {
    log::warning("the ledger of this job could not be written: {}", error.what());
  }
}

}  // namespace pecia::app
