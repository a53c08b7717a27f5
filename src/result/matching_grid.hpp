#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "matching.hpp"

namespace pecia::result::aligning {

/// Dynamic programming over the atoms of a text and those of boxes, in a band along the diagonal where all pairs would be too many.
class Grid {
 public:
  Grid(std::span<const Atom> text, std::span<const std::uint32_t> texts, std::span<const Atom> boxes,
       std::span<const std::uint32_t> in_boxes);
  /// Appends the best matches.
  void trace(std::vector<Match>& matches) const;

 private:
  /// How the best way comes to a cell.
  enum class Way : std::uint8_t { begin, text_alone, box_alone, pair, unlike_pair, boxes_2, boxes_3, boxes_4, texts_2, texts_3, texts_4 };
  struct Cell {
    float score = -1e30F;
    Way way = Way::begin;
  };
  /// Letters of several atoms in a row.
  struct Joined {
    std::u32string folded;
    std::uint64_t bag = 0;
  };

  [[nodiscard]] const Atom& text_at(std::size_t row) const { return text_[texts_[row]]; }
  [[nodiscard]] const Atom& box_at(std::size_t column) const { return boxes_[in_boxes_[column]]; }
  [[nodiscard]] std::size_t low(std::size_t row) const noexcept;
  /// Null outside the band.
  [[nodiscard]] const Cell* cell(std::size_t row, std::size_t column) const noexcept;
  void fill(std::size_t row, std::size_t column, Cell& into) const;
  void try_pair(std::size_t row, std::size_t column, Cell& into) const;
  void try_merges(std::size_t row, std::size_t column, Cell& into) const;
  [[nodiscard]] static std::vector<Joined> joined(std::span<const Atom> atoms, std::span<const std::uint32_t> indices);

  std::span<const Atom> text_;
  std::span<const std::uint32_t> texts_;
  std::span<const Atom> boxes_;
  std::span<const std::uint32_t> in_boxes_;
  std::vector<Joined> joined_texts_, joined_boxes_;  ///< of 2, 3 and 4 atoms that end with each
  std::size_t width_ = 0;
  std::vector<Cell> cells_;
};

}  // namespace pecia::result::aligning
