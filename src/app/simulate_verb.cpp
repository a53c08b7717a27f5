#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <span>
#include <utility>

#include "agree.hpp"
#include "cores.hpp"
#include "passwords.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/synthetic.hpp"
#include "pecia/report/status.hpp"
#include "pecia/sched/simulation.hpp"
#include "pecia/store/run.hpp"
#include "schedule_settings.hpp"
#include "simulate_report.hpp"
#include "simulated_corpus.hpp"
#include "simulated_ranks.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

namespace fs = std::filesystem;
constexpr int no_end_status = 1;
constexpr std::chrono::seconds tell_progress_every{5};
/// A schedule that takes so many times what it must, and an hour on top, will never end.
constexpr double patience_factor = 1000;
constexpr double patience_s = 3600;

/// A row for each page that left an engine, in a file that is there once it is whole.
class Timeline {
 public:
  Timeline(fs::path file, const corpus::Manifest& manifest)
      : file_{std::move(file)}, manifest_{manifest} {
    if (file_.empty()) return;
    out_.open(part(), std::ios::binary | std::ios::trunc);
    if (!out_)
      throw UsageError{
          fmt::format("--timeline {}: cannot be written. Name a file in a folder that exists",
                      printable(file_.native()))};
    out_ << "rank,document,page,started_s,ended_s,read\n";
  }
  void add(const sched::TimelineEntry& entry) {
    if (!out_.is_open()) return;
    const auto& page = entry.task.page;
    out_ << fmt::format("{},{},{},{:.6f},{:.6f},{}\n", entry.rank,
                        quoted(manifest_.document(page).path), page.page, entry.started_s,
                        entry.ended_s, entry.read ? 1 : 0);
  }
  void keep() {
    if (!out_.is_open()) return;
    out_.close();
    require(out_.good(), fmt::format("'{}' could not be written to its end. Is the disk full?",
                                     part().string()));
    fs::rename(part(), file_);
  }

 private:
  [[nodiscard]] fs::path part() const { return fs::path{file_} += ".part"; }
  static std::string quoted(const std::string& path) {
    const auto text = printable(path);
    if (text.find_first_of(",\"") == std::string::npos) return text;
    std::string quoted = "\"";
    for (const char letter : text)
      quoted += letter == '"' ? std::string{"\"\""} : std::string{letter};
    return quoted + "\"";
  }

  fs::path file_;
  const corpus::Manifest& manifest_;
  std::ofstream out_;
};

/// What a person who waits is told.
class SimulationProgress {
 public:
  explicit SimulationProgress(std::uint64_t pages) : pages_{pages} {}
  void page_ended(double now_s) {
    ++ended_;
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return;
    next_ = now + tell_progress_every;
    log::info("{} of {} pages read after {} of virtual time", ended_, pages_,
              report::duration_text(now_s));
  }

 private:
  std::uint64_t pages_, ended_ = 0;
  std::chrono::steady_clock::time_point next_ = std::chrono::steady_clock::now() + tell_progress_every;
};

/// Paths that run.yaml holds may have moved with the run; the run is where it was named.
Job job_of_run(const SimulateOptions& options) {
  const auto folder = fs::absolute(options.job_or_run).lexically_normal();
  if (!fs::is_directory(store::RunPaths{folder}.manifest()) ||
      !fs::is_regular_file(store::RunPaths{folder}.job()))
    throw UsageError{
        fmt::format("{} is neither a job file nor a run directory (it has no manifest/ or no "
                    "run.yaml). Name a job file, the folder that its `run:` names, or --synthetic",
                    printable(folder.native()))};
  auto job = load_job(store::RunPaths{folder}.job(), options.overrides);
  job.run = folder;
  return job;
}

struct Asked {
  std::string what;
  Job job;
  SimulatedCorpus corpus;
};

Asked made_up(const SimulateOptions& options) {
  const auto spec = corpus::parse_synthetic(options.synthetic);
  Asked asked;
  asked.what = options.synthetic.empty() ? "a synthetic corpus"
                                         : fmt::format("synthetic corpus {}", options.synthetic);
  asked.job = job_without_corpus("replay", options.overrides);
  auto trace = corpus::make_synthetic(spec);
  if (!options.write_trace.empty()) {
    if (spec.pages == 0)
      throw UsageError{"--write-trace: a trace needs a page, and --synthetic has pages=0"};
    replace_file(options.write_trace, corpus::trace_text(trace));
  }
  asked.corpus = corpus_of_trace(asked.job, std::move(trace));
  return asked;
}

