#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "visible_words.hpp"

namespace pecia::result::aligning {

/// Stretches of what is to be matched: places in the lists of indices.
struct Piece {
  std::uint32_t text = 0, text_end = 0, box = 0, box_end = 0;
  [[nodiscard]] std::uint32_t texts() const noexcept { return text_end > text ? text_end - text : 0; }
  [[nodiscard]] std::uint32_t boxes() const noexcept { return box_end > box ? box_end - box : 0; }
};

/// Two atoms that are the same, as places in the lists of indices.
struct Anchor {
  std::uint32_t text = 0, box = 0;
};

constexpr int longest_anchor = 3;

/// The longest ascending chain of stretches of so many words that occur once in the piece's text and once in its boxes; of
/// each all its words. Words alone are taken if they are long.
[[nodiscard]] std::vector<Anchor> find_anchors(std::span<const Atom> text, std::span<const std::uint32_t> texts,
                                               std::span<const Atom> boxes, std::span<const std::uint32_t> in_boxes,
                                               const Piece& piece, int words);

}  // namespace pecia::result::aligning
