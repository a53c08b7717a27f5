#include "export_verb.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cstdio>

#include "cores.hpp"
#include "crops.hpp"
#include "export_progress.hpp"
#include "passwords.hpp"
#include "pdf_export.hpp"
#include "pecia/app/job.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/stop.hpp"
#include "pecia/base/text.hpp"
#include "pecia/comm/communicator.hpp"
#include "pecia/export/export.hpp"
#include "verbs.hpp"

namespace pecia::app {
namespace {

constexpr int some_have_gaps = 3, stopped = 75;

/// Texts are exported without them, too.
void read_passwords_if_there(Job& job) {
  try {
    if (const auto warning = read_password_file(job); !warning.empty()) log::warning("{}", warning);
  } catch (const UsageError& error) {
    log::warning("{}. Images and PDFs of documents that need a password from it are not written", error.what());
  }
}

merge::Kind kind_named(const std::string& name) {
  for (const auto kind : {merge::Kind::automatic, merge::Kind::text, merge::Kind::forms, merge::Kind::mixed}) {
    if (merge::name(kind) == name) return kind;
  }
  throw UsageError{fmt::format("--kind {}: a document is text, forms, mixed, or automatic (to be found out)", printable(name))};
}

merge::MergeSettings merging(const ExportVerbOptions& options) {
  const auto kept = [&](std::string_view what) { return std::ranges::find(options.keep, what) != options.keep.end(); };
  merge::MergeSettings settings;
  if (!options.kind.empty()) settings.kind = kind_named(options.kind);
  settings.join_hyphens = !kept("hyphens");
  settings.join_paragraphs = !kept("paragraphs");
  settings.join_tables = !kept("tables");
  settings.remove_running_heads = !kept("running-heads");
  settings.order_columns = !kept("columns");
  settings.dictionaries = options.dictionaries;
  return settings;
}

exporting::ExportSettings settings_of(const ExportVerbOptions& options, const store::RunPaths& run) {
  exporting::ExportSettings settings{options.formats, options.out.empty() ? run.root / "export" : options.out};
  settings.documents = options.documents;
  settings.complete_only = options.complete_only;
  settings.lines_per_document = options.per == "document";
  settings.as_read = options.no_merge;
  settings.merge = merging(options);
  settings.jobs = options.jobs > 0 ? options.jobs : cores_of_this_rank(*comm::make_alone());
  settings.force = options.force;
  settings.pdf.pdfa = options.pdfa;
  settings.pdf.linearize = options.linearize;
  settings.pdf.break_signatures = options.break_signatures;
  if (options.text_layers == "keep") settings.pdf.text_layers = exporting::PdfSettings::TextLayers::keep;
  return settings;
}

bool wants_pdf(const ExportVerbOptions& options) { return std::ranges::find(options.formats, "pdf") != options.formats.end(); }

/// The job with its rules. Texts are exported without it, too.
Job job_of(const ExportVerbOptions& options, const store::RunPaths& run) {
  const auto file = std::filesystem::is_regular_file(options.run) ? options.run : run.job();
  const bool needed = options.figures || wants_pdf(options) || file == options.run;
  if (!needed && !std::filesystem::exists(file)) return {};
  try {
    return load_job(file, {});
  } catch (const Error& error) {
    if (needed) throw;
    log::warning("{}. What rules of the job say of the kinds of documents does not count", error.what());
    return {};
  }
}

void check(const ExportVerbOptions& options) {
  if ((options.pdfa || options.linearize || options.break_signatures || options.text_layers != "replace") && !wants_pdf(options))
    throw UsageError{"--pdfa, --linearize, --break-signatures and --text-layers say how PDFs are written: add pdf to --format"};
}

/// "1.2 MB"; as file managers count.
std::string size_of(std::uint64_t bytes) {
  constexpr std::array<const char*, 5> units{"bytes", "kB", "MB", "GB", "TB"};
  auto size = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; size >= 1000 && unit + 1 < units.size(); ++unit) size /= 1000;
  return unit == 0 ? plural(bytes, "byte") : fmt::format("{:.1f} {}", size, units[unit]);
}

void print_list(const std::string& head, const std::vector<std::string>& lines) {
  if (lines.empty()) return;
  fmt::print("{}\n", head);
  for (std::size_t n = 0; n < lines.size() && n < documents_listed; ++n) fmt::print("  {}\n", lines[n]);
  if (lines.size() > documents_listed) fmt::print("  and {} more\n", lines.size() - documents_listed);
}

void print_summary(const exporting::ExportReport& report, const std::filesystem::path& out) {
  fmt::print("{}, {} in {}: {} complete, {} with gaps, {} skipped; {} unchanged since the last export\n",
             plural(report.documents, "document"), plural(report.pages, "page"), printable(out.native()), report.complete, report.with_gaps,
             report.skipped, report.unchanged);
  for (const auto& [format, count] : report.written)
    fmt::print("{}: {}, {} written\n", format, plural(count.files, "file"), size_of(count.bytes));
  if (report.images > 0)
    fmt::print("{} cut out of the documents\n", report.images == 1 ? "1 image was" : fmt::format("{} images were", report.images));
  std::vector<std::string> findings;
  for (std::size_t n = report.findings.size(); n-- > 0;) {
    if (report.findings[n] > 0) findings.push_back(plural(report.findings[n], merge::name(static_cast<merge::Severity>(n))));
  }
  if (!findings.empty())
    fmt::print("checks found {}: documents.jsonl says which (--format jsonl --per document)\n", fmt::join(findings, ", "));
  if (report.failed_pages + report.pending_pages > 0)
    print_list(fmt::format("{} failed and {} not read yet; they are named in their places, in:", plural(report.failed_pages, "page"),
                           report.pending_pages == 1 ? "1 is" : fmt::format("{} are", report.pending_pages)),
               report.incomplete);
  print_list("not written:", report.not_written);
  print_list("written, but:", report.remarks);
  print_list("no longer exported; what earlier exports wrote of them is left, and may be out of date:", report.left);
}

}  // namespace

const std::vector<std::string>& mergeable() {
  static const std::vector<std::string> names{"hyphens", "paragraphs", "tables", "running-heads", "columns"};
  return names;
}

int export_verb(const ExportVerbOptions& options) {
  check(options);
  const auto run = existing_run(options.run);
  auto settings = settings_of(options, run);
  auto job = job_of(options, run);
  if (options.kind.empty()) settings.kind_of = [&job](std::string_view path) { return kind_of(job, path); };
  corpus::Manifest manifest;
  if (options.figures || wants_pdf(options)) {
    read_passwords_if_there(job);
    manifest = corpus::load_manifest(run.manifest());
    if (options.figures) settings.crop = crop_from_documents(job, manifest);
    if (wants_pdf(options)) settings.write_pdf = pdf_writer(job, corpus::root_of(job.corpus));
  }
  ExportProgressLine progress;
  settings.progress = [&](const exporting::ExportProgress& how_far) { progress(how_far); };
  const stop::ScopedHandlers handlers;
  const auto report = exporting::export_run(run, settings);
  progress.clear();
  print_summary(report, settings.out);
  if (report.stopped) {
    fmt::print("stopped: what is written is whole; the same command goes on\n");
    return stopped;
  }
  return report.with_gaps > 0 || report.skipped > 0 || !report.not_written.empty() ? some_have_gaps : 0;
}

}  // namespace pecia::app
