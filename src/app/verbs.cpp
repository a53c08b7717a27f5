#include "verbs.hpp"

#include <fmt/ranges.h>

#include <chrono>
#include <cstdio>

#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/trace.hpp"
#include "pecia/export/export.hpp"
#include "pecia/report/status.hpp"
#include "pecia/store/contents.hpp"

namespace pecia::app {
namespace {

constexpr int some_failed = 3;
constexpr std::size_t documents_listed = 20;

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
  const bool is_job = std::filesystem::is_regular_file(named);
  const auto folder = is_job ? load_job(named, {}).run : named;
  store::RunPaths run{folder};
  // Of a damaged run one of them may be gone.
  if (!std::filesystem::is_directory(run.manifest()) && !std::filesystem::is_directory(run.epochs()))
    throw UsageError{fmt::format("{} is not a run directory (it has no manifest/). Name the folder that "
                                 "`run:` in the job file names, or the job file",
                                 folder.string())};
  return run;
}

int status_verb(const std::filesystem::path& run) {
  const auto now = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::system_clock::now().time_since_epoch());
  fmt::print("{}", report::status_text(existing_run(run), now.count()));
  return 0;
}

int export_verb(const std::filesystem::path& run, const std::vector<std::string>& formats,
                const std::filesystem::path& out) {
  const auto report = exporting::export_run(existing_run(run), {formats, out});
  fmt::print("{} documents, {} pages written to {} as {}\n", report.documents, report.pages,
             out.string(), fmt::join(formats, ", "));
  if (report.failed_pages + report.pending_pages == 0) return 0;
  fmt::print("{} pages failed and {} are not read yet; they are named in their places, in:\n",
             report.failed_pages, report.pending_pages);
  for (std::size_t n = 0; n < report.incomplete.size() && n < documents_listed; ++n)
    fmt::print("  {}\n", report.incomplete[n]);
  if (report.incomplete.size() > documents_listed)
    fmt::print("  and {} more documents\n", report.incomplete.size() - documents_listed);
  return some_failed;
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
