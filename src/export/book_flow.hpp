#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "pecia/merge/book.hpp"
#include "pecia/merge/table.hpp"

namespace pecia::exporting {

/// Where a page begins within a unit's text: between two words, behind a word that was hyphenated over the page break.
struct PageBreak {
  std::size_t at = 0;      ///< byte of the text
  std::uint32_t page = 0;  ///< of `Book::pages`
};

/// A unit's pieces joined, as `merge::text_of` joins them.
struct UnitText {
  std::string text;
  std::vector<PageBreak> breaks;  ///< ascending, each page once; a blank one that it goes on over begins with the next
};

enum class Markup { kept, removed };
[[nodiscard]] UnitText text_and_breaks(const merge::Book& book, const merge::Unit& unit, Markup markup);

/// The cells of a table whose text alone does not show them as they are: words in columns, a table of a model that goes on over
/// pages or was mended. Nothing of other units.
[[nodiscard]] std::optional<merge::Table> cells_of(const merge::Book& book, const merge::Unit& unit);

/// What a writer of a text does as it goes through a book.
struct FlowWriter {
  std::function<void(std::uint32_t page)> page;  ///< of `Book::pages`; begins between two units
  std::function<void(const merge::Unit&)> unit;  ///< its later pages count as begun by it
};
/// Goes through the units in their order; every page begins once, before the first unit that begins on it or behind it.
void go_through(const merge::Book& book, const FlowWriter& writer);

/// The outcome of a page of the book, where what is said of pages without text stands.
[[nodiscard]] inline const merge::Page& page_of(const merge::Book& book, std::uint32_t page) { return book.document->pages[page]; }

}  // namespace pecia::exporting
