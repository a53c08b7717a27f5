#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/merge/book.hpp"

namespace pecia::exporting {

/// A part of a word that was divided at a line's end.
struct WordPart {
  merge::Span text;    ///< of its page, without the hyphen that the book dropped
  bool first = false;  ///< it ends its line; else it begins one
  std::string whole;   ///< the word, undivided
};

/// What the flow of a book says of one of its pages.
struct PageOrder {
  std::vector<std::uint32_t>
      blocks;                   ///< all of the page: those in the flow as the book has them, each of the others behind its predecessor
  std::vector<WordPart> parts;  ///< by where they begin
};

/// For every page of the book.
[[nodiscard]] std::vector<PageOrder> orders_of(const merge::Book& book);

}  // namespace pecia::exporting
