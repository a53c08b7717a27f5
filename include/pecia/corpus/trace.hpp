#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "pecia/corpus/document.hpp"

namespace pecia::corpus {

/// A recorded corpus without files: documents with evidence, and how long each page takes.
struct Trace {
  std::vector<Document> documents;          ///< sorted by path
  std::vector<std::vector<float>> seconds;  ///< per document, per page (page 1 first)
};

/// Reads a TSV with a header line (docs/formats.md, "Traces"): columns in any order; all but path, page
/// and seconds may be absent or empty. Throws `UsageError` with file and line.
[[nodiscard]] Trace load_trace(const std::filesystem::path& file);
/// The TSV that `load_trace` reads back as this, with every column.
[[nodiscard]] std::string trace_text(const Trace& trace);

}  // namespace pecia::corpus
