#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "pecia/base/text.hpp"
#include "table_evidence.hpp"
#include "table_parts.hpp"

namespace pecia::merge {
namespace {

/// A table and what it has been joined to so far: the head of the first part, and the last part.
struct Chain {
  std::size_t unit = 0;
  std::uint32_t last_page = 0;
  Table first, last;
  std::string number;  ///< in its caption
};

std::uint32_t first_page(const Unit& unit) { return unit.pieces.front().page; }
std::uint32_t last_page(const Unit& unit) { return unit.pieces.back().page; }

/// The pieces without what lies in these spans, each of which lies in one piece or holds it.
std::vector<Piece> without(const std::vector<Piece>& pieces, const std::vector<Span>& spans) {
  std::vector<Piece> rest;
  for (auto piece : pieces) {
    for (const auto& span : spans) {
      if (span.end <= piece.text.begin || span.begin >= piece.text.end) continue;
      if (span.begin > piece.text.begin) {
        rest.push_back(piece);
        rest.back().text.end = span.begin;
        piece.joint = Joint::line;
      }
      piece.text.begin = std::min(span.end, piece.text.end);
    }
    if (!piece.text.empty()) rest.push_back(piece);
  }
  return rest;
}

class Joiner {
 public:
  explicit Joiner(Book& book) : book_{book} {}

  void operator()() {
    for (std::size_t n = 0; n < book_.units.size();) n = is_table(n) ? follow(n) : n + 1;
    std::erase_if(book_.units, [](const Unit& unit) { return unit.role == Role::table && unit.pieces.empty(); });
    std::ranges::stable_sort(book_.changes, {}, &Change::page);
  }

 private:
  [[nodiscard]] bool is_table(std::size_t n) const { return book_.units[n].role == Role::table && !book_.units[n].pieces.empty(); }

  /// Joins what continues the table; returns the unit to go on with.
  std::size_t follow(std::size_t n) {
    std::optional<Chain> chain;
    auto page = last_page(book_.units[n]);
    while (const auto next = next_table(n, page)) {
      if (!chain) chain = begin(n);
      if (next->rest ? !joins_rest(*chain, *next) : !joins(*chain, *next)) return next->unit;
      page = chain->last_page;
      n = next->unit;
    }
    return n + 1;
  }

  struct Next {
    std::size_t unit = 0;
    CaptionMark mark;    ///< of what stands between, on the second page
    bool below = false;  ///< a caption stands below the first part
    std::string number;  ///< in that caption
    bool rest = false;   ///< too short to be a table by itself
  };

  /// The first in the flow of the next page, with nothing between but footnotes and captions.
  [[nodiscard]] std::optional<Next> next_table(std::size_t n, std::uint32_t page) const {
    // Of a page that failed part of the text may be there: the rest is missing.
    if (page + 1 >= book_.pages.size() || !book_.pages[page].has_text || !book_.pages[page + 1].has_text) return std::nullopt;
    Next next;
    for (auto at = n + 1; at < book_.units.size(); ++at) {
      const auto& unit = book_.units[at];
      if (unit.pieces.empty()) continue;
      if (first_page(unit) > page + 1) return std::nullopt;
      if (unit.role == Role::table) {
        next.unit = at;
        return first_page(unit) == page + 1 ? std::optional{next} : std::nullopt;
      }
      if (unit.role == Role::footnote || unit.role == Role::marginal) continue;
      const auto mark = caption_mark(text_of(book_, unit));
      if (first_page(unit) == page) {
        if (!mark.continued && !mark.of_table) return std::nullopt;
        next.below |= mark.of_table && !mark.continued;
        if (!mark.number.empty()) next.number = mark.number;
        continue;
      }
      if (!mark.continued && mark.number.empty()) {
        next.unit = at;
        next.rest = is_short(unit);
        return next.rest ? std::optional{next} : std::nullopt;
      }
      next.mark = mark;
    }
    return std::nullopt;
  }

  /// One or two lines with words at known places, a block by themselves.
  [[nodiscard]] bool is_short(const Unit& unit) const {
    const auto& piece = unit.pieces.front();
    const auto& page = book_.pages[piece.page];
    const auto& block = page.blocks[piece.block];
    const auto lines = block.lines_end - block.lines_begin;
    const bool whole = std::ranges::all_of(unit.pieces, [&](const Piece& p) { return p.page == piece.page && p.block == piece.block; });
    return !page.markup && page.places == Places::words && (unit.role == Role::paragraph || unit.role == Role::list_item) && whole &&
           lines >= 1 && lines <= 2;
  }

  /// Lines with a cell in each column of the table that stands above them on the page before.
  [[nodiscard]] bool joins_rest(Chain& chain, const Next& next) {
    auto& unit = book_.units[next.unit];
    auto& page = book_.pages[first_page(unit)];
    auto& block = page.blocks[unit.pieces.front().block];
    const auto full = [&](const GridRow& row) { return row.segments.size() == chain.last.columns; };
    const auto rows = grid_rows(page, scale_of(page), block.lines_begin, block.lines_end);
    if (chain.last.columns < 2 || rows.empty() || !std::ranges::all_of(rows, full)) return false;
    const auto role = std::exchange(block.role, Role::table);
    unit.role = Role::table;
    for (auto& piece : unit.pieces) piece.joint = Joint::line;
    if (!joins(chain, next)) {
      unit.role = block.role = role;
      for (auto& piece : unit.pieces) piece.joint = &piece == unit.pieces.data() ? Joint::first : Joint::space;
      return false;
    }
    block.evidence = fmt::format("the rest of the table on the page before: words in each of its {} columns", chain.last.columns);
    return true;
  }

