#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "pecia/base/step.hpp"

// The text that a PDF page brings along: what there is, and whether it can be taken for what the page says.
namespace pecia::page {

/// What the contents of a page say of text, found without extracting any.
struct TextSigns {
  bool known = true;                 ///< false: the contents cannot be followed, and the rest says nothing
  std::uint64_t shown_bytes = 0;     ///< of strings that are painted
  std::uint64_t hidden_bytes = 0;    ///< of strings that are not (rendering mode 3), or that an image of the page lies on
  std::uint64_t unmapped_bytes = 0;  ///< of all strings: in fonts that do not say which characters their glyphs are
  bool over_image = false;           ///< an image covers the page
  [[nodiscard]] std::uint64_t bytes() const noexcept { return shown_bytes + hidden_bytes; }
  [[nodiscard]] bool may_be_text() const noexcept { return !known || bytes() > 0; }
};

/// What the extracted text and the page's pixels say of it.
struct TextEvidence {
  TextSigns signs;
  std::uint32_t words = 0;        ///< on the page
  std::uint32_t characters = 0;   ///< of these words
  std::uint32_t unknown = 0;      ///< replacement characters, private use, controls, unassigned code points
  std::uint32_t letters = 0;
  std::uint32_t scattered = 0;    ///< letters of scripts other than the page's two most frequent ones
  std::uint32_t latin = 0;        ///< Latin letters in words of three and more
  std::uint32_t vowels = 0;       ///< of these
  std::uint32_t lettered = 0;     ///< words with a letter in them
  std::uint32_t single = 0;       ///< of these: one letter of an alphabet, and nothing else
  std::uint32_t judged = 0;       ///< words that can look like words: three letters and more, or of a script without spaces
  std::uint32_t like_words = 0;   ///< of these: those that do
  std::uint32_t mojibake = 0;     ///< pairs that come of UTF-8 read as Latin-1
  std::uint32_t overlapping = 0;  ///< words that lie on another
  std::uint32_t outside = 0;      ///< words outside of the page, which are left out
  bool cut_short = false;         ///< there is more text than is taken from one page
  // By the page's pixels, where `seen` says that they were looked at:
  bool seen = false;
  std::uint32_t unseen = 0;       ///< words where the pixels are all alike
  std::uint32_t shapes = 0;       ///< of the size of letters, on the page
  std::uint32_t shapes_elsewhere = 0;  ///< of these: where no word lies
};

/// A block, line or word: its box in page coordinates, and the bytes of `TextLayer::text` that are its text.
struct TextPart {
  float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  std::uint32_t text_begin = 0, text_end = 0;
  float confidence = 1;  ///< of a word: the share of its characters that are not `TextEvidence::unknown`
};

/// The text of a page, UTF-8 in normalisation form C, in logical and reading order: words separated by spaces (where the
/// script has any), lines by line feeds, blocks by empty lines.
struct TextLayer {
  std::string text;
  std::vector<TextPart> blocks, lines, words;
  TextEvidence evidence;
  std::string made_by;   ///< "poppler 22.12.0"
  double page_width_px = 0, page_height_px = 0, page_dpi = 0;  ///< page coordinates, as of PageInfo
  bool embedded = false;
  Steps steps;           ///< what was done to the document to read it
};

/// What a page holds at most; more is no page.
constexpr std::size_t most_layer_words = 200'000, most_layer_bytes = std::size_t{8} << 20;

/// Empty, or why text with these signs is not that of a born-digital page, whatever it says.
[[nodiscard]] std::string why_not_born_digital(const TextSigns& signs);
/// Empty, or why a layer is not to be taken for the text of its page. A pure function; docs/tutorial.md says what it asks of one.
[[nodiscard]] std::string why_unsound(const TextEvidence& evidence);
/// "412 words, 99.8 % of the characters known, ...".
[[nodiscard]] std::string summary(const TextEvidence& evidence);
/// "1,234 bytes of text" and how much of it can be seen.
[[nodiscard]] std::string summary(const TextSigns& signs);

void encode(ByteWriter& out, const TextSigns& signs);
[[nodiscard]] TextSigns decode_signs(ByteReader& in);
void encode(ByteWriter& out, const TextLayer& layer);
/// Throws `Error` on what is no UTF-8, on parts outside of the text or of the order, boxes that are not finite, and
/// more of them than a page has.
[[nodiscard]] TextLayer decode_text_layer(ByteReader& in);

}  // namespace pecia::page
