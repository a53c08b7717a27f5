#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

// The grounding markup of the model's output (section 7.3 of its specification), read strictly:
// nothing in it is evaluated, and what makes no sense is text.
namespace pecia::engine::deepseek {

/// Bytes [begin, end) of a text.
struct Span {
  std::size_t begin = 0, end = 0;
  [[nodiscard]] bool empty() const noexcept { return begin == end; }
};

/// x0, y0, x1, y1: 0 to 999 from one edge of the raster to the other; x0 <= x1, y0 <= y1.
using MarkupBox = std::array<int, 4>;

/// A tag and what stands behind it, up to the next; or what stands before the first tag.
struct MarkupBlock {
  std::string label;             ///< empty before the first tag
  std::vector<MarkupBox> boxes;  ///< none if they make no sense
  bool unparsed = false;  ///< its boxes make no sense, or there are parts of tags in its text
  Span text;              ///< in `Markup::text`, without white space at its ends
  Span output;            ///< the same in the output; of a block without text: its tag
};

struct Markup {
  std::string text;                 ///< the output without tags
  std::vector<MarkupBlock> blocks;  ///< in order; none in an output without any markup
};

/// Takes an output apart, in linear time.
///
/// A tag is `<|ref|>LABEL<|/ref|><|det|>BOXES<|/det|>` with no other tag's beginning or end within,
/// and a label of at most 128 bytes. All tags are deleted, whatever their boxes say; if BOXES is
/// not
/// `[[x0, y0, x1, y1], ...]` exactly, the block has none and is `unparsed`. Pieces of tags that
/// are not whole are left in the text, and their block is `unparsed`. Where a tag was deleted,
/// `\coloneqq` and `\eqqcolon` become `:=` and `=:`, and more than two line ends become two
/// (section 7.4). The text has no white space at its ends.
[[nodiscard]] Markup parse_markup(std::string_view output);

}  // namespace pecia::engine::deepseek
