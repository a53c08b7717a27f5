#include "document_writer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <set>
#include <string_view>

#include "format.hpp"
#include "images.hpp"
#include "out_folder.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/merge/cleaned.hpp"
#include "pecia/merge/outline.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

namespace fs = std::filesystem;

constexpr auto figures_format = "figures", pdf_format = "pdf";

merge::Book bound(const merge::Document& document, const corpus::Document& known, const ExportSettings& settings) {
  auto merging = settings.merge;
  if (settings.kind_of) merging.kind = settings.kind_of(document.path);
  if (settings.as_read) {
    merging.join_hyphens = merging.join_paragraphs = merging.join_tables = false;
    merging.remove_running_heads = merging.order_columns = merging.repair = false;
  }
  return merge::bind(document, merging, merge::outline_of(known));
}

/// A name that the file system of the export cannot hold.
bool is_about_the_name(const StorageError& error) {
  return error.error_number() == ENAMETOOLONG || error.error_number() == EILSEQ || error.error_number() == EINVAL;
}

std::uint64_t bytes_of(const fs::path& out, const std::vector<std::string>& files) {
  std::uint64_t bytes = 0;
  for (const auto& file : files) {
    std::error_code gone;
    const auto size = fs::file_size(out / file, gone);
    if (!gone) bytes += size;
  }
  return bytes;
}

std::vector<std::string> without(const std::vector<std::string>& files, const std::vector<std::string>& others) {
  const std::set<std::string_view> left_out{others.begin(), others.end()};
  std::vector<std::string> rest;
  std::ranges::copy_if(files, std::back_inserter(rest), [&](const auto& file) { return !left_out.contains(file); });
  return rest;
}

bool is_damaged(const merge::Document& document) { return std::ranges::any_of(document.pages, &merge::Page::damaged); }

}  // namespace

void set_state(DocumentEntry& entry) {
  const auto gaps = entry.pages[DocumentEntry::pending] + entry.pages[static_cast<std::size_t>(result::State::failed)];
  entry.state = gaps > 0 ? "gaps" : "complete";
  entry.reason.clear();
}

void set_states(DocumentEntry& entry, const merge::Document& document) {
  entry.pages = {};
  for (const auto& page : document.pages)
    ++entry.pages[page.pending ? DocumentEntry::pending : static_cast<std::size_t>(page.outcome.state)];
  set_state(entry);
}

std::uint64_t memory_of(const merge::Document& document) {
  // The outcome, its model, and the text in the formats that are being written.
  constexpr std::uint64_t page_bytes = 1500, word_bytes = 64, line_bytes = 110, block_bytes = 400, text_copies = 5;
  std::uint64_t bytes = 0;
  for (const auto& page : document.pages) {
    const auto& reading = page.outcome.reading;
    bytes += page_bytes + reading.words.size() * word_bytes + reading.lines.size() * line_bytes + reading.blocks.size() * block_bytes +
             reading.text.size() * text_copies;
  }
  return bytes;
}

std::uint64_t DocumentWriter::digest(const Task& task, std::string_view format) const {
  if (is_damaged(task.document)) return 0;  // what could not be loaded may be there the next time
  return digest_of_format(task.todo->sources, *task.known, format, settings_);
}

void DocumentWriter::count(const DocumentEntry& entry) {
  const std::lock_guard lock{mutex_};
  const auto failed = entry.pages[static_cast<std::size_t>(result::State::failed)];
  ++report_.documents;
  for (const auto pages : entry.pages) report_.pages += pages;
  report_.failed_pages += failed;
  report_.pending_pages += entry.pages[DocumentEntry::pending];
  if (failed + entry.pages[DocumentEntry::pending] > 0) report_.incomplete.push_back(printable(entry.path));
  if (entry.state == "complete") ++report_.complete;
  if (entry.state == "gaps") ++report_.with_gaps;
  if (entry.state == "skipped") ++report_.skipped;
  for (std::size_t n = 0; n < entry.findings.size(); ++n) report_.findings[n] += entry.findings[n];
}

void DocumentWriter::note(const Task& task, std::string_view format, const std::string& reason, std::vector<std::string>& notes) {
  const std::lock_guard lock{mutex_};
  const auto shown = merge::cleaned_line(reason);  // a document may have made a library say it, and a terminal shows it
  notes.push_back(fmt::format("{}: {}: {}", printable(task.document.path), format, shown));
}

void DocumentWriter::put(Task& task, FormatEntry entry, const std::vector<std::string>& kept) {
  if (const auto* before = task.entry.find(entry.format)) {
    for (const auto& file : without(without(before->files, entry.files), kept)) remove_earlier_file(settings_.out, file);
  }
  if (entry.digest != 0 || entry.reason.empty()) {
    const std::lock_guard lock{mutex_};
    auto& written = report_.written[entry.format];
    written.files += entry.files.size();
    written.bytes += entry.bytes;
    if (entry.format == figures_format) report_.images += entry.files.size();
  }
  entry.files.insert(entry.files.end(), kept.begin(), kept.end());
  entry.bytes += bytes_of(settings_.out, kept);
  task.entry.put(std::move(entry));
}

