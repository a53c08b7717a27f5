#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "poppler_raster.hpp"

// Inside pecia-page only. From words as they stand on a page to text as it is written.
namespace pecia::page {

/// As ICU takes a character: its UChar32.
[[nodiscard]] inline std::int32_t code_point(char32_t character) { return static_cast<std::int32_t>(character); }
/// A mark that stands at the letter before it (Unicode's category M).
[[nodiscard]] bool is_mark(char32_t character);

/// A piece of text without spaces, in logical order; its box in points, y down.
struct Token {
  std::u32string text;
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  int quarter_turns = 0;
  bool vertical = false;
  bool space_after = false;  ///< to the next one of its line, as they stand on the page
  double size_pt = 0;
};

using TokenLine = std::vector<Token>;

/// A word of Poppler without the spaces, marks of direction and other characters in it that nobody sees, and with bullets for
/// known private-use ones; parts that are written from right to left in the order in which they are read. Soft hyphens are still there.
[[nodiscard]] std::vector<Token> tokens_of(const PopplerWord& word);

/// Words in Poppler's order as lines, each in the order in which it is read. Between neighbours, `space_after` then says whether
/// there is a space.
[[nodiscard]] std::vector<TokenLine> lines_of(std::vector<Token> tokens);

/// Lines that follow each other closely, below each other and in letters of one size: [first, last) of `lines`.
struct BlockOfLines {
  std::size_t first = 0, last = 0;
};
[[nodiscard]] std::vector<BlockOfLines> blocks_of(const std::vector<TokenLine>& lines);

/// UTF-8 in normalisation form C, with ligatures and letters in Arabic presentation forms as the letters that they stand
/// for, and what is no character as U+FFFD. A soft hyphen at its end is a hyphen, any other is none.
[[nodiscard]] std::string written(const std::u32string& text);

}  // namespace pecia::page