Asked find_corpus(const SimulateOptions& options) {
  if (options.made_up != options.job_or_run.empty())
    throw UsageError{
        "pecia simulate needs a job file or a run directory, or --synthetic SPEC instead of both. "
        "Try: pecia simulate --help"};
  if (options.made_up) return made_up(options);
  if (!options.write_trace.empty())
    throw UsageError{
        "--write-trace writes what --synthetic makes up. For the trace of a run: "
        "pecia report RUN --trace FILE"};
  Asked asked;
  asked.what = printable(options.job_or_run.native());
  if (fs::is_directory(options.job_or_run)) {
    asked.job = job_of_run(options);
    asked.corpus = corpus_of_run(asked.job);
  } else {
    asked.job = load_job(options.job_or_run, options.overrides);
    if (const auto warning = read_password_file(asked.job); !warning.empty()) log::warning("{}", warning);
    const stop::ScopedHandlers handlers;  // here alone: later a signal simply ends us
    asked.corpus = corpus_of_job(asked.job);
  }
  return asked;
}

double commit_every_s(const Job& job) {
  switch (job.store.sync) {
    case Sync::page:
      return 0;
    case Sync::interval:
      return job.store.sync_interval_s;
    case Sync::close:
      break;
  }
  return sched::never_s;
}

sched::SimulationSettings simulation_settings(const SimulateOptions& options, const Job& job,
                                              int threads, std::vector<sched::SimulatedRank> ranks) {
  sched::SimulationSettings settings;
  settings.schedule = schedule_settings(job, options.ranks, threads);
  settings.schedule.seed = options.seed;
  settings.ranks = std::move(ranks);
  settings.network.latency_s = options.latency_us * 1e-6;
  settings.network.bytes_per_s = options.bandwidth_gb_s * 1e9;
  settings.network.seed = options.seed;
  settings.commit_every_s = commit_every_s(job);
  return settings;
}

/// Of what this run must take at least; what no rank can do is given up, too.
double longest_s(const SimulateReport& report, const sched::SimulationSettings& settings,
                 std::span<const float> seconds) {
  const double longest_page_s =
      seconds.empty() ? 0 : static_cast<double>(*std::ranges::max_element(seconds));
  const double bound_s =
      sched::lower_bound_s(settings.ranks, report.threads, report.cost_s, longest_page_s);
  return (std::isfinite(bound_s) ? patience_factor * bound_s : 0) + patience_s;
}

SimulateReport simulate(const SimulateOptions& options) {
  const auto ranks = simulated_ranks(options);  // before what takes long
  auto [what, job, corpus] = find_corpus(options);
  SimulateReport report;
  report.what = what;
  report.ranks = options.ranks;
  report.threads = options.threads > 0 ? options.threads : std::max(1, job.engine.threads);
  report.pages = corpus.to_read.pages;
  report.recorded = corpus.recorded;
  report.estimated_s = corpus.to_read.cost_s;
  for (const float page_s : corpus.seconds) report.cost_s += static_cast<double>(page_s);
  Timeline timeline{options.timeline, corpus.manifest};
  if (report.pages > 0) {
    auto settings = simulation_settings(options, job, report.threads, ranks);
    settings.longest_s = longest_s(report, settings, corpus.seconds);
    const auto shares =
        shares_of(corpus.to_read, corpus.manifest, job, std::vector<plan::RankSpec>(ranks.size()));
    corpus.to_read.runs = {};
    SimulationProgress progress{report.pages};
    report.busy_s.resize(ranks.size());
    report.result =
        sched::simulate(shares, corpus.seconds, settings, [&](const sched::TimelineEntry& entry) {
          report.busy_s[static_cast<std::size_t>(entry.rank)] += entry.ended_s - entry.started_s;
          timeline.add(entry);
          progress.page_ended(entry.ended_s);
        });
  } else {
    report.result.ended = true;
    report.result.status = sched::ExitStatus::complete;
  }
  timeline.keep();
  report.peak_memory_bytes = peak_memory_bytes();
  return report;
}

}  // namespace

int simulate_verb(const SimulateOptions& options) {
  return alone([&] {
    const auto report = simulate(options);
    fmt::print("{}", options.json ? simulate_json(report) : simulate_text(report));
    return report.result.ended ? 0 : no_end_status;
  });
}

}  // namespace pecia::app
