#include "html_unit.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "book_flow.hpp"
#include "html_text.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

using merge::Role;

std::string element_of(const merge::Unit& unit) {
  switch (unit.role) {
    case Role::heading: return fmt::format("h{}", std::clamp(unit.level + 1, 2, 6));
    case Role::list_item: return "ul";
    case Role::marginal: return "aside";
    case Role::table:
    case Role::footnote:
    case Role::formula: return "div";
    default: return "p";
  }
}

/// Without the '#' that makes a heading of a line in a model's text.
std::string_view without_marks(std::string_view text) {
  const auto marks = std::min(text.find_first_not_of('#'), text.size());
  return marks > 0 && marks <= 6 && text.substr(marks).starts_with(' ') ? text.substr(marks + 1) : text;
}

void set_text_attributes(pugi::xml_node element, const merge::PageModel& page, const std::string& text, const HtmlSettings& settings) {
  const auto languages = languages_of(page.languages);
  if (!languages.empty() && languages.front().bcp47 != settings.language) set(element, "lang", languages.front().bcp47);
  const bool right_to_left = direction_of(text) == Direction::right_to_left;
  if (right_to_left != settings.right_to_left) set(element, "dir", right_to_left ? "rtl" : "ltr");
}

void add_piece_text(HtmlText& out, const merge::PageModel& page, Role role, std::string_view text) {
  if (page.markup)
    out.append_markup(text);
  else if (role == Role::table)
    out.append_rows(text);
  else
    out.append_text(text);
}

std::string opening_tag(const merge::Cell& cell) {
  auto tag = fmt::format("<{}", cell.head ? "th" : "td");
  if (cell.colspan > 1) tag += fmt::format(" colspan=\"{}\"", cell.colspan);
  if (cell.rowspan > 1) tag += fmt::format(" rowspan=\"{}\"", cell.rowspan);
  return tag + '>';
}

void add_rows(HtmlText& out, const merge::Table& table, const std::function<void(std::uint32_t page)>& begin_page) {
  out.append_markup("<table>");
  if (!table.caption.text.empty()) {
    out.append_markup("<caption>");
    out.append_markup(to_html(table.caption));
    out.append_markup("</caption>");
  }
  for (const auto& row : table.rows) {
    begin_page(row.page);
    out.append_markup("<tr>");
    for (const auto& cell : row.cells) {
      out.append_markup(opening_tag(cell));
      out.append_markup(to_html(cell));
    }
    out.append_markup("</tr>");
  }
  out.append_markup("</table>");
}

void add_joint(HtmlText& out, const merge::Unit& unit, const merge::Piece& piece, bool markup) {
  const auto sign = merge::between(piece.joint);
  if (unit.role == Role::table && !markup) return;
  if (markup)
    out.append_markup(sign);
  else
    out.append_text(sign);
}

/// Links to the files of a figure's boxes; empty where there is none.
std::vector<std::string> links_of(const merge::Book& book, const merge::Piece& piece, const WriteContext& context) {
  const auto& page = book.pages[piece.page];
  const auto& block = page.blocks[piece.block];
  const auto links = context.figures.find(page.number);
  std::vector<std::string> found;
  if (links == context.figures.end() || !block.placed) return found;
  const auto boxes = image_boxes(book.document->pages[piece.page].outcome.reading);
  const auto equal = [](const result::Box& a, const result::Box& b) {
    return a.x0 == b.x0 && a.y0 == b.y0 && a.x1 == b.x1 && a.y1 == b.y1;
  };
  for (const auto& wanted : block.boxes.empty() ? std::vector{block.box} : block.boxes) {
    const auto box = std::ranges::find_if(boxes, [&](const auto& known) { return equal(known, wanted); });
    const auto number = static_cast<std::size_t>(box - boxes.begin());
    if (box != boxes.end() && number < links->second.size() && !links->second[number].empty()) found.push_back(links->second[number]);
  }
  return found;
}

