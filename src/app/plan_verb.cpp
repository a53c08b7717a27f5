#include <fmt/format.h>

#include <filesystem>
#include <iterator>
#include <map>
#include <vector>

#include "agree.hpp"
#include "cores.hpp"
#include "cost_keeping.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/corpus/trace.hpp"
#include "plan_report.hpp"
#include "probing.hpp"
#include "to_read.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

namespace fs = std::filesystem;
constexpr int stopped_status = 75;

/// The documents that a run would have, in memory: nothing is written, and no lock is taken.
class PlannedCorpus {
 public:
  PlannedCorpus(const Job& job, int cores) : job_{job}, cores_{cores}, run_{job.run} {
    corpus::Manifest known;
    if (fs::is_directory(run_.manifest())) {
      known = corpus::load_manifest(run_.manifest());
      contents_.emplace(run_);
      for (const auto& problem : contents_->problems()) log::warning("{}", problem);
    }
    auto found = job.trace.empty() ? probe_new(known) : corpus::load_trace(job.trace).documents;
    if (stop::requested() != stop::Request::none)
      throw Stopped{"stopped before all documents were looked into"};
    std::map<DocumentId, corpus::Document> by_id;
    for (const auto& document : known.documents()) by_id.emplace(document.id, document);
    for (auto& document : found) {
      const auto id = document.id;
      if (job.trace.empty())
        by_id.insert_or_assign(id, std::move(document));  // as the next segment would
      else
        by_id.emplace(id, std::move(document));
    }
    std::vector<corpus::Document> documents;
    for (auto& [id, document] : by_id) documents.push_back(std::move(document));
    manifest_ = corpus::Manifest{std::move(documents)};
  }

  [[nodiscard]] const corpus::Manifest& manifest() const noexcept { return manifest_; }
  [[nodiscard]] PagesToRead pages_to_read() const {
    return find_pages_to_read(manifest_, contents_ ? &*contents_ : nullptr,
                              first_cost_model(job_, run_), job_, Priorities{job_, listing_},
                              [](const corpus::Document&, Reason, bool) { return false; });
  }

 private:
  std::vector<corpus::Document> probe_new(const corpus::Manifest& known) {
    listing_ = corpus::list_corpus(job_.corpus);
    for (const auto& warning : listing_.warnings) log::warning("{}", warning);
    std::vector<ToProbe> files;
    for (const auto n : corpus::compare(known, listing_, job_.redo_changed).to_probe) {
      const auto at = known.find(listing_.files[n].id);
      const auto revision =
          at < 0 ? 0 : known.documents()[static_cast<std::size_t>(at)].revision + 1;
      files.push_back({listing_.files[n], revision});
    }
    if (files.empty()) return {};
    log::info("looking into {} document{}", files.size(), files.size() == 1 ? "" : "s");
    const auto alone = comm::make_alone();
    return probe_on_all_ranks(*alone, job_, listing_.root, files, cores_);
  }

  const Job& job_;
  int cores_;
  store::RunPaths run_;
  std::optional<store::Contents> contents_;
  corpus::Listing listing_;
  corpus::Manifest manifest_;
};

std::optional<double> within_s(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto seconds = parse_duration_s(text);
  if (!seconds)
    throw UsageError{
        fmt::format("--within {}: expected a time such as 90m, 4h, 1d or 1h30m", printable(text))};
  return seconds;
}

/// One device a rank, whose time is what pages cost.
bool uses_gpu(const std::string& engine) { return engine.starts_with("deepseek"); }

int plan(const PlanOptions& options) {
  PlanRequest request;
  request.within_s = within_s(options.within);
  request.ranks = static_cast<std::size_t>(options.ranks);
  auto overrides = options.overrides;
  if (!options.engine.empty()) overrides.push_back("engine.name=" + options.engine);
  const auto job = load_job(options.job_file, overrides);
  const auto cores = cores_of_this_rank(*comm::make_alone());
  const bool gpu = uses_gpu(job.engine.name);
  if (!gpu)
    request.threads = static_cast<std::size_t>(job.engine.threads > 0 ? job.engine.threads : cores);

  const PlannedCorpus corpus{job, cores};
  auto report = make_plan_report(corpus.manifest(), corpus.pages_to_read(), request);
  report.job = printable(options.job_file.native());
  report.engine = job.engine.name;
  report.uses_gpu = gpu;
  fmt::print("{}", options.json ? plan_json(report) : plan_text(report));
  return 0;
}

}  // namespace

int plan_verb(const PlanOptions& options) {
  const stop::ScopedHandlers handlers;
  try {
    return plan(options);
  } catch (const Ended& ended) {
    return ended.exit_status;
  } catch (const Stopped& stopped) {
    log::info("{}", stopped.what());
    return stopped_status;
  }
}

}  // namespace pecia::app
