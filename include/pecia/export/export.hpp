#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/export/pdf.hpp"
#include "pecia/merge/book.hpp"
#include "pecia/merge/document.hpp"
#include "pecia/store/run.hpp"

namespace pecia::exporting {

/// A part of a page as pixels.
struct Picture {
  int width_px = 0, height_px = 0;
  bool color = false;             ///< rgb8, else gray8
  std::vector<std::byte> pixels;  ///< height_px x width_px x (3 or 1)
};

/// Cuts boxes (page coordinates) out of a page, in their order; one that lies beside its page is an empty picture. None at
/// all: the page cannot be had, and the next export tries again. Called by the thread that called `export_run`.
using CropPage =
    std::function<std::vector<Picture>(const merge::Document&, const merge::Page&, std::span<const result::Box>)>;

struct ExportProgress {
  std::uint64_t documents = 0, pages = 0;          ///< done, those that did not change among them
  std::uint64_t all_documents = 0, all_pages = 0;
};

struct ExportSettings {
  std::vector<std::string> formats;  ///< of `format_names()`; pdf needs `write_pdf`
  std::filesystem::path out;
  CropPage crop = {};  ///< if set, blocks that are images are written as PNG files, and Markdown links to them
  std::vector<std::string> documents = {};  ///< globs, as for `is_asked_for`; empty: all
  bool complete_only = false;               ///< documents with gaps are left out
  bool lines_per_document = false;          ///< jsonl: documents.jsonl in place of pages.jsonl
  bool as_read = false;                     ///< no merging: pages as they were read
  merge::MergeSettings merge = {};
  std::function<merge::Kind(std::string_view path)> kind_of = {};  ///< of a document; else `merge.kind`
  WritePdf write_pdf = {};  ///< called by several threads at once, none of which ends before the export
  PdfSettings pdf = {};
  int jobs = 1;                   ///< threads that bind and write, besides the one that reads
  bool force = false;             ///< over another run's export, and what did not change, too
  /// What documents on their way may take, about; one is let in, however large it is.
  std::uint64_t memory_bytes = std::uint64_t{256} << 20;
  std::function<void(const ExportProgress&)> progress = {};  ///< several times a second, by the thread that called
};

/// Files that were written.
struct FileCount {
  std::uint64_t files = 0, bytes = 0;
};

/// Counts of the documents that were asked for, without the files that are none (skipped as not_a_document).
struct ExportReport {
  std::uint64_t documents = 0, pages = 0, failed_pages = 0, pending_pages = 0;
  std::uint64_t complete = 0, with_gaps = 0, skipped = 0;  ///< of documents
  std::uint64_t unchanged = 0;                             ///< documents of which nothing had to be written
  std::uint64_t images = 0;                                ///< files of figures that were written
  std::map<std::string, FileCount> written;                ///< by format; "figures" besides
  std::array<std::uint64_t, 3> findings{};                 ///< by merge::Severity
  std::vector<std::string> incomplete;   ///< printable paths of documents with failed or pending pages
  std::vector<std::string> not_written;  ///< "a.pdf: pdf: it is signed": formats and documents that were left out, and why
  std::vector<std::string> remarks;      ///< likewise, of what was written not quite as asked for
  std::vector<std::string> left;         ///< printable paths of documents whose earlier files stay, though they are not exported
  bool stopped = false;                  ///< the stop flag was set: what is written is whole, the same call goes on
};

[[nodiscard]] std::vector<std::string> format_names();

/// Whether a document is one of those that globs name; they may be in printable form.
[[nodiscard]] bool is_asked_for(const std::vector<std::string>& globs, std::string_view path);

/// Writes the documents of a run, in the corpus's tree ("book.pdf" -> "book.pdf.md"), `pages.jsonl` or `documents.jsonl`, and
/// `export.json`, which says what was written of what (docs/formats.md, "Exports"). Every file is written whole and
/// renamed. A page without text is named in its place, never left out silently; files that are no documents stand in
/// pages.jsonl alone. Figures of "book.pdf" go to "book.pdf.images/PAGE_N.png".
///
/// Documents of which nothing changed since an earlier export to the folder are not written again. Equal outcomes give the
/// same bytes, but for `seconds`, `attempts` and `history` in jsonl, and export.json. Memory is bounded by the largest
/// document, and some 300 bytes for each page of the run.
///
/// Throws `UsageError` for an unknown format, a folder that cannot be written or is the run's own, one that another export is
/// writing to, one that holds another run's export or files that would be overwritten (without `force`), and globs that match
/// nothing; `Error` where a file cannot be written: those that were are whole, and the same call goes on.
[[nodiscard]] ExportReport export_run(const store::RunPaths& run, const ExportSettings& settings);

}  // namespace pecia::exporting
