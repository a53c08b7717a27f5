#include "pecia/export/export.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <memory>
#include <system_error>

#include "images.hpp"
#include "names.hpp"
#include "part_file.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "pecia/merge/document.hpp"
#include "pecia/store/contents.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

namespace fs = std::filesystem;

constexpr auto pages_file = "pages.jsonl";

/// A format with one file per document.
struct DocumentFormat {
  std::string_view name;
  std::string_view suffix;
  std::string (*write)(const merge::Document&, const ImageLinks&);
};
constexpr std::array<DocumentFormat, 2> document_formats{
    {{"md", ".md", to_markdown}, {"txt", ".txt", to_plain_text}}};

void check_formats(const std::vector<std::string>& formats) {
  const auto known = format_names();
  if (formats.empty())
    throw UsageError{fmt::format("no format to export to. Formats: {}", fmt::join(known, ", "))};
  for (const auto& format : formats) {
    if (std::ranges::find(known, format) == known.end())
      throw UsageError{fmt::format("there is no format '{}' to export to. Formats: {}",
                                   printable(format), fmt::join(known, ", "))};
  }
}

void make_folder(const fs::path& out) {
  if (out.empty()) throw UsageError{"no folder to export to. Name one: --out DIR"};
  std::error_code failure;
  fs::create_directories(out, failure);
  if (!failure && !fs::is_directory(out))
    failure = std::make_error_code(std::errc::not_a_directory);
  if (!failure && ::access(out.c_str(), W_OK | X_OK) != 0)
    failure = {errno, std::generic_category()};
  if (failure)
    throw UsageError{fmt::format(
        "{}. Choose another folder: --out DIR",
        system_error(failure.value(), "cannot write to the export folder", printable(out.native()))
            .what())};
}

/// A file that is none of the documents (a note, a checksum list): only jsonl speaks of it.
bool is_no_document(const merge::Document& document, const corpus::Manifest& manifest) {
  if (document.pages.size() != 1) return false;
  const auto& page = document.pages.front();
  if (!page.pending) return page.outcome.reason == Reason::not_a_document;
  const auto at = manifest.find(document.id);
  return at >= 0 &&
         manifest.documents()[static_cast<std::size_t>(at)].problem == Reason::not_a_document;
}

void count(const merge::Document& document, ExportReport& report) {
  std::uint64_t failed = 0, pending = 0;
  for (const auto& page : document.pages) {
    if (page.pending)
      ++pending;
    else if (page.outcome.state == result::State::failed)
      ++failed;
  }
  ++report.documents;
  report.pages += document.pages.size();
  report.failed_pages += failed;
  report.pending_pages += pending;
  if (failed + pending > 0) report.incomplete.push_back(printable(document.path));
}

void write_document(const fs::path& file, const std::string& text) {
  PartFile part{file};
  part.append(text);
  part.finish();
}

/// Writes everything once, from one snapshot of the run. `damaged`: records that could not be
/// loaded.
ExportReport export_snapshot(const store::RunPaths& run, const ExportSettings& settings,
                             std::uint64_t& damaged) {
  const auto wanted = [&](std::string_view format) {
    return std::ranges::find(settings.formats, format) != settings.formats.end();
  };
  const auto manifest = corpus::load_manifest(run.manifest());
  const store::Contents contents{run};
  for (const auto& problem : contents.problems())
    log::warning("{} (its pages are exported as not read; run pecia verify)", problem);

  std::vector<std::string> suffixes;
  for (const auto& format : document_formats) suffixes.emplace_back(format.suffix);
  suffixes.emplace_back(images_suffix);
  const auto names = export_names(manifest, suffixes, {pages_file});
  std::unique_ptr<PartFile> lines;
  if (wanted("jsonl")) lines = std::make_unique<PartFile>(settings.out / pages_file);

  ExportReport report;
  std::size_t position = 0;
  merge::for_each_document(manifest, contents, [&](const merge::Document& document) {
    const auto& name = names[position++];
    damaged +=
        static_cast<std::uint64_t>(std::ranges::count(document.pages, true, &merge::Page::damaged));
    if (lines) {
      for (const auto& page : document.pages) lines->append(to_json_line(document, page));
    }
    if (is_no_document(document, manifest)) return;
    count(document, report);
    ImageLinks images;
    if (settings.crop) images = write_images(document, settings.crop, settings.out, name);
    for (const auto& [page, links] : images)
      report.images += links.size() - static_cast<std::uint64_t>(std::ranges::count(links, std::string{}));
    for (const auto& format : document_formats) {
      if (wanted(format.name))
        write_document(settings.out / (name + std::string{format.suffix}), format.write(document, images));
    }
  });
  if (lines) lines->finish();
  return report;
}

}  // namespace

std::vector<std::string> format_names() {
  std::vector<std::string> names;
  for (const auto& format : document_formats) names.emplace_back(format.name);
  names.emplace_back("jsonl");
  return names;
}

ExportReport export_run(const store::RunPaths& run, const ExportSettings& settings) {
  check_formats(settings.formats);
  make_folder(settings.out);
  std::uint64_t damaged = 0;
  auto report = export_snapshot(run, settings, damaged);
  if (damaged == 0) return report;
  // A job that runs meanwhile turns journals into shards under our feet: a fresh look tells that
  // from damage.
  damaged = 0;
  report = export_snapshot(run, settings, damaged);
  if (damaged > 0) log::warning("{} records are damaged: run pecia verify", damaged);
  return report;
}

}  // namespace pecia::exporting
