#include "pecia/merge/table.hpp"

#include <algorithm>

#include "characters.hpp"
#include "table_parts.hpp"

namespace pecia::merge {
namespace {

/// `|---|:--:|`
bool is_rule(std::string_view line) {
  return line.find('-') != std::string_view::npos && line.find_first_not_of("|-: ") == std::string_view::npos;
}

/// The cells of a line: between '|' where it begins with one, else between tabs.
void add_cells(Row& row, std::string_view line, std::uint32_t begin) {
  const bool pipes = line.starts_with('|');
  if (pipes) line.remove_prefix(1), ++begin;
  if (pipes && line.ends_with('|') && !line.ends_with("\\|")) line.remove_suffix(1);
  std::size_t at = 0;
  while (true) {
    Cell cell;
    auto end = at;
    for (; end < line.size() && line[end] != (pipes ? '|' : '\t'); ++end) {
      if (pipes && line[end] == '\\' && end + 1 < line.size() && line[end + 1] == '|') ++end;
      cell.text += line[end];
    }
    cell.text = trim(cell.text);
    cell.span = {begin + static_cast<std::uint32_t>(at), begin + static_cast<std::uint32_t>(end)};
    row.cells.push_back(std::move(cell));
    if (end >= line.size()) return;
    at = end + 1;
  }
}

Table table_of_lines(const PageModel& page, const Block& block) {
  Table table;
  for (auto n = block.lines_begin; n < block.lines_end; ++n) {
    const auto span = page.lines[n].text;
    const auto line = text_of(page, span);
    if (line.starts_with('|') && is_rule(line) && !table.rows.empty()) {
      if (table.rows.size() == 1) std::ranges::for_each(table.rows.front().cells, [](Cell& cell) { cell.head = true; });
      table.rows.back().spans.push_back(span);
      continue;
    }
    Row row;
    row.spans.push_back(span);
    add_cells(row, line, span.begin);
    table.rows.push_back(std::move(row));
  }
  finish(table);
  return table;
}

/// A row of words above columns of which one at least is of numbers.
bool heads_numbers(const Table& table) {
  const auto& first = table.rows.front().cells;
  const auto words = [](const Cell& cell) { return !cell.text.empty() && !is_number(cell.text); };
  if (std::ranges::count_if(first, words) < 2 || std::ranges::any_of(first, [](const Cell& cell) { return is_number(cell.text); }))
    return false;
  struct Count {
    std::size_t numbers = 0, others = 0;
  };
  std::vector<Count> counts(first.size());
  for (auto row = table.rows.begin() + 1; row != table.rows.end(); ++row) {
    for (std::size_t column = 0; column < std::min(row->cells.size(), first.size()); ++column) {
      const auto& text = row->cells[column].text;
      if (!text.empty()) ++(is_number(text) ? counts[column].numbers : counts[column].others);
    }
  }
  for (std::size_t column = 0; column < first.size(); ++column) {
    if (words(first[column]) && counts[column].numbers >= 1 && counts[column].numbers > 2 * counts[column].others) return true;
  }
  return false;
}

Table table_of_page(const PageModel& page, const Block& block, std::uint32_t number) {
  auto table = table_of(page, block);
  for (auto& row : table.rows) row.page = number;
  return table;
}

}  // namespace

bool is_number(std::string_view text) {
  std::size_t digits = 0, letters = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') ++digits;
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (static_cast<unsigned char>(c) & 0xC0) == 0xC0;
    if (letter) ++letters;
  }
  return digits > letters;
}

Layout::Places Layout::operator()(const Row& row) {
  Places places;
  std::vector<Cover> covers;
  auto cover = covers_.begin();
  const auto keep = [&] {
    places.width += cover->width;
    if (--cover->rows > 0) covers.push_back(*cover);
    ++cover;
  };
  for (const auto& cell : row.cells) {
    while (cover != covers_.end() && cover->column <= places.width) keep();
    places.columns.push_back(places.width);
    if (cell.rowspan > 1) covers.push_back({places.width, cell.colspan, cell.rowspan - 1});
    places.width += cell.colspan;
  }
  while (cover != covers_.end()) {
    places.width = std::max(places.width, cover->column);
    keep();
  }
  covers_ = std::move(covers);
  return places;
}

void finish(Table& table) {
  Layout layout;
  std::vector<std::uint32_t> widths;
  widths.reserve(table.rows.size());
  for (const auto& row : table.rows) widths.push_back(layout(row).width);
  table.columns = widths.empty() ? 0 : *std::ranges::max_element(widths);
  table.short_rows = static_cast<std::uint32_t>(std::ranges::count_if(widths, [&](auto width) { return width < table.columns; }));
  const bool said = std::ranges::any_of(table.rows, [](const Row& row) { return std::ranges::any_of(row.cells, &Cell::head); });
  if (!said && table.rows.size() > 2 && heads_numbers(table)) {
    for (auto& cell : table.rows.front().cells) cell.head = true;
  }
}

void pad(Table& table) {
  std::size_t cells = 0;
  for (const auto& row : table.rows) cells += row.cells.size();
  // One long row among many short ones would grow with the square of the text.
  if (table.rows.size() * table.columns > 64 * cells + 4096) return;
  Layout layout;
  for (auto& row : table.rows) {
    const auto width = layout(row).width;
    if (width < table.columns) row.cells.resize(row.cells.size() + (table.columns - width));
  }
  table.short_rows = 0;
}

Table table_of(const PageModel& page, const Block& block) {
  if (!page.markup) {
    const std::span lines{page.lines.data() + block.lines_begin, block.lines_end - block.lines_begin};
    const bool words = !lines.empty() && std::ranges::all_of(lines, [](const Line& line) { return line.words_begin < line.words_end; });
    return words ? table_of_words(page, block) : table_of_lines(page, block);
  }
  const auto text = text_of(page, block.text);
  return text.find('<') == std::string_view::npos ? table_of_lines(page, block) : table_of_html(page, block.text);
}

Table table_of(const Book& book, const Unit& unit) {
  Table whole;
  for (std::size_t n = 0; n < unit.pieces.size();) {
    const auto& first = unit.pieces[n];
    const auto begin = n;
    while (n < unit.pieces.size() && unit.pieces[n].page == first.page && unit.pieces[n].block == first.block) ++n;
    const auto& page = book.pages[first.page];
    auto table = table_of_page(page, page.blocks[first.block], first.page);
    // Pieces and rows both follow the text, but for rows of several lines: their first line says whether they stay.
    for (auto& row : table.rows) {
      const auto at = row.spans.front().begin;
      const auto holds = [&](const Piece& piece) { return piece.text.begin < piece.text.end && at < piece.text.end; };
      const auto last = unit.pieces.begin() + static_cast<std::ptrdiff_t>(n);
      const auto piece =
          std::partition_point(unit.pieces.begin() + static_cast<std::ptrdiff_t>(begin), last, [&](const Piece& p) { return !holds(p); });
      if (piece != last && piece->text.begin <= at) whole.rows.push_back(std::move(row));
    }
    if (whole.caption.text.empty()) whole.caption = std::move(table.caption);
    whole.unclosed |= table.unclosed;
  }
  finish(whole);
  if (unit.padded) pad(whole);
  return whole;
}

}  // namespace pecia::merge
