#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/merge/book.hpp"
#include "pecia/merge/marked_text.hpp"
#include "pecia/merge/page_model.hpp"

namespace pecia::merge {

struct Cell : MarkedText {
  Span span;         ///< of the page's text, tags of the cell included; empty where the cell was added
  result::Box box;
  bool placed = false;  ///< else `box` says nothing
  std::uint32_t colspan = 1, rowspan = 1;
  bool head = false;  ///< said to be one (th, thead), or a first row of words above columns of numbers
};

struct Row {
  std::uint32_t page = 0;   ///< of `Book::pages`
  std::vector<Span> spans;  ///< of the page's text: what the row came from, tags included; no cell lies outside
  std::vector<Cell> cells;  ///< from the left; what cells above with a rowspan cover is left out
};

/// Rows of cells. What `table_of` returns is always whole: every cell and row is closed, spans of cells are bounded.
struct Table {
  MarkedText caption;  ///< of the markup; empty: none
  std::vector<Row> rows;
  std::uint32_t columns = 0;     ///< of the widest row
  bool unclosed = false;         ///< tags of its HTML are missing
  std::uint32_t short_rows = 0;  ///< have fewer columns than the widest
};

/// The table in a block: of its HTML (or lines with '|') where the page has markup, else of its words' places, and where
/// these are not known of its lines, one cell each. Takes any block; time and memory grow with its text alone.
[[nodiscard]] Table table_of(const PageModel& page, const Block& block);
/// Over page breaks; without rows that its pieces leave out. With `Unit::padded`, no row is short.
[[nodiscard]] Table table_of(const Book& book, const Unit& unit);

/// Adds empty cells to short rows.
void pad(Table& table);

/// `<table>...</table>` with thead, tbody, colspan and rowspan; text escaped. A line for each row.
[[nodiscard]] std::string to_html(const Table& table);
/// With br, sup, sub and u; all else escaped.
[[nodiscard]] std::string to_html(const MarkedText& text);
/// A table with '|' (GitHub Flavored Markdown 4.10): a head row always (empty where there is none), cells over several columns or
/// rows stand in their first one; '|' and '\' escaped, and '<' where a tag would begin; br, sup, sub and u as HTML.
[[nodiscard]] std::string to_markdown(const Table& table);
/// Rows as lines, cells separated by tabs; a caption is the first line. Marks as `plain_text` has them.
[[nodiscard]] std::string to_text(const Table& table);

/// Finds tables on a page without markup whose words have boxes: lines, of a block or of consecutive ones, whose words stand
/// in the same columns, with gaps much wider than blanks, over at least three lines. These lines become one block of the
/// role table, with evidence; blocks of which they are a part are split. Prose in columns, lists, verse and tables of
/// contents are not taken. The text and the order of the lines stay.
void mark_tables(PageModel& page);

/// Joins tables that go on over a page break, see docs/checks.md; changes joined_table and dropped_head_row.
void join_tables(Book& book, const MergeSettings& settings);

}  // namespace pecia::merge
