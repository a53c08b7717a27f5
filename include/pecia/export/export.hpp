#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/document.hpp"
#include "pecia/store/run.hpp"

namespace pecia::exporting {

/// A part of a page as pixels.
struct Picture {
  int width_px = 0, height_px = 0;
  bool color = false;             ///< rgb8, else gray8
  std::vector<std::byte> pixels;  ///< height_px x width_px x (3 or 1)
};

/// Cuts boxes (page coordinates) out of a page, in their order; what cannot be cut out is an empty picture.
using CropPage =
    std::function<std::vector<Picture>(const merge::Document&, const merge::Page&, std::span<const result::Box>)>;

struct ExportSettings {
  std::vector<std::string> formats;  ///< of `format_names()`
  std::filesystem::path out;
  CropPage crop = {};  ///< if set, blocks that are images are written as PNG files, and Markdown links to them
};

/// Counts of documents, without the files that are none (skipped as not_a_document).
struct ExportReport {
  std::uint64_t documents = 0, pages = 0, failed_pages = 0, pending_pages = 0;
  std::uint64_t images = 0;             ///< files of images that were written
  std::vector<std::string> incomplete;  ///< printable paths of documents with failed or pending pages
};

[[nodiscard]] std::vector<std::string> format_names();

/// Writes the documents of a run. `md` and `txt`: the corpus's tree, one file per document
/// ("book.pdf" -> "book.pdf.md"); `jsonl`: pages.jsonl, one line per page. Every file is written
/// whole and renamed. A page without text is named in its place, never left out silently; files that
/// are no documents stand in pages.jsonl alone. Images of "book.pdf" go to "book.pdf.images/PAGE_N.png".
/// Equal outcomes give the same bytes, but for `seconds`, `attempts` and `history` in jsonl.
/// Throws `UsageError` for an unknown format or a folder that cannot be written.
[[nodiscard]] ExportReport export_run(const store::RunPaths& run, const ExportSettings& settings);

}  // namespace pecia::exporting
