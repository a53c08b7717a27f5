#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/ids.hpp"
#include "pecia/base/reason.hpp"
#include "pecia/corpus/outline.hpp"

namespace pecia::corpus {

/// What a file is, by its first bytes, never by its name. The numbers are written to files.
enum class Format : std::uint8_t { unknown = 0, pdf = 1, tiff = 2, jpeg = 3, png = 4, jpeg2000 = 5, docx = 6, odt = 7 };

[[nodiscard]] std::string_view name(Format format) noexcept;
[[nodiscard]] std::optional<Format> parse_format(std::string_view name) noexcept;
/// `head`: the first bytes of the file, 1,024 or all there are (a PDF may start with junk).
[[nodiscard]] Format detect_format(std::span<const std::byte> head) noexcept;
/// docx or odt, if that is what a whole file, a zip archive, holds; else unknown. A document that was
/// encrypted as a whole (DOCX) is no zip archive.
[[nodiscard]] Format detect_office(std::span<const std::byte> file) noexcept;
/// Whether a whole file is a DOCX (or XLSX, or PPTX: that cannot be told) that was encrypted as a whole, which is a compound
/// file with the zip archive inside.
[[nodiscard]] bool is_encrypted_office(std::span<const std::byte> file) noexcept;
/// Whether documents of this format have no pages until they are converted to PDF.
[[nodiscard]] constexpr bool is_office(Format format) noexcept { return format == Format::docx || format == Format::odt; }

/// How the pixels of a page are stored, as far as a glance tells. Written to files by name.
enum class Coding : std::uint8_t {
  unknown, none, flate, lzw, jpeg, g3, g4, jpeg2000, jbig2, mixed, drawn
};
[[nodiscard]] std::string_view name(Coding coding) noexcept;
[[nodiscard]] std::optional<Coding> parse_coding(std::string_view name) noexcept;

/// What is known of a page without decoding it: the features of its cost.
struct PageEvidence {
  float width_px = 0;                  ///< in page coordinates (see design: crop box at page dpi)
  float height_px = 0;
  Coding coding = Coding::unknown;     ///< `mixed`: several images; `drawn`: no image
  std::uint64_t compressed_bytes = 0;  ///< of the page's images, of its contents if drawn
  std::uint32_t text_operators = 0;    ///< that show visible text (PDF)
  // Measured on the page binarised at half its size; below 0: not measured.
  float transitions = -1;  ///< from white to black, along all rows
  float components = -1;   ///< connected black ones of the size of letters
  float coverage = -1;     ///< share of black pixels, 0 to 1
};

/// A file of the corpus and what the probe found in it.
struct Document {
  DocumentId id;
  std::string path;              ///< relative to the root, '/' between names, any bytes
  std::uint64_t size_bytes = 0;
  std::int64_t modified_ns = 0;  ///< since 1970, as the file system says
  std::uint32_t revision = 0;    ///< counts accepted changes of the file
  Format format = Format::unknown;
  Reason problem = Reason::none;  ///< set: the document as a whole cannot be read
  std::string problem_detail;     ///< for a person
  std::vector<PageEvidence> pages;  ///< page 1 first; empty if they could not be counted
  std::vector<std::uint32_t> chapters;  ///< first pages of the outline's top level, ascending (PDF)
  Outline outline;  ///< what the document says of its parts; empty where it does not, or says no more than its page numbers

  /// Pages that get an outcome: a document whose pages cannot be counted has one, number 0.
  [[nodiscard]] std::uint32_t outcomes() const noexcept {
    return pages.empty() ? 1u : static_cast<std::uint32_t>(pages.size());
  }
  /// The number of its first page: 1, or 0 if they could not be counted.
  [[nodiscard]] std::uint32_t first_page() const noexcept { return pages.empty() ? 0u : 1u; }
};

/// Whether they may be first pages of chapters: ascending, each once, 1 to `pages`.
[[nodiscard]] bool are_chapters(std::span<const std::uint32_t> first_pages, std::size_t pages) noexcept;

/// For messages between processes. Decoding throws `Error` on anything that encoding does not write.
void encode(ByteWriter& out, const std::vector<PageEvidence>& pages);
[[nodiscard]] std::vector<PageEvidence> decode_evidence(ByteReader& in);
void encode(ByteWriter& out, const Document& document);
[[nodiscard]] Document decode_document(ByteReader& in);

}  // namespace pecia::corpus
