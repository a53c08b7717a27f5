#include "book_flow.hpp"

#include <algorithm>

namespace pecia::exporting {
namespace {

std::string piece_text(const merge::Book& book, const merge::Unit& unit, const merge::Piece& piece, Markup markup) {
  const auto& page = book.pages[piece.page];
  if (markup == Markup::kept || !page.markup || piece.block >= page.blocks.size()) return std::string{text_of(page, piece.text)};
  auto part = page.blocks[piece.block];
  part.role = unit.role;
  part.text = piece.text;
  return plain_text(page, part);
}

std::uint32_t last_page_of(const merge::Unit& unit) {
  std::uint32_t last = 0;
  for (const auto& piece : unit.pieces) last = std::max(last, piece.page);
  return last;
}

}  // namespace

UnitText text_and_breaks(const merge::Book& book, const merge::Unit& unit, Markup markup) {
  UnitText joined;
  if (unit.pieces.empty()) return joined;
  auto page = unit.pieces.front().page;
  auto begun = page;     // the last page of which it is known where it begins
  bool in_word = false;  // on the first page of a word that goes on over the break
  const auto begin_up_to = [&](std::size_t at, std::uint32_t last) {
    while (begun < last) joined.breaks.push_back({at, ++begun});
  };
  for (const auto& piece : unit.pieces) {
    const auto begin = joined.text.size();
    const bool joins_words = piece.joint == merge::Joint::hyphen || piece.joint == merge::Joint::kept_hyphen;
    if (in_word && !joins_words) {
      begin_up_to(begin, page);
      in_word = false;
    }
    if (piece.page > page) {
      page = piece.page;
      in_word = joins_words;
      if (!in_word) begin_up_to(begin, page);
    }
    joined.text += between(piece.joint);
    joined.text += piece_text(book, unit, piece, markup);
    if (!in_word) continue;
    if (const auto end = joined.text.find_first_of(" \t\n", begin); end != std::string::npos) {
      begin_up_to(end, page);
      in_word = false;
    }
  }
  if (in_word) begin_up_to(joined.text.size(), page);
  return joined;
}

std::optional<merge::Table> cells_of(const merge::Book& book, const merge::Unit& unit) {
  if (unit.role != merge::Role::table || unit.pieces.empty()) return {};
  auto table = merge::table_of(book, unit);
  const bool as_written = book.pages[unit.pieces.front().page].markup ? unit.pieces.size() == 1 && !unit.padded && !table.unclosed : table.columns < 2;
  if (as_written || table.rows.empty()) return {};
  return table;
}

void go_through(const merge::Book& book, const FlowWriter& writer) {
  std::uint32_t next = 0;  // page to begin
  for (const auto& unit : book.units) {
    if (unit.pieces.empty()) continue;
    for (; next <= unit.pieces.front().page; ++next) writer.page(next);
    writer.unit(unit);
    next = std::max(next, last_page_of(unit) + 1);
  }
  for (; next < book.pages.size(); ++next) writer.page(next);
}

}  // namespace pecia::exporting
