#include "pecia/export/export.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "exporter.hpp"
#include "format.hpp"
#include "out_folder.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

void check_formats(ExportSettings& settings) {
  const auto known = format_names();
  if (settings.formats.empty())
    throw UsageError{fmt::format("no format to export to. Formats: {}", fmt::join(known, ", "))};
  std::vector<std::string> once;
  for (const auto& format : settings.formats) {
    if (std::ranges::find(known, format) == known.end())
      throw UsageError{fmt::format("there is no format '{}' to export to. Formats: {}", printable(format), fmt::join(known, ", "))};
    if (std::ranges::find(once, format) == once.end()) once.push_back(format);
  }
  settings.formats = std::move(once);
  if (settings.crop && settings.formats == std::vector<std::string>{"jsonl"})
    throw UsageError{"figures stand beside the files of a document, of which jsonl has none. Add md or html to the formats"};
  require(settings.write_pdf || std::ranges::find(settings.formats, "pdf") == settings.formats.end(), "nobody was named who writes PDFs");
}

}  // namespace

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const auto& format : formats()) names.emplace_back(format.name);
  names.emplace_back("jsonl");
  names.emplace_back("pdf");
  return names;
}

bool is_asked_for(const std::vector<std::string>& globs, std::string_view path) {
  return std::ranges::any_of(globs, [&](const auto& glob) { return glob_match(glob, path) || glob_match(unprintable(glob), path); });
}

ExportReport export_run(const store::RunPaths& run, const ExportSettings& asked) {
  auto settings = asked;
  settings.jobs = std::max(1, settings.jobs);
  check_formats(settings);
  make_out_folder(settings.out, run);
  const FolderLock lock{settings.out};
  const store::Contents contents{run};
  for (const auto& problem : contents.problems())
    log::warning("{} (its pages are exported as not read; run pecia verify)", problem);
  auto report = Exporter{run, contents, settings, lock.held()}();
  if (report.pending_pages > 0)
    log::warning("{} not read yet, and named in {} place. Export again when the run is complete: what did not change is not written again",
                 report.pending_pages == 1 ? "1 page is" : fmt::format("{} pages are", report.pending_pages),
                 report.pending_pages == 1 ? "its" : "their");
  return report;
}

}  // namespace pecia::exporting
