#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "document_files.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/export/texts.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::exporting {

/// What writers know of a document beside its book.
struct WriteContext {
  const corpus::Document* listed = nullptr;  ///< of the manifest
  ImageLinks figures;                        ///< where figures were written, if they were
  std::vector<std::string> formats;          ///< all that are written of the document: what METS may refer to
  bool as_read = false;                      ///< pages as they were read, where a format has that: nothing was merged
};

/// Writes a document in one format. Throws `Error` where the file system refuses.
using WriteDocument = void (*)(const merge::Book&, const WriteContext&, DocumentFiles&);

/// A format with files of its own for each document.
struct Format {
  std::string_view name;    ///< as in --format
  std::string_view suffix;  ///< of its file, or of the folder of its files (".alto")
  WriteDocument write = nullptr;
  bool refers_to_others = false;  ///< what it says depends on which other formats are written
  bool links_to_figures = false;
};

/// All of them, in the order in which they are written: a format that refers to others comes behind them.
[[nodiscard]] std::span<const Format> formats();
/// nullptr if there is no format of this name.
[[nodiscard]] const Format* find_format(std::string_view name);

/// The folder beside a document's files in which its figures stand.
inline constexpr std::string_view figures_suffix = ".images";
/// What is added to a document's name for a format, "pdf" and "figures" too; empty if there is no such format.
[[nodiscard]] std::string_view suffix_of(std::string_view format);
/// Everything that may be added to a document's name, also of formats that are not built in, so that names stay.
[[nodiscard]] std::vector<std::string> all_suffixes();

}  // namespace pecia::exporting
