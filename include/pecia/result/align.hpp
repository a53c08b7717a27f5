#pragma once

#include <cstdint>
#include <vector>

#include "pecia/result/outcome.hpp"

namespace pecia::result {

/// Where the words of one reading of a page stand, by the boxes of another: docs/geometry.md.
struct AlignedWords {
  /// As `Reading::lines` and `words` of the text. A line of the text is what stands on one line of the boxes; it never contains a
  /// line end or words of two cells, and begins and ends with the marks and tags that belong to it. Its box surrounds the words on
  /// it, of which most letters are placed. A word has a box of the other reading, or those of its parts on the line where it
  /// begins; others are left out. Words that the other reading has not separated have one box: they are one of `words`, with
  /// blanks in its text. The confidence is that of the text's block.
  std::vector<Part> lines, words;
  std::uint64_t letters = 0;         ///< letters and digits of the text, markup and formulas left out
  std::uint64_t placed_letters = 0;  ///< of words that have a box
  std::uint64_t all_words = 0;       ///< that have letters; of scripts without blanks, characters
  std::uint64_t placed_words = 0;
  double similarity = 0;  ///< of the letters of placed words to those in their boxes, mean; 1: the same

  [[nodiscard]] double placed_share() const noexcept {
    return letters > 0 ? static_cast<double>(placed_letters) / static_cast<double>(letters) : 0;
  }
};

/// Finds the words of `text` among those of `boxes`, another reading of the same page, in the same page coordinates. Where
/// blocks of `text` have a place, their words are looked for there first. What a model wrote (it has a finish reason) is read as
/// Markdown with HTML and LaTeX. Both readings must be such that `problem_of` finds nothing.
///
/// Needs time and memory in proportion to the number of words: for 10,000 of them a tenth of a second, up to one where the readings
/// have nothing in common but letters, and 30 MB.
[[nodiscard]] AlignedWords align_words(const Reading& text, const Reading& boxes);

}  // namespace pecia::result
