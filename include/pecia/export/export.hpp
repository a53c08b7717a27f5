#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/store/run.hpp"

namespace pecia::exporting {

struct ExportSettings {
  std::vector<std::string> formats;  ///< of `format_names()`
  std::filesystem::path out;
};

/// Counts of documents, without the files that are none (skipped as not_a_document).
struct ExportReport {
  std::uint64_t documents = 0, pages = 0, failed_pages = 0, pending_pages = 0;
  std::vector<std::string> incomplete;  ///< printable paths of documents with failed or pending pages
};

[[nodiscard]] std::vector<std::string> format_names();

/// Writes the documents of a run. `md` and `txt`: the corpus's tree, one file per document
/// ("book.pdf" -> "book.pdf.md"); `jsonl`: pages.jsonl, one line per page. Every file is written
/// whole and renamed. A page without text is named in its place, never left out silently; files that
/// are no documents stand in pages.jsonl alone. Equal outcomes give the same bytes, but for `seconds`
/// and `attempts` in jsonl.
/// Throws `UsageError` for an unknown format or a folder that cannot be written.
[[nodiscard]] ExportReport export_run(const store::RunPaths& run, const ExportSettings& settings);

}  // namespace pecia::exporting
