#include "pecia/merge/book.hpp"

#include <algorithm>
#include <array>

#include "flow.hpp"
#include "kind.hpp"
#include "marks.hpp"
#include "pecia/merge/check.hpp"
#include "pecia/merge/table.hpp"
#include "roles.hpp"

namespace pecia::merge {
namespace {

/// "Chapter 4", "II.": the title stands in the next heading.
bool is_number_alone(std::string_view title) {
  if (std::ranges::count(title, ' ') > 1) return false;
  return heading_number(title).word || (title.size() <= 6 && heading_number(std::string{title} + " x").depth > 0);
}

/// Of headings, where the document itself has none.
std::vector<Heading> contents_of(const Book& book) {
  std::vector<Heading> contents;
  const Unit* previous = nullptr;
  for (const auto& unit : book.units) {
    if (unit.role != Role::heading || unit.pieces.empty()) continue;
    std::string title;
    for (const auto& piece : unit.pieces) {
      const auto& page = book.pages[piece.page];
      if (!title.empty()) title += between(piece.joint == Joint::line ? Joint::space : piece.joint);
      title += text_of(page, piece.text);
    }
    if (book.pages[unit.pieces.front().page].markup) title.erase(0, title.find_first_not_of("# "));
    std::ranges::replace(title, '\n', ' ');
    const auto page = unit.pieces.front().page;
    if (!contents.empty() && previous == &unit - 1 && contents.back().page == page && is_number_alone(contents.back().title))
      contents.back().title += ' ' + title;
    else
      contents.push_back({unit.level, std::move(title), page});
    previous = &unit;
  }
  return contents;
}

}  // namespace

std::string_view name(Kind kind) noexcept {
  constexpr std::array<std::string_view, 4> names{"automatic", "text", "forms", "mixed"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view between(Joint joint) noexcept {
  constexpr std::array<std::string_view, 6> signs{"", " ", "", "", "\n", ""};
  return signs[static_cast<std::size_t>(joint)];
}

std::string_view name(ChangeKind kind) noexcept {
  constexpr std::array<std::string_view, 11> names{
      "joined_hyphen",     "joined_paragraph",  "joined_table",      "dropped_head_row", "removed_running_head", "removed_page_number",
      "removed_catchword", "removed_signature", "removed_duplicate", "moved_block",      "repaired"};
  return names[static_cast<std::size_t>(kind)];
}

std::string_view name(Severity severity) noexcept {
  constexpr std::array<std::string_view, 3> names{"note", "warning", "error"};
  return names[static_cast<std::size_t>(severity)];
}

std::string_view name(FindingKind kind) noexcept {
  constexpr std::array<std::string_view, 13> names{"unexplained_text", "page_order",      "heading_order",  "duplicate_page",
                                                   "duplicate_block",  "broken_table",    "broken_formula", "missing_page",
                                                   "failed_page",      "pending_page",    "language_change", "mended_text",
                                                   "running_heads_kept"};
  return names[static_cast<std::size_t>(kind)];
}

Book bind(const Document& document, const MergeSettings& settings, const Outline& outline) {
  Book book;
  book.document = &document;
  book.pages.reserve(document.pages.size());
  for (const auto& page : document.pages) {
    book.pages.push_back(model_of(page));
    mark_tables(book.pages.back());
  }
  book.kind = settings.kind == Kind::automatic ? kind_of(book.pages) : settings.kind;
  const auto layouts = find_roles(book, settings, outline);
  flow_units(book, settings, layouts);
  join_tables(book, settings);
  book.contents = outline.entries.empty() ? contents_of(book) : outline.entries;
  check(book, settings);
  std::ranges::stable_sort(book.changes, {}, &Change::page);
  return book;
}

std::string text_of(const Book& book, const Unit& unit) {
  std::string text;
  for (const auto& piece : unit.pieces) {
    text += between(piece.joint);
    text += text_of(book.pages[piece.page], piece.text);
  }
  return text;
}

}  // namespace pecia::merge
