#include <fmt/format.h>

#include <algorithm>

#include "book_flow.hpp"
#include "gaps.hpp"
#include "markdown_escape.hpp"
#include "pecia/export/texts.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

using merge::Role;

bool same(const result::Box& one, const result::Box& other) {
  return one.x0 == other.x0 && one.y0 == other.y0 && one.x1 == other.x1 && one.y1 == other.y1;
}

std::string without_line_ends(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

class MarkdownWriter {
 public:
  MarkdownWriter(const merge::Book& book, const ImageLinks& figures) : book_{book}, figures_{figures} {}

  std::string operator()() && {
    if (const auto gaps = gaps_notice(*book_.document); !gaps.empty()) out_ += markdown_notice(gaps);
    go_through(book_, {[this](std::uint32_t page) { begin_page(page); }, [this](const merge::Unit& unit) { write(unit); }});
    return std::move(out_);
  }

 private:
  void begin_block() {
    if (!out_.empty()) out_ += '\n';
  }

  void begin_page(std::uint32_t number) {
    const auto& page = page_of(book_, number);
    if (page.number > 0) {
      begin_block();
      out_ += fmt::format("<!-- page {} -->\n", page.number);
    }
    const auto text = notice(page);
    if (text.empty()) return;
    begin_block();
    out_ += markdown_notice(text);
  }

  /// The marks of the pages that begin within a unit.
  std::vector<Insertion> marks_of(const UnitText& text) const {
    std::vector<Insertion> marks;
    for (const auto& begins : text.breaks) {
      const auto& page = page_of(book_, begins.page);
      auto& mark = marks.emplace_back(Insertion{begins.at, fmt::format(" <!-- page {} -->", page.number)});
      if (const auto what = notice(page); !what.empty()) mark.text += " " + markdown_remark(what);
    }
    return marks;
  }

  void write(const merge::Unit& unit) {
    if (unit.role == Role::figure) write_figures(unit);
    const auto& first = book_.pages[unit.pieces.front().page];
    auto joined = text_and_breaks(book_, unit, unit.role == Role::heading ? Markup::removed : Markup::kept);
    if (joined.text.empty()) return;
    begin_block();
    if (unit.role == Role::footnote || unit.role == Role::marginal)
      out_ += fmt::format("<!-- {} of page {} -->\n\n", unit.role == Role::footnote ? "footnote" : "marginal note", first.number);
    const auto marks = marks_of(joined);
    if (const auto table = cells_of(book_, unit)) return write_table(*table, first.markup, marks);
    if (unit.role == Role::heading) {
      out_ += std::string(static_cast<std::size_t>(std::clamp(unit.level, 1, 6)), '#') + ' ';
      joined.text = without_line_ends(std::move(joined.text));
    }
    if (first.markup)
      append_marked_up(joined.text, marks);
    else
      append_escaped(out_, joined.text, marks, unit.role == Role::list_item ? ListMarks::kept : ListMarks::escaped);
  }

  /// Pages that begin within it are marked behind it.
  void write_table(const merge::Table& table, bool as_html, const std::vector<Insertion>& marks) {
    out_ += as_html ? to_html(table) : to_markdown(table);
    if (!out_.ends_with('\n')) out_ += '\n';
    for (const auto& mark : marks) out_ += '\n' + mark.text.substr(1) + '\n';
  }

  /// Markdown already, but for what must not be in it.
  void append_marked_up(const std::string& text, const std::vector<Insertion>& marks) {
    std::size_t at = 0;
    for (const auto& mark : marks) {
      append_model_text(out_, std::string_view{text}.substr(at, mark.at - at));
      out_ += mark.text;
      at = mark.at;
    }
    append_model_text(out_, std::string_view{text}.substr(at));
    out_ += '\n';
  }

  void write_figures(const merge::Unit& unit) {
    for (const auto& piece : unit.pieces) {
      const auto& page = book_.pages[piece.page];
      const auto& block = page.blocks[piece.block];
      if (!block.placed) continue;
      const auto all = image_boxes(page_of(book_, piece.page).outcome.reading);
      const auto links = figures_.find(page.number);
      for (const auto& box : block.boxes.empty() ? std::vector{block.box} : block.boxes) {
        const auto at =
            static_cast<std::size_t>(std::ranges::find_if(all, [&](const auto& other) { return same(box, other); }) - all.begin());
        const bool linked = links != figures_.end() && at < links->second.size() && !links->second[at].empty();
        begin_block();
        out_ += linked ? fmt::format("![]({})\n", links->second[at])
                       : fmt::format("<!-- image {:.0f} {:.0f} {:.0f} {:.0f} -->\n", box.x0, box.y0, box.x1, box.y1);
      }
    }
  }

  const merge::Book& book_;
  const ImageLinks& figures_;
  std::string out_;
};

}  // namespace

std::string to_markdown(const merge::Book& book, const ImageLinks& figures) { return MarkdownWriter{book, figures}(); }

}  // namespace pecia::exporting
