#include <fmt/format.h>

#include <algorithm>

#include "check_parts.hpp"
#include "formula.hpp"
#include "pecia/base/text.hpp"
#include "pecia/merge/table.hpp"

namespace pecia::merge {
namespace {

/// Of each block by itself: the parts of a joined table may be broken in different ways.
void check_table(Book& book, Unit& unit, bool repair, Findings& findings) {
  for (std::size_t n = 0; n < unit.pieces.size(); ++n) {
    const auto& piece = unit.pieces[n];
    if (n > 0 && unit.pieces[n - 1].page == piece.page && unit.pieces[n - 1].block == piece.block) continue;
    const auto& page = book.pages[piece.page];
    if (!page.markup) continue;
    auto table = table_of(page, page.blocks[piece.block]);
    if (!table.unclosed && table.short_rows == 0) continue;
    std::string detail;
    if (table.unclosed) detail = "tags of a table are not closed";
    if (table.short_rows > 0) {
      detail += fmt::format("{}{} of {} of a table have fewer than its {} columns", detail.empty() ? "" : "; ", table.short_rows,
                            plural(table.rows.size(), "row"), table.columns);
    }
    pad(table);
    const bool repaired = repair && table.short_rows == 0;
    if (repaired) {
      unit.padded = true;
      book.changes.push_back({ChangeKind::repaired, piece.page, {}, detail + ": closed, and padded with empty cells"});
    }
    findings.push_back({FindingKind::broken_table, Severity::warning, page.number, std::move(detail), repaired});
  }
}

}  // namespace

void check_format(Book& book, bool repair, Findings& findings) {
  for (auto& unit : book.units) {
    if (unit.role == Role::table) {
      check_table(book, unit, repair, findings);
      continue;
    }
    for (const auto& piece : unit.pieces) {
      const auto& page = book.pages[piece.page];
      if (!page.markup) continue;
      const auto text = text_of(page, piece.text);
      auto problem = unit.role == Role::formula ? problem_of_formula(text) : problem_of_math(text);
      if (problem.empty()) continue;
      findings.push_back({FindingKind::broken_formula, Severity::warning, page.number,
                          fmt::format("a formula does not parse: {} in {}", problem, printable(shortened(text, 80)))});
    }
  }
}

}  // namespace pecia::merge
