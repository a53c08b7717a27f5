#include "verbs.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdio>

#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/trace.hpp"
#include "pecia/report/overview.hpp"
#include "pecia/store/contents.hpp"
#include "slurm.hpp"

namespace pecia::app {
namespace {

/// The run that a folder is, or that a job file names.
store::RunPaths named_run(const std::filesystem::path& named) {
  return {std::filesystem::is_regular_file(named) ? load_job(named, {}).run : named};
}

/// Of the pages that have an outcome.
std::vector<float> recorded_seconds(const corpus::Document& document, const store::Contents& contents) {
  std::vector<float> seconds;
  for (std::uint32_t page = 1; page <= document.pages.size(); ++page) {
    if (const auto* row = contents.find({document.id, document.revision, page})) seconds.push_back(row->seconds);
  }
  return seconds;
}

}  // namespace

store::RunPaths existing_run(const std::filesystem::path& named) {
  auto run = named_run(named);
  // Of a damaged run one of them may be gone.
  if (!std::filesystem::is_directory(run.manifest()) && !std::filesystem::is_directory(run.epochs()))
    throw UsageError{fmt::format("{} is not a run directory (it has no manifest/). Name the folder that "
                                 "`run:` in the job file names, or the job file",
                                 run.root.string())};
  return run;
}

int status_verb(const std::filesystem::path& run, bool json, bool with_slurm) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  // Of a job that waits for its first start there is no run yet.
  const auto of = std::filesystem::is_regular_file(run) ? named_run(run) : existing_run(run);
  auto overview = report::look_at(of, now.count());
  if (with_slurm) overview.slurm = ask_slurm(overview.slurm_job);
  fmt::print("{}", json ? report::overview_json(overview) : report::status_text(overview));
  return 0;
}

int report_verb(const std::filesystem::path& folder, const std::filesystem::path& file) {
  if (file.empty()) throw UsageError{"pecia report: say what to write: --trace FILE"};
  const auto run = existing_run(folder);
  const auto manifest = corpus::load_manifest(run.manifest());
  const store::Contents contents{run};
  for (const auto& problem : contents.problems()) log::warning("{}", problem);
  corpus::Trace trace;
  std::size_t pages = 0;
  for (const auto& document : manifest.documents()) {
    if (document.pages.empty()) continue;  // they could not be counted, so there is nothing to replay
    const auto seconds = recorded_seconds(document, contents);
    if (seconds.size() < document.pages.size()) {
      log::warning("{} is left out: {} of its {} pages are not read yet", printable(document.path),
                   document.pages.size() - seconds.size(), document.pages.size());
      continue;
    }
    pages += seconds.size();
    trace.documents.push_back(document);
    trace.seconds.push_back(seconds);
  }
  if (pages == 0)
    throw UsageError{fmt::format("no document of {} is read to its end, so there is no trace to write",
                                 run.root.string())};
  replace_file(file, corpus::trace_text(trace));
  fmt::print("{} pages of {} documents written to {}\n", pages, trace.documents.size(), file.string());
  return 0;
}

}  // namespace pecia::app
