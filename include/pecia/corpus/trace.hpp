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

/// Reads a TSV with a header line `path page seconds width_px height_px compressed_bytes transitions`
/// (columns in any order; all but path, page and seconds may be absent or empty; `transitions` is
/// for the cost model to come and is checked, not kept). Throws `UsageError` with file and line.
[[nodiscard]] Trace load_trace(const std::filesystem::path& file);

}  // namespace pecia::corpus
