#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "visible_words.hpp"

namespace pecia::result::aligning {

/// Atoms of the text that are the same as atoms of the boxes: one to one, or several to one, or one to several.
struct Match {
  std::uint32_t text = 0, texts = 1;  ///< the first, and how many
  std::uint32_t box = 0, boxes = 1;
  float similarity = 0;
};

/// Words are alike if more than this share of their letters agrees.
constexpr float alike = 0.5F;
/// A word of so many letters that occurs once says by itself where it is.
constexpr std::uint32_t long_word = 5;

/// 1 - (edits / letters of the longer one).
[[nodiscard]] float similarity(std::u32string_view a, std::u32string_view b) noexcept;

/// Matches atoms `text[n]` for n in `texts` with `boxes[m]` for m in `boxes`, both ascending, in this order; the best by the sum
/// of letters that agree. What is not alike is matched where it stands between two that are. Matches come in order, and name
/// indices of `text` and `boxes`.
///
/// Where there are many, stretches that occur once on both sides cut them into pieces, and what remains is searched near its
/// diagonal: time and memory are linear.
[[nodiscard]] std::vector<Match> match(std::span<const Atom> text, std::span<const std::uint32_t> texts,
                                       std::span<const Atom> boxes, std::span<const std::uint32_t> in_boxes);

}  // namespace pecia::result::aligning
