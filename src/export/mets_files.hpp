#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "format.hpp"
#include "xml.hpp"

namespace pecia::exporting {

/// "application/octet-stream" for what is not known.
[[nodiscard]] std::string_view mime_type_of(corpus::Format format) noexcept;

/// What a METS file refers to.
struct MetsFiles {
  const merge::Book& book;
  const WriteContext& context;
  std::string url;       ///< of the document's files, without suffix, from the place of the METS file
  bool has_pdf = false;  ///< not every document gets one (a signed PDF does not)
};
[[nodiscard]] MetsFiles mets_files(const merge::Book& book, const WriteContext& context, const DocumentFiles& files);

/// METS's fileSec: the document itself, relative to the root of the corpus, and the files that are written of it, relative to
/// the METS file.
void write_files(const MetsFiles& files, XmlFile& file);
/// The IDs of the files that hold a page.
[[nodiscard]] std::vector<std::string> file_ids_of(std::uint32_t page_number, const MetsFiles& files);

}  // namespace pecia::exporting
