#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/result/outcome.hpp"

namespace pecia::result::aligning {

constexpr std::uint32_t none = 0xFFFF'FFFF;

/// What is compared: a word, or a character of a script without blanks.
struct Atom {
  std::uint32_t begin = 0, end = 0;  ///< bytes of the reading's text
  std::uint32_t marks_begin = 0, marks_end = 0;  ///< the same, with the marks and tags that belong to it
  std::uint32_t letters = 0;         ///< letters and digits
  std::u32string folded = {};        ///< at most `most_compared` of them
  std::uint64_t bag = 0;             ///< a bit for each letter of it, by a hash
  std::uint32_t block = none;        ///< of the text; none: it lies in no block
  std::uint32_t word = none;         ///< of boxes: `Reading::words`
  std::uint32_t line = none;         ///< of boxes: `Reading::lines`, or behind them, for a word that lies in none
  bool breaks = false;               ///< a line end, or the border of a cell, stands before it
  bool glued = false;                ///< nothing stands between it and the one before
};
constexpr std::size_t most_compared = 64;
[[nodiscard]] std::uint64_t bag_of(std::u32string_view letters) noexcept;

/// What a reader of the page would see: without the marks of Markdown, tags of HTML, formulas and pictures, where the text
/// has a finish reason, that is, a model wrote it.
[[nodiscard]] std::vector<Atom> visible_atoms(const Reading& text);
/// Of the words that have a box.
[[nodiscard]] std::vector<Atom> boxed_atoms(const Reading& boxes);

}  // namespace pecia::result::aligning
