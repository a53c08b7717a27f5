#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "pecia/base/ascii.hpp"
#include "pecia/merge/markup.hpp"
#include "table_parts.hpp"

namespace pecia::merge {
namespace {

class HtmlTable {
 public:
  HtmlTable(const PageModel& page, Span text) : text_{text_of(page, text)}, begin_{text.begin} {}

  Table operator()() {
    while (at_ < text_.size()) {
      const auto rest = text_.substr(at_);
      const auto tag = rest.front() == '<' ? html_tag(rest) : std::nullopt;
      if (!tag) {
        add_text(rest);
        continue;
      }
      on_tag(*tag);
      at_ += tag->size;
    }
    table_.unclosed |= depth_ > 0 || cell_open_ || (row_open_ && !loose_);
    close_row(size());
    table_.caption = caption_.take();
    limit_spans();
    finish(table_);
    for (const auto row : loose_rows_) table_.rows[row].cells.front().colspan = std::max(1U, table_.columns);
    if (!loose_rows_.empty()) finish(table_);
    return std::move(table_);
  }

 private:
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(text_.size()); }
  [[nodiscard]] std::uint32_t behind(const HtmlTag& tag) const { return static_cast<std::uint32_t>(at_ + tag.size); }

  void add_text(std::string_view rest) {
    std::string sign;
    auto taken = rest.front() == '&' ? take_entity(rest, sign) : 0;
    if (taken == 0) sign = rest.front(), taken = 1;
    const bool blank = ascii_white.find(sign.front()) != std::string_view::npos;
    if (in_caption_) {
      caption_.add(sign);
    } else if (cell_open_ || !blank) {
      if (!cell_open_) open_loose_cell();
      cell_.add(sign);
    }
    at_ += taken;
  }

  /// Text where no cell is open: beside the table, or between its cells. What is open of sup, sub and u goes with it.
  void open_loose_cell() {
    auto begun = std::exchange(cell_, {});
    table_.unclosed |= depth_ > 0;
    if (!row_open_) {
      open_row();
      loose_ = depth_ == 0;
    }
    open_cell({});
    cell_ = std::move(begun);
  }

  void open_row() {
    close_row(static_cast<std::uint32_t>(at_));
    table_.rows.push_back({0, {{begin_ + static_cast<std::uint32_t>(at_), 0}}, {}});
    row_open_ = true;
  }

  void open_cell(const HtmlTag& tag) {
    if (!row_open_) open_row();
    close_cell(static_cast<std::uint32_t>(at_));
    Cell cell;
    cell.span.begin = begin_ + static_cast<std::uint32_t>(at_);
    cell.colspan = tag.columns;
    cell.rowspan = tag.rows;
    cell.head = !tag.name.empty() && (in_head_ || tag.name == "th");
    table_.rows.back().cells.push_back(std::move(cell));
    cell_open_ = true;
  }

  void close_cell(std::uint32_t end) {
    auto text = cell_.take();
    if (!cell_open_) return;
    auto& cell = table_.rows.back().cells.back();
    static_cast<MarkedText&>(cell) = std::move(text);
    cell.span.end = begin_ + end;
    cell_open_ = false;
  }

  void close_row(std::uint32_t end) {
    close_cell(end);
    if (!row_open_) return;
    auto& row = table_.rows.back();
    row.spans.front().end = begin_ + end;
    if (row.cells.empty()) row.cells.emplace_back();
    if (loose_) loose_rows_.push_back(table_.rows.size() - 1);
    row_open_ = loose_ = false;
  }

  void on_tag(const HtmlTag& tag) {
    if (tag.name == "table") return on_table(tag);
    if (const auto what = inline_of(tag.name)) return on_inline(*what, tag.closes);
    if (is_within_words(tag.name)) return;
    if (depth_ > 1 || depth_ == 0) {
      if (depth_ == 0 && (tag.name == "tr" || tag.name == "td" || tag.name == "th")) table_.unclosed = true;
      if (depth_ > 1) return separate();
    }
    if (tag.name == "tr") return on_row(tag);
    if (tag.name == "td" || tag.name == "th") return on_cell(tag);
    if (tag.name == "thead") {
      in_head_ = !tag.closes;
    } else if (tag.name == "caption") {
      in_caption_ = !tag.closes;
    } else if (tag.name == "p" || tag.name == "div") {
      separate();
    }
  }

  void on_inline(Inline what, bool closes) {
    auto& text = in_caption_ ? caption_ : cell_;
    if (what == Inline::line_break)
      text.break_line();
    else if (closes)
      text.close(what);
    else
      text.open(what);
  }

  /// Of an inner table the text goes on in its cell.
  void separate() {
    if (in_caption_) caption_.add(" ");
    if (cell_open_) cell_.add(" ");
  }

  void on_table(const HtmlTag& tag) {
    in_caption_ = false;
    if (!tag.closes) {
      if (depth_ == 0) close_row(static_cast<std::uint32_t>(at_));
      ++depth_;
      return separate();
    }
    if (depth_ > 1) {
      --depth_;
      return separate();
    }
    table_.unclosed |= depth_ == 0 || row_open_;
    close_row(static_cast<std::uint32_t>(at_));
    depth_ = 0;
    in_head_ = false;
  }

  void on_row(const HtmlTag& tag) {
    in_caption_ = false;
    table_.unclosed |= tag.closes ? !row_open_ || cell_open_ : row_open_;
    tag.closes ? close_row(behind(tag)) : open_row();
  }

  void on_cell(const HtmlTag& tag) {
    in_caption_ = false;
    table_.unclosed |= tag.closes != cell_open_ || !row_open_;
    tag.closes ? close_cell(behind(tag)) : open_cell(tag);
  }

  /// A table cannot be wider or longer than its text could fill: a number in a tag must not cost more than text.
  void limit_spans() {
    const auto& rows = table_.rows;
    const std::uint64_t widest = rows.empty() ? 0 : text_.size() / rows.size();
    std::uint64_t covered = 0;
    for (std::size_t n = 0; n < rows.size(); ++n) {
      auto& cells = table_.rows[n].cells;
      std::uint64_t width = 0;
      for (auto& cell : cells) {
        width += cell.colspan;
        cell.rowspan = static_cast<std::uint32_t>(std::min<std::uint64_t>(cell.rowspan, rows.size() - n));
        covered += cell.rowspan - 1;
        if (covered > text_.size()) cell.rowspan = 1;
      }
      if (width <= widest) continue;
      for (auto& cell : cells) cell.colspan = 1;
    }
  }

  std::string_view text_;
  std::uint32_t begin_;
  std::size_t at_ = 0;
  Table table_;
  MarkedTextBuilder cell_, caption_;
  std::size_t depth_ = 0;
  bool row_open_ = false, cell_open_ = false, loose_ = false, in_head_ = false, in_caption_ = false;
  std::vector<std::size_t> loose_rows_;
};

}  // namespace

Table table_of_html(const PageModel& page, Span text) { return HtmlTable{page, text}(); }

}  // namespace pecia::merge
