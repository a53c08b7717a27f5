#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/document.hpp"
#include "pecia/result/outcome.hpp"

namespace pecia::merge {

/// What a block is in its document.
enum class Role : std::uint8_t {
  paragraph, heading, list_item, table, figure, caption, footnote, formula, marginal,
  running_head, page_number, catchword, signature,  ///< of the page, not of the text: taken out of the flow
};
[[nodiscard]] std::string_view name(Role role) noexcept;
/// Whether blocks of this role stand in the flow of a document's text.
[[nodiscard]] constexpr bool is_in_flow(Role role) noexcept { return role < Role::running_head; }

/// How finely it is known where the text of a page stands. What is finer is not known, and never invented.
enum class Places : std::uint8_t { none, blocks, lines, words };
[[nodiscard]] std::string_view name(Places places) noexcept;

/// Bytes [begin, end) of `PageModel::text`.
struct Span {
  std::uint32_t begin = 0, end = 0;
  [[nodiscard]] bool empty() const noexcept { return begin >= end; }
};

struct Word {
  Span text;
  result::Box box;
  float confidence = 0;  ///< 0 to 1
  std::uint32_t language = 0;  ///< as result::Part::language
};

struct Line {
  Span text;                ///< without the line end
  result::Box box;
  bool placed = false;      ///< else `box` says nothing
  float confidence = 0;
  std::uint32_t words_begin = 0, words_end = 0;  ///< of `PageModel::words`
};

struct Block {
  Role role = Role::paragraph;
  int level = 0;            ///< of a heading: 1 to 6; of others 0
  Span text;                ///< empty where it has none (a figure)
  result::Box box;
  bool placed = false;      ///< else `box` says nothing
  bool unparsed = false;    ///< as result::Block
  float confidence = 0;
  std::vector<result::Box> boxes;  ///< as result::Block
  std::string label;        ///< as the engine named it, or empty
  std::uint32_t lines_begin = 0, lines_end = 0;  ///< of `PageModel::lines`
  std::string evidence;     ///< why it has its role, where the engine did not say so
};

/// A page as it was read, in a form that writers can rely on. `text` is valid UTF-8 without control characters but
/// '\n' and '\t'; blocks stand in reading order, and every character of the text but white space lies in one of them
/// and in one of its lines. The reading that it came from is `Page::outcome`.
struct PageModel {
  std::uint32_t number = 0;  ///< as Page::number
  bool has_text = false;     ///< it was read: state ok or ok_fallback
  bool markup = false;       ///< of a model that writes Markdown: headings begin with '#', tables are HTML, formulas LaTeX
  std::string text;
  std::vector<Block> blocks;
  std::vector<Line> lines;   ///< of the first block, of the second, ...
  std::vector<Word> words;   ///< likewise; empty where words have no boxes
  Places places = Places::none;
  std::uint32_t mended = 0;  ///< characters of the reading that no text may have, each replaced by U+FFFD or a blank
  bool edges_kept = false;   ///< what looked like running heads and page numbers is more than these can be: it stays in the text
  std::string printed_number;  ///< as it stands on the page or in the PDF's page labels; empty: not known
  float width_px = 0, height_px = 0, dpi = 0;  ///< page coordinates; 0: not known
  std::string languages;     ///< joined by '+'; of the words too, where these do not tell more
  std::string engine;
};

[[nodiscard]] PageModel model_of(const Page& page);

[[nodiscard]] inline std::string_view text_of(const PageModel& page, Span span) {
  return std::string_view{page.text}.substr(span.begin, span.end - span.begin);
}

/// The text of a block without markup: no heading marks, table rows as lines with cells separated by tabs.
[[nodiscard]] std::string plain_text(const PageModel& page, const Block& block);

}  // namespace pecia::merge
