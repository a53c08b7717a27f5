#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "document_files.hpp"
#include "export_list.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/export/export.hpp"
#include "pecia/export/texts.hpp"

namespace pecia::exporting {

/// A picture as a PNG file. Throws `Error` if it is none (no pixels, or other than its size says).
[[nodiscard]] std::string to_png(const Picture& picture);

struct WrittenImages {
  ImageLinks links;
  std::map<std::uint32_t, std::uint64_t> pages;  ///< as in `FormatEntry`
  std::vector<std::uint32_t> pages_without;      ///< numbers of the pages of which `crop` gave nothing
  std::vector<std::string> kept;                 ///< files of an earlier export, of pages that cannot be had now
};
/// Writes the images of a document's pages as ".images/PAGE_N.png", N from 1 on every page. Of a page that cannot be had now
/// those of an earlier export stay; links lead to them if they were cut out of the same boxes of the same document.
[[nodiscard]] WrittenImages write_images(const merge::Document& document, const corpus::Document& listed, const CropPage& crop,
                                         const FormatEntry* before, DocumentFiles& files);

}  // namespace pecia::exporting