void add_figure(pugi::xml_node parent, const merge::Book& book, const merge::Unit& unit, const WriteContext& context) {
  auto figure = parent.append_child("figure");
  for (const auto& piece : unit.pieces) {
    const auto number = book.pages[piece.page].number;
    const auto links = links_of(book, piece, context);
    for (const auto& link : links) {
      auto image = figure.append_child("img");
      set(image, "src", link);
      set(image, "alt", fmt::format("figure on page {}", number));
    }
    if (links.empty()) add_element(figure, "p", fmt::format("[figure on page {}]", number));
    if (piece.text.empty()) continue;
    HtmlText out{figure.append_child("div"), "br"};
    const auto& page = book.pages[piece.page];
    add_piece_text(out, page, unit.role, text_of(page, piece.text));
    out.finish();
  }
}

/// The pieces, and where a page begins within the unit what `begin_page` adds.
void add_pieces(HtmlText& out, const merge::Book& book, const merge::Unit& unit,
                const std::function<void(std::uint32_t page)>& begin_page) {
  const auto breaks = text_and_breaks(book, unit, Markup::kept).breaks;
  auto next = breaks.begin();
  std::size_t at = 0;  // of the joined text
  const auto begin_pages = [&] {
    for (; next != breaks.end() && next->at <= at; ++next) begin_page(next->page);
  };
  if (!unit.pieces.empty()) begin_page(unit.pieces.front().page);
  for (const auto& piece : unit.pieces) {
    const auto& page = book.pages[piece.page];
    begin_pages();
    add_joint(out, unit, piece, page.markup);
    at += merge::between(piece.joint).size();
    auto text = text_of(page, piece.text);
    const auto end = at + text.size();
    while (next != breaks.end() && next->at < end) {  // behind a word that goes on over the page break
      add_piece_text(out, page, unit.role, text.substr(0, next->at - at));
      text.remove_prefix(next->at - at);
      at = next->at;
      begin_pages();
    }
    at = end;
    if (page.markup && unit.role == Role::heading && piece.joint == merge::Joint::first) text = without_marks(text);
    add_piece_text(out, page, unit.role, text);
  }
  begin_pages();
}

}  // namespace

pugi::xml_document PageMarks::up_to(std::uint32_t page) {
  pugi::xml_document marks;
  for (; next_ <= page; ++next_) {
    const auto& model = book_.pages[next_];
    auto mark = marks.append_child("span");
    set(mark, "class", "page");
    set(mark, "id", fmt::format("page-{}", model.number));
    set(mark, "role", "doc-pagebreak");
    const auto printed = model.printed_number.empty() ? std::string{} : fmt::format(", printed number {}", model.printed_number);
    set(mark, "aria-label", fmt::format("page {}{}", model.number, printed));
    set(mark, "data-page", fmt::format("{}", model.number));
    const auto text = notice(book_.document->pages[next_]);
    if (text.empty()) continue;
    auto note = add_element(marks, "span", fmt::format("[{}]", text));
    set(note, "class", "notice");
    set(note, "role", "note");
  }
  return marks;
}

void add_unit(pugi::xml_node parent, const merge::Book& book, const merge::Unit& unit, const WriteContext& context,
              const HtmlSettings& settings, PageMarks& marks) {
  if (unit.role == Role::figure) return add_figure(parent, book, unit, context);
  const auto text = text_of(book, unit);
  auto element = parent.append_child(element_of(unit).c_str());
  if (unit.role != Role::heading && unit.role != Role::paragraph) set(element, "class", name(unit.role));
  if (unit.role == Role::footnote) set(element, "role", "doc-footnote");
  if (!unit.pieces.empty()) set_text_attributes(element, book.pages[unit.pieces.front().page], text, settings);
  HtmlText out{element, unit.role == Role::list_item ? "li" : "br"};
  const auto begin_page = [&](std::uint32_t page) {
    const auto page_marks = marks.up_to(page);
    for (const auto& mark : page_marks.children()) out.insert(mark);
  };
  if (const auto table = cells_of(book, unit)) {
    add_rows(out, *table, begin_page);
    out.finish();
    return;
  }
  add_pieces(out, book, unit, begin_page);
  out.finish();
  // A model's text may hold a table anywhere; paragraphs and headings may not.
  const std::string_view element_name{element.name()};
  if (out.has_table() && element_name != "ul" && element_name != "aside") element.set_name("div");
}

}  // namespace pecia::exporting
