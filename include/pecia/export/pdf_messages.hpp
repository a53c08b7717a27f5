#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/corpus/document.hpp"
#include "pecia/export/pdf.hpp"

// What `pecia-pdf` is told and what it answers. For each document: a PdfOrder with two descriptors (the source, open for
// reading; the file to write, empty), a PdfPage for each of its pages, in order, a PdfEnd. The answer to all of them is one
// PdfResult, whatever goes wrong with the document, or PdfNotStored.
namespace pecia::exporting {

/// A stretch of text with its place, in page coordinates.
struct PdfWord {
  std::string text;  ///< UTF-8 in logical order, without line ends; blanks within it only where words have no boxes
  result::Box box;
  bool blank_after = false;
};

/// Words that stand on one line. `box` surrounds them.
struct PdfLine {
  result::Box box;
  std::vector<PdfWord> words;
};

struct PdfPage {
  enum class Act : std::uint8_t {
    leave,    ///< as it is
    add,      ///< `lines`, unless it has text of its own
    replace,  ///< its invisible text by `lines`
  };
  std::uint32_t number = 0;  ///< from 1
  Act act = Act::leave;
  bool keeps_text = false;                     ///< left since its own text was kept
  bool failed = false;                         ///< it could not be read: nobody has decoded its pixels to their end
  float width_px = 0, height_px = 0, dpi = 0;  ///< page coordinates; `dpi` 0: the file says none
  bool embedded = false;                       ///< page coordinates are pixels of the page's own image
  std::vector<PdfLine> lines;
  std::uint32_t unplaced_lines = 0;
};

struct PdfOrder {
  corpus::Format format = corpus::Format::unknown;
  std::string password;  ///< tried after the empty one
  std::string title;     ///< of PDFs that are made of images
  std::uint32_t pages = 0;
  PdfSettings settings;
  std::string gaps{};  ///< which pages are missing from the text, for readers of the PDF; empty: none
};
struct PdfEnd {};
/// The file could not be written: errno. It says nothing of the document.
struct PdfNotStored {
  std::int32_t error_number = 0;
};
/// Said once by `pecia-pdf`, before anything else: what of its sandbox the kernel refused.
struct PdfHello {
  std::vector<std::string> not_confined;
};

/// The place of text on page `index` of a book, and what is to become of the text that is there.
[[nodiscard]] PdfPage pdf_page_of(const merge::Book& book, std::size_t index, const PdfSettings& settings);

/// As the other formats say it: "this document has gaps: page 3 could not be read"; empty if it has none.
[[nodiscard]] std::string pdf_gaps_of(const merge::Book& book);

using PdfRequest = std::variant<PdfOrder, PdfPage, PdfEnd>;
using PdfAnswer = std::variant<PdfHello, PdfResult, PdfNotStored>;
[[nodiscard]] Bytes encode(const PdfRequest& request);
[[nodiscard]] Bytes encode(const PdfAnswer& answer);
/// Both throw `Error` on what is not such a message.
[[nodiscard]] PdfRequest decode_pdf_request(std::span<const std::byte> bytes);
[[nodiscard]] PdfAnswer decode_pdf_answer(std::span<const std::byte> bytes);

}  // namespace pecia::exporting