void DocumentWriter::write_figures(Task& task) {
  if (!settings_.crop || task.todo->formats == 0) return;
  DocumentFiles files{settings_.out, task.name};
  FormatEntry entry{figures_format, digest(task, figures_format), {}, 0, {}};
  const auto* before = task.entry.find(figures_format);
  std::vector<std::string> kept;
  try {
    auto written = write_images(task.document, *task.known, settings_.crop, before, files);
    task.figures = std::move(written.links);
    entry.pages = std::move(written.pages);
    kept = std::move(written.kept);
    if (!written.pages_without.empty()) {
      entry.digest = 0;
      entry.reason = fmt::format("those of {} could not be cut out of the document, as the log says; the next export tries again{}",
                                 plural(written.pages_without.size(), "page"),
                                 kept.empty() ? "" : " (those that are there are of an earlier export)");
      note(task, figures_format, entry.reason, report_.not_written);
    }
  } catch (const StorageError& error) {
    if (!is_about_the_name(error)) throw;
    return;  // its formats say so
  }
  entry.files = files.written();
  entry.bytes = bytes_of(settings_.out, entry.files);
  if (task.todo->stale_links && before != nullptr) kept = before->files;
  kept = without(kept, entry.files);
  std::erase_if(kept, [&](const auto& file) { return !earlier_file(settings_.out, file); });
  put(task, std::move(entry), kept);
}

FormatEntry DocumentWriter::write_pdf(const Task& task, const merge::Book& book) {
  const auto name = task.name + ".pdf";
  const auto result = settings_.write_pdf(book, *task.known, settings_.pdf, settings_.out / name);
  FormatEntry entry;
  entry.format = pdf_format;
  if (result.status != PdfResult::Status::written) {
    entry.reason = result.reason;
    // One of an earlier export stays; the next export tries again.
    if (const auto* before = task.entry.find(pdf_format); before != nullptr && bytes_of(settings_.out, before->files) > 0) {
      entry.files = before->files;
      entry.reason += fmt::format(" (the {} that is there is of an earlier export, with the text of that time)", printable(name));
    }
    note(task, pdf_format, entry.reason, report_.not_written);
    return entry;
  }
  entry.files = {name};
  entry.digest = digest(task, pdf_format);
  for (const auto& warning : result.warnings) note(task, pdf_format, warning, report_.remarks);
  if (result.pages_without_places > 0)
    note(task, pdf_format, fmt::format("{} of text that cannot be found in it, since nobody knows where it stands", plural(result.pages_without_places, "page")), report_.remarks);
  if (!result.not_pdfa.empty()) note(task, pdf_format, "no PDF/A: " + result.not_pdfa, report_.remarks);
  entry.reason = result.not_pdfa;
  return entry;
}

FormatEntry DocumentWriter::write_format(Task& task, const std::string& format, const merge::Book& book) {
  DocumentFiles files{settings_.out, task.name};
  FormatEntry entry;
  if (format == pdf_format) {
    entry = write_pdf(task, book);
  } else {
    WriteContext context;
    context.listed = task.known;
    context.figures = task.figures;
    for (const auto& other : settings_.formats) {
      const auto* written = task.entry.find(other);
      if (written != nullptr && !written->files.empty()) context.formats.push_back(other);
    }
    context.as_read = settings_.as_read;
    find_format(format)->write(book, context, files);
    entry.format = format;
    entry.files = files.written();
    entry.digest = with_references(digest(task, format), format, task.entry, settings_);
  }
  entry.bytes = bytes_of(settings_.out, entry.files);
  return entry;
}

void DocumentWriter::write_formats(Task& task, const merge::Book& book) {
  // Those that refer to others come last.
  for (const bool refers : {false, true}) {
    for (std::size_t n = 0; n < settings_.formats.size(); ++n) {
      const auto& format = settings_.formats[n];
      const auto* found = find_format(format);
      if ((task.todo->formats >> n & 1U) == 0 || (found != nullptr && found->refers_to_others) != refers) continue;
      put(task, write_format(task, format, book));
    }
  }
}

Finished DocumentWriter::operator()(Task& task) {
  Finished finished;
  finished.id = task.document.id;
  set_states(task.entry, task.document);
  const bool lines_of_book = task.todo->lines && settings_.lines_per_document;
  if (task.todo->formats != 0 || lines_of_book) {
    const auto book = bound(task.document, *task.known, settings_);
    task.entry.findings = {};
    for (const auto& finding : book.findings) ++task.entry.findings[static_cast<std::size_t>(finding.severity)];
    try {
      write_formats(task, book);
    } catch (const StorageError& error) {
      if (!is_about_the_name(error)) throw;
      task.entry.state = "skipped";
      task.entry.reason = error.what();
      note(task, "all formats", error.what(), report_.not_written);
    }
    if (lines_of_book) finished.lines = to_json_line(book);
  }
  if (task.todo->lines && !settings_.lines_per_document) {
    auto& lines = finished.lines.emplace();
    for (const auto& page : task.document.pages) lines += to_json_line(task.document, page);
  }
  finished.lines_digest = digest(task, "jsonl");
  if (task.todo->no_document) {
    task.entry.state = "skipped";
    task.entry.reason = name(Reason::not_a_document);
  } else {
    count(task.entry);
  }
  finished.entry = to_json(task.entry);
  return finished;
}

}  // namespace pecia::exporting
