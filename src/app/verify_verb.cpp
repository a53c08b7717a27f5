#include <fmt/ranges.h>

#include <cstdio>

#include "agree.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/cost_model.hpp"
#include "pecia/report/status.hpp"
#include "pecia/result/outcome.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/verify.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

constexpr int damaged = 1;
constexpr std::size_t problems_listed = 50;

std::vector<store::FileCheck> checks_of(const store::RunPaths& run) {
  const bool has_checksum = store::newest_ledger(run).has_value();
  return {{run.job(), [=](const std::string& contents) { check_run_yaml(contents, has_checksum); }},
          {run.cost_model(), [=](const std::string&) { (void)corpus::load_cost_model(run.cost_model()); }},
          {run.status(), [=](const std::string&) { (void)report::read_status(run); }}};
}

/// "1-4, 7"
std::string ranges_of(const std::vector<std::uint32_t>& pages) {
  std::string text;
  for (std::size_t n = 0; n < pages.size();) {
    auto last = n;
    while (last + 1 < pages.size() && pages[last + 1] == pages[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ", ", pages[n]);
    if (last > n) text += fmt::format("-{}", pages[last]);
    n = last + 1;
  }
  return text;
}

void print_pending(const store::VerifyReport& report) {
  fmt::print("{} without an outcome:\n", plural(report.pending, "page"));
  for (std::size_t n = 0; n < report.pending_pages.size() && n < documents_listed; ++n)
    fmt::print("  {}: {}\n", report.pending_pages[n].document, ranges_of(report.pending_pages[n].pages));
  if (report.pending_pages.size() > documents_listed)
    fmt::print("  and {} more documents\n", report.pending_pages.size() - documents_listed);
}

void print_problems(const std::vector<std::string>& problems) {
  for (std::size_t n = 0; n < problems.size() && n < problems_listed; ++n) fmt::print("damaged: {}\n", problems[n]);
  if (problems.size() > problems_listed) fmt::print("and {} more problems\n", problems.size() - problems_listed);
}

int tell(const store::VerifyReport& report, const std::filesystem::path& run) {
  fmt::print("{} pages", report.pages);
  for (std::size_t n = 0; n < std::size(report.by_state); ++n)
    fmt::print(", {} {}", report.by_state[n], name(static_cast<result::State>(n)));
  fmt::print(", {} pending\n", report.pending);
  fmt::print("{} in {} and {}\n", plural(report.records, "record"), plural(report.shards, "shard"), plural(report.segments, "journal segment"));
  if (report.superseded > 0)
    fmt::print("{} records stand behind a better one of the same page\n", report.superseded);
  for (const auto& note : report.notes) fmt::print("note: {}\n", note);
  print_problems(report.problems);
  if (!report.sound()) {
    if (report.pending > 0) print_pending(report);
    fmt::print("the run is damaged: {} problem(s). `pecia verify {} --repair` keeps what can be read and sets the rest aside; then "
               "run the job again\n",
               report.problems.size(), run.string());
    return damaged;
  }
  if (report.manifest_short) {
    fmt::print("sound and unfinished: the manifest lacks documents that the run knew; run the job again to list them\n");
    return unfinished_status;
  }
  if (report.pending > 0) {
    fmt::print("sound and unfinished: run the job again to go on\n");
    return unfinished_status;
  }
  if (!report.indexed) {
    fmt::print("sound and unfinished: corpus.h5 does not hold all outcomes yet; run the job again to write it\n");
    return unfinished_status;
  }
  const auto failed = report.by_state[static_cast<std::size_t>(result::State::failed)];
  fmt::print("sound and complete{}\n", failed > 0 ? ", with failed pages" : "");
  return failed > 0 ? some_failed_status : 0;
}

void repair(const store::RunPaths& run, const store::VerifyOptions& options, bool break_lock) {
  store::LockSettings lock;
  lock.break_lock = break_lock;
  lock.waiting = [](const std::string& message) {
    log::info("{}", message);
    return stop::requested() == stop::Request::none;
  };
  const auto report = store::repair(run, options, lock);
  for (const auto& step : report.done) fmt::print("repair: {}\n", step);
  if (report.done.empty()) fmt::print("repair: there was nothing to repair\n");
}

}  // namespace

int verify_verb(const VerifyVerbOptions& wanted) {
  const auto run = existing_run(wanted.run);
  const store::VerifyOptions options{wanted.deep, checks_of(run)};
  if (wanted.repair) {
    const stop::ScopedHandlers handlers;
    repair(run, options, wanted.break_lock);
  }
  const auto report = store::verify(run, options);
  const auto status = tell(report, run.root);
  if (wanted.repair && status == unfinished_status && report.pending > 0) print_pending(report);
  return status;
}

}  // namespace pecia::app