  [[nodiscard]] Chain begin(std::size_t n) const {
    Chain chain;
    chain.unit = n;
    chain.last_page = last_page(book_.units[n]);
    chain.first = table_of(book_, book_.units[n]);
    chain.last = chain.first;
    chain.number = caption_mark(chain.first.caption.text).number;
    if (n > 0 && chain.number.empty()) chain.number = caption_mark(text_of(book_, book_.units[n - 1])).number;
    return chain;
  }

  bool joins(Chain& chain, const Next& next) {
    auto& unit = book_.units[next.unit];
    auto table = table_of(book_, unit);
    const auto own = caption_mark(table.caption.text);
    auto mark = next.mark;
    mark.continued |= own.continued;
    if (mark.number.empty()) mark.number = own.number;
    const auto repeated = repeated_head_rows(chain.first, table);
    if (chain.number.empty()) chain.number = next.number;
    const bool of_next = !next.number.empty() && next.number != chain.number;  // the caption of the second table, above it
    const auto evidence = of_next ? std::string{} : evidence_for(chain, unit, table, mark, next.below, repeated);
    if (evidence.empty()) return false;
    join(chain, unit, table, repeated, evidence);
    chain.last = std::move(table);
    return true;
  }

  /// Why the second table continues the first; empty: it does not.
  [[nodiscard]] std::string evidence_for(const Chain& chain, const Unit& unit, const Table& table, const CaptionMark& mark, bool below,
                                         std::size_t repeated) const {
    const auto& before = book_.pages[chain.last_page];
    const auto& after = book_.pages[first_page(unit)];
    if (table.columns != chain.last.columns || table.columns < 2) return {};
    if (!columns_agree(before, chain.last, after, table)) return {};
    const bool same_number = !mark.number.empty() && mark.number == chain.number;
    if (!mark.number.empty() && !chain.number.empty() && !same_number) return {};
    if (!mark.number.empty() && chain.number.empty() && !mark.continued) return {};
    auto evidence = fmt::format("the same {} columns", table.columns);
    if (mark.continued) evidence += ", said to be continued";
    if (same_number) evidence += fmt::format(", both are table {}", mark.number);
    if (repeated > 0) evidence += ", the head is repeated";
    if (is_carried(chain.last)) evidence += ", sums are carried forward";
    if (mark.continued || same_number || repeated > 0 || is_carried(chain.last)) return evidence;
    if (below || has_other_head(chain.first, table) || ends_in_total(chain.last) || !kinds_agree(chain.last, table)) return {};
    return reaches_over(chain, unit) ? evidence + ", from the foot of a page to the head of the next" : std::string{};
  }

  /// The first part ends low on its page and the second begins high, as far as that is known.
  [[nodiscard]] bool reaches_over(const Chain& chain, const Unit& unit) const {
    const auto block_of = [&](const Piece& piece) -> const Block& { return book_.pages[piece.page].blocks[piece.block]; };
    const auto& above = block_of(book_.units[chain.unit].pieces.back());
    const auto& below = block_of(unit.pieces.front());
    const auto height_above = book_.pages[chain.last_page].height_px, height_below = book_.pages[first_page(unit)].height_px;
    if (above.placed && height_above > 0 && above.box.y1 < .6F * height_above) return false;
    return !(below.placed && height_below > 0 && below.box.y0 > .4F * height_below);
  }

  void join(Chain& chain, Unit& unit, Table& table, std::size_t repeated, const std::string& evidence) {
    const auto page = first_page(unit);
    book_.changes.push_back({ChangeKind::joined_table, page, {}, evidence});
    std::vector<Span> dropped;
    for (std::size_t n = 0; n < repeated; ++n) {
      for (const auto& span : table.rows[n].spans) {
        dropped.push_back(span);
        const auto text = shortened(to_text({{}, {table.rows[n]}, 0, false, 0}), 60);
        book_.changes.push_back(
            {ChangeKind::dropped_head_row, page, span, fmt::format("the head of the table again: {}", printable(text))});
      }
    }
    auto pieces = without(unit.pieces, dropped);
    if (!pieces.empty()) pieces.front().joint = Joint::line;
    auto& joined = book_.units[chain.unit].pieces;
    joined.insert(joined.end(), pieces.begin(), pieces.end());
    chain.last_page = last_page(unit);
    unit.pieces.clear();
    table.rows.erase(table.rows.begin(), table.rows.begin() + static_cast<std::ptrdiff_t>(repeated));
  }

  Book& book_;
};

}  // namespace

void join_tables(Book& book, const MergeSettings& settings) {
  if (settings.join_tables) Joiner{book}();
}

}  // namespace pecia::merge
