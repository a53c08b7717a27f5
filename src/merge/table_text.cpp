#include <fmt/format.h>

#include <algorithm>

#include "pecia/base/ascii.hpp"
#include "table_parts.hpp"

namespace pecia::merge {
namespace {

void append_html(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      default: out += c;
    }
  }
}

void append_markdown(std::string& out, std::string_view text) {
  for (std::size_t n = 0; n < text.size(); ++n) {
    const char c = text[n], next = n + 1 < text.size() ? text[n + 1] : '\0';
    const bool tag = c == '<' && (is_ascii_letter(next) || next == '/' || next == '!' || next == '?');
    if (tag || c == '|' || c == '\\') out += '\\';
    out += c == '\n' || c == '\t' ? ' ' : c;
  }
}

std::string with_tags(const MarkedText& text, void (*append)(std::string&, std::string_view)) {
  std::string out;
  const std::string_view all{text.text};
  visit(text, {[&](std::uint32_t begin, std::uint32_t end) { append(out, all.substr(begin, end - begin)); },
               [&](std::size_t mark, bool opens) { out += fmt::format("<{}{}>", opens ? "" : "/", element_of(text.marks[mark].what)); }});
  return out;
}

std::string markdown_text(const MarkedText& text) { return with_tags(text, append_markdown); }

bool is_head(const Row& row) { return !row.cells.empty() && std::ranges::all_of(row.cells, &Cell::head); }

std::string html_row(const Row& row) {
  std::string out = "<tr>";
  for (const auto& cell : row.cells) {
    const auto* name = cell.head ? "th" : "td";
    out += fmt::format("<{}", name);
    if (cell.colspan > 1) out += fmt::format(" colspan=\"{}\"", cell.colspan);
    if (cell.rowspan > 1) out += fmt::format(" rowspan=\"{}\"", cell.rowspan);
    out += fmt::format(">{}</{}>", to_html(cell), name);
  }
  return out + "</tr>\n";
}

}  // namespace

std::string to_html(const MarkedText& text) { return with_tags(text, append_html); }

std::string to_html(const Table& table) {
  std::string out = "<table>\n";
  if (!table.caption.text.empty()) out += fmt::format("<caption>{}</caption>\n", to_html(table.caption));
  auto body = std::ranges::find_if_not(table.rows, is_head);
  // A head cell that reaches down into the body would be cut off at the end of a thead.
  for (auto row = table.rows.begin(); row != body; ++row) {
    const auto below = static_cast<std::size_t>(body - row);
    if (std::ranges::none_of(row->cells, [&](const Cell& cell) { return cell.rowspan > below; })) continue;
    body = row;
    break;
  }
  if (body != table.rows.begin()) out += "<thead>\n";
  for (auto row = table.rows.begin(); row != table.rows.end(); ++row) {
    if (row == body) out += row == table.rows.begin() ? "<tbody>\n" : "</thead>\n<tbody>\n";
    out += html_row(*row);
  }
  if (!table.rows.empty()) out += body == table.rows.end() ? "</thead>\n" : "</tbody>\n";
  return out + "</table>\n";
}

std::string to_markdown(const Table& table) {
  if (table.rows.empty()) return {};
  std::string out;
  if (!table.caption.text.empty()) out += markdown_text(table.caption) + "\n\n";
  const auto line = [&](const Row& row, const Layout::Places& places, std::uint32_t columns) {
    out += '|';
    std::uint32_t column = 0;
    for (std::size_t n = 0; n < row.cells.size(); ++n) {
      for (; column < places.columns[n]; ++column) out += "  |";
      out += fmt::format(" {} |", markdown_text(row.cells[n]));
      ++column;
    }
    for (; column < columns; ++column) out += "  |";
    out += '\n';
  };
  const auto rule = [&] {
    out += '|';
    for (std::uint32_t column = 0; column < table.columns; ++column) out += " --- |";
    out += '\n';
  };
  Layout layout;
  auto row = table.rows.begin();
  if (is_head(*row)) {
    line(*row, layout(*row), table.columns);
    ++row;
  } else {
    line({}, {}, table.columns);
  }
  rule();
  // Rows may end early: what is missing is empty (GFM 4.10).
  for (; row != table.rows.end(); ++row) line(*row, layout(*row), 0);
  return out;
}

std::string to_text(const Table& table) {
  auto out = plain_text(table.caption);
  for (const auto& row : table.rows) {
    if (!out.empty()) out += '\n';
    const auto begin = out.size();
    for (std::size_t n = 0; n < row.cells.size(); ++n) {
      if (n > 0) out += '\t';
      out += plain_text(row.cells[n]);
    }
    while (out.size() > begin && out.back() == '\t') out.pop_back();
  }
  return out;
}

}  // namespace pecia::merge
