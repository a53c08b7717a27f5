#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/merge/book.hpp"

namespace pecia::exporting {

/// What stands between white space in a line, or a word that has a box.
struct Token {
  std::string text;
  const merge::Word* word = nullptr;  ///< null: its place is not known
  bool blank_before = false;          ///< white space stands between it and the one before
  merge::Span span;                   ///< of `PageModel::text`; empty where the text is not that of the page (without markup)
};

/// A line of a block's text.
struct Row {
  std::string text;                   ///< without markup
  const merge::Line* line = nullptr;  ///< null: it is a line of the text that the engine wrote, not one of the page
  std::vector<Token> tokens;
};

/// The lines of a block, markup left out, and none that is empty. Lines of the page are those of the model; where it has no
/// places for a block of Markdown, the lines of its plain text. `page` must outlive them.
[[nodiscard]] std::vector<Row> rows_of(const merge::PageModel& page, const merge::Block& block);

}  // namespace pecia::exporting
