#include <fmt/format.h>

#include "agree.hpp"
#include "cores.hpp"
#include "passwords.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/comm/communicator.hpp"
#include "plan_report.hpp"
#include "planned_corpus.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

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

/// A replayed page takes so many times its estimate.
void scale_costs(PagesToRead& pages, double scale) {
  pages.cost_s *= scale;
  for (auto& run : pages.runs) {
    for (auto& cost_s : run.cost_s) cost_s *= static_cast<float>(scale);
  }
}

int plan(const PlanOptions& options) {
  PlanRequest request;
  request.within_s = within_s(options.within);
  request.ranks = static_cast<std::size_t>(options.ranks);
  auto overrides = options.overrides;
  if (!options.engine.empty()) overrides.push_back("engine.name=" + options.engine);
  auto job = load_job(options.job_file, overrides);
  if (const auto warning = read_password_file(job); !warning.empty()) log::warning("{}", warning);
  const auto cores = cores_of_this_rank(*comm::make_alone());
  const bool gpu = uses_gpu(job.engine.name);
  if (!gpu)
    request.threads = static_cast<std::size_t>(job.engine.threads > 0 ? job.engine.threads : cores);

  const PlannedCorpus corpus{job, cores};
  auto pages = corpus.pages_to_read();
  if (job.engine.name == "replay") scale_costs(pages, job.engine.time_scale);
  auto report = make_plan_report(corpus.manifest(), pages, request);
  report.job = printable(options.job_file.native());
  report.engine = job.engine.name;
  report.uses_gpu = gpu;
  fmt::print("{}", options.json ? plan_json(report) : plan_text(report));
  return 0;
}

}  // namespace

int plan_verb(const PlanOptions& options) {
  const stop::ScopedHandlers handlers;
  return alone([&] { return plan(options); });
}

}  // namespace pecia::app
