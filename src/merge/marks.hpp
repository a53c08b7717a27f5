#pragma once

#include <cstdint>
#include <string_view>

namespace pecia::merge {

/// The mark with which a footnote begins: "*", "††)", "¹", "(2)", "3)", "4"; empty if none does. A bare number is one only
/// with a blank and a word behind it.
[[nodiscard]] std::string_view footnote_mark(std::string_view line);

/// How an item of a list begins.
struct ItemMark {
  enum class Kind : std::uint8_t { none, bullet, dash, number, letter } kind = Kind::none;
  int value = 0;            ///< of numbers and letters
  std::uint32_t bytes = 0;  ///< with the blanks behind it
};
[[nodiscard]] ItemMark item_mark(std::string_view line);

/// How a heading is numbered.
struct HeadingNumber {
  bool word = false;  ///< "Chapter", "Kapitel", "CHANT": a word that numbers chapters
  int depth = 0;      ///< "1.3.2": 3; 0: no number
};
[[nodiscard]] HeadingNumber heading_number(std::string_view line);

/// "Fig. 3.", "Tabelle 2:", "Planche IV —"
[[nodiscard]] bool is_caption(std::string_view line);

/// Of a table of contents: dots and a number at its end.
[[nodiscard]] bool has_leader(std::string_view line) noexcept;
/// "Name: Schmidt": a short label and what stands behind it.
[[nodiscard]] bool is_labelled_value(std::string_view line) noexcept;

}  // namespace pecia::merge
