#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/corpus/document.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::exporting {

struct PdfSettings {
  /// What becomes of text that pages of a PDF have already. Text that is seen is never touched, and pages of which the run
  /// kept their own text (engine `text_layer`), or that it skipped for having some, stay as they are.
  enum class TextLayers : std::uint8_t {
    replace,  ///< the invisible text (rendering mode 3) of pages that an engine has read gives way to what it read
    keep,     ///< pages with text of their own stay as they are, but those that the job says `redo` of
  };
  TextLayers text_layers = TextLayers::replace;
  bool pdfa = false;              ///< PDF/A-2b, where the pages are images
  bool linearize = false;         ///< so that a browser shows the first page before it has the file
  bool break_signatures = false;  ///< write signed documents, too: their signatures are invalid in the copy
};

/// What became of one document.
struct PdfResult {
  enum class Status : std::uint8_t {
    written,
    refused,  ///< it cannot be, or must not be, made a PDF with text; `reason` says why and what to do
    failed,   ///< its bytes or the disk stood against it; `reason` says what happened
  };
  Status status = Status::failed;
  std::string reason;  ///< for a person; empty if written
  std::uint32_t pages = 0;
  std::uint32_t pages_with_text = 0;       ///< that got a layer of text
  std::uint32_t pages_kept = 0;            ///< that keep the text which they have
  std::uint32_t pages_replaced = 0;        ///< of those with text: earlier invisible text was removed
  std::uint32_t pages_without_places = 0;  ///< their text was read, but not where it stands: it is not in the PDF
  std::uint64_t lines_without_places = 0;  ///< the same of single lines (of a text without lines, blocks) on pages that got a layer
  std::uint64_t words = 0;                 ///< placed, by their own boxes or within a line's or block's
  bool pdfa = false;                       ///< it is PDF/A-2b
  std::string not_pdfa;                    ///< why not, if it was asked for
  std::vector<std::string> warnings;       ///< for a person
  std::uint64_t bytes = 0;                 ///< of the file
};
[[nodiscard]] std::string_view name(PdfResult::Status status) noexcept;

/// Writes a document as a searchable PDF: whole, and renamed to `out`, whose folder it makes. `listed` is its entry in the
/// run's manifest. Never throws for what is in the document; throws `StorageError` where `out` cannot be written, `Error`
/// where no process can be started to do it.
using WritePdf = std::function<PdfResult(const merge::Book& book, const corpus::Document& listed, const PdfSettings& settings,
                                         const std::filesystem::path& out)>;

}  // namespace pecia::exporting
