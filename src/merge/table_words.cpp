#include <algorithm>
#include <cmath>
#include <utility>

#include "layout.hpp"
#include "table_parts.hpp"

namespace pecia::merge {
namespace {

float height(const result::Box& box) { return box.y1 - box.y0; }

void extend(result::Box& box, const result::Box& with) {
  box = {std::min(box.x0, with.x0), std::min(box.y0, with.y0), std::max(box.x1, with.x1), std::max(box.y1, with.y1)};
}

/// The segments of a line, from the left also where it is written from the right.
void add_segments(std::vector<Segment>& segments, const PageModel& page, std::uint32_t number, float gap_px) {
  const auto& line = page.lines[number];
  const auto first = segments.size();
  for (auto n = line.words_begin; n < line.words_end; ++n) {
    const auto& word = page.words[n];
    if (is_leader(text_of(page, word.text))) continue;  // stands in the gap
    if (segments.size() > first) {
      auto& last = segments.back();
      const auto gap = std::max(word.box.x0 - last.box.x1, last.box.x0 - word.box.x1);
      if (gap <= gap_px) {
        extend(last.box, word.box);
        last.words_end = n + 1;
        continue;
      }
      last.words_end = n;  // leaders belong to what they begin at
    }
    segments.push_back({word.box, number, segments.size() == first ? line.words_begin : n, n + 1, {}});
  }
  if (line.words_begin >= line.words_end) return;
  if (segments.size() == first) segments.push_back({line.box, number, line.words_begin, line.words_end, {}});  // leaders alone
  segments.back().words_end = line.words_end;
  auto end = line.text.end;
  for (auto n = segments.size(); n-- > first;) {  // so that all of the line lies in one of them
    const auto begin = n == first ? line.text.begin : page.words[segments[n].words_begin].text.begin;
    segments[n].text = {begin, end};
    end = begin;
  }
  std::sort(segments.begin() + static_cast<std::ptrdiff_t>(first), segments.end(),
            [](const Segment& a, const Segment& b) { return a.box.x0 < b.box.x0; });
}

/// Stands beside what the row has so far, on the same height.
bool fits(const GridRow& row, const result::Box& box) {
  if (row.segments.size() >= most_columns) return false;
  const auto shared = std::min(row.box.y1, box.y1) - std::max(row.box.y0, box.y0);
  if (shared < .5F * std::min(height(row.box), height(box))) return false;
  return std::ranges::none_of(row.segments, [&](const Segment& segment) {
    const auto both = std::min(segment.box.x1, box.x1) - std::max(segment.box.x0, box.x0);
    return both > .3F * std::min(segment.box.x1 - segment.box.x0, box.x1 - box.x0);
  });
}

Cell cell_of(const PageModel& page, const Segment& segment) {
  Cell cell;
  cell.span = segment.text;
  cell.text = text_of(page, cell.span);
  cell.text.erase(cell.text.find_last_not_of(" \t\n") + 1);
  std::ranges::replace_if(
      cell.text, [](char c) { return c == '\n' || c == '\t'; }, ' ');
  cell.box = segment.box;
  cell.placed = true;
  return cell;
}

Row row_of(const PageModel& page, const GridRow& from, std::span<const Column> columns) {
  Row row;
  std::size_t next = 0;
  // Heads on the left of columns of numbers that stand on the right touch none of them: then their order says where they belong.
  const bool in_order = from.segments.size() == columns.size() &&
                        std::ranges::any_of(from.segments, [&](const Segment& segment) { return !reach_of(segment.box, columns).touches; });
  for (const auto& segment : from.segments) {
    const auto span = page.lines[segment.line].text;
    const auto same = [&](const Span& other) { return other.begin == span.begin; };
    if (std::ranges::none_of(row.spans, same)) row.spans.push_back(span);
    auto reach = in_order ? Reach{next, 1} : reach_of(segment.box, columns);
    const auto cell = cell_of(page, segment);
    if (reach.column < next && !row.cells.empty()) {  // two in one column: one cell
      reach.columns = reach.column + reach.columns > next ? reach.column + reach.columns - next : 0;
      auto& last = row.cells.back();
      last.text += ' ' + cell.text;
      last.span = {std::min(last.span.begin, cell.span.begin), std::max(last.span.end, cell.span.end)};
      last.colspan += static_cast<std::uint32_t>(reach.columns);
      extend(last.box, cell.box);
    } else {
      row.cells.resize(row.cells.size() + (reach.column - next));
      row.cells.push_back(cell);
      row.cells.back().colspan = static_cast<std::uint32_t>(reach.columns);
      next = reach.column;
    }
    next += reach.columns;
  }
  if (next < columns.size()) row.cells.resize(row.cells.size() + (columns.size() - next));
  std::ranges::sort(row.spans, {}, &Span::begin);
  return row;
}

}  // namespace

bool is_leader(std::string_view word) {
  std::size_t dots = 0;
  while (!word.empty()) {
    const std::size_t size = word.starts_with("…") ? 3 : word.starts_with("·") ? 2 : word.front() == '.' || word.front() == '_' ? 1 : 0;
    if (size == 0) return false;
    dots += size == 3 ? 3 : 1;
    word.remove_prefix(size);
  }
  return dots >= 2;
}

Scale scale_of(const PageModel& page) {
  std::vector<float> heights, blanks;
  for (const auto& line : page.lines) {
    if (!line.placed || line.words_begin >= line.words_end) continue;
    heights.push_back(height(line.box));
    for (auto n = line.words_begin + 1; n < line.words_end; ++n) {
      const auto gap = page.words[n].box.x0 - page.words[n - 1].box.x1;
      if (gap > 0 && gap < height(line.box)) blanks.push_back(gap);
    }
  }
  Scale scale;
  scale.line_px = median(std::move(heights));
  scale.gap_px = std::max(.9F * scale.line_px, std::min(2.5F * median(std::move(blanks)), 1.5F * scale.line_px));
  return scale;
}

std::vector<GridRow> grid_rows(const PageModel& page, Scale scale, std::uint32_t lines_begin, std::uint32_t lines_end) {
  std::vector<Segment> segments;
  for (auto n = lines_begin; n < lines_end; ++n) {
    add_segments(segments, page, n, scale.gap_px);
  }
  const auto middle = [](const Segment& segment) { return segment.box.y0 + segment.box.y1; };
  std::ranges::stable_sort(segments, {}, middle);
  std::vector<GridRow> rows;
  for (const auto& segment : segments) {
    // On skewed pages the rows of two blocks interleave: the last three are looked at, not the last alone.
    const auto looked = std::min<std::size_t>(rows.size(), 3);
    const auto row = std::find_if(rows.rbegin(), rows.rbegin() + static_cast<std::ptrdiff_t>(looked),
                                  [&](const GridRow& other) { return fits(other, segment.box); });
    if (row == rows.rbegin() + static_cast<std::ptrdiff_t>(looked)) {
      rows.push_back({segment.box, {segment}});
    } else {
      row->segments.push_back(segment);
      extend(row->box, segment.box);
    }
  }
  for (auto& row : rows) std::ranges::sort(row.segments, {}, [](const Segment& segment) { return segment.box.x0; });
  return rows;
}

namespace {

/// Cells of one column that begin or end together but do not overlap ("N/A" on the left, numbers on the right) look like two
/// columns of which no row has both.
std::vector<Column> without_halves(std::span<const GridRow> rows, std::vector<Column> columns) {
  if (columns.size() < 3 || columns.size() > 64) return columns;
  std::vector<std::uint64_t> together(columns.size());  // of each column: those that stand with it in a row, as bits
  for (const auto& row : rows) {
    std::uint64_t mask = 0;
    for (const auto& segment : row.segments) {
      const auto reach = reach_of(segment.box, columns);
      for (auto n = reach.column; reach.touches && n < reach.column + reach.columns; ++n) mask |= std::uint64_t{1} << n;
    }
    for (std::size_t n = 0; n < columns.size(); ++n) together[n] |= (mask >> n & 1U) != 0 ? mask : 0;
  }
  std::vector<Column> whole{columns.front()};
  auto apart = together.front();
  for (std::size_t n = 1; n < columns.size(); ++n) {
    if ((apart >> n & 1U) != 0) {
      whole.push_back(columns[n]);
      apart = together[n];
    } else {
      whole.back().x1 = columns[n].x1;
      apart |= together[n];
    }
  }
  return whole;
}

}  // namespace

std::vector<Column> columns_of(std::span<const GridRow> rows, Scale scale) {
  struct Edge {
    float x = 0;
    int step = 0;
  };
  std::vector<Edge> edges;
  for (const auto& row : rows) {
    for (const auto& segment : row.segments) edges.insert(edges.end(), {{segment.box.x0, 1}, {segment.box.x1, -1}});
  }
  if (edges.empty()) return {};
  std::ranges::sort(edges, [](const Edge& a, const Edge& b) { return a.x != b.x ? a.x < b.x : a.step > b.step; });
  const auto most = static_cast<int>(rows.size() / 6);  // rows that may reach over a gap: heads over several columns
  std::vector<Column> columns;
  int open = 0;
  bool in = false;
  for (const auto& edge : edges) {
    open += edge.step;
    if (!in && open > most) {
      const bool apart = columns.empty() || edge.x - columns.back().x1 > .4F * scale.line_px;
      if (apart) columns.push_back({edge.x, edge.x});
      in = true;
    } else if (in && open <= most) {
      columns.back().x1 = edge.x;
      in = false;
    }
  }
  if (columns.size() > most_columns) return {};
  return without_halves(rows, std::move(columns));
}

Reach reach_of(const result::Box& box, std::span<const Column> columns) {
  std::size_t first = columns.size(), last = 0;
  for (std::size_t n = 0; n < columns.size(); ++n) {
    const auto shared = std::min(box.x1, columns[n].x1) - std::max(box.x0, columns[n].x0);
    if (shared <= .25F * std::min(box.x1 - box.x0, columns[n].x1 - columns[n].x0)) continue;
    first = std::min(first, n);
    last = n;
  }
  if (first < columns.size()) return {first, last - first + 1};
  const auto distance = [&](const Column& column) { return std::max({box.x0 - column.x1, column.x0 - box.x1, 0.F}); };
  const auto nearest = std::ranges::min_element(columns, {}, distance);
  return {nearest == columns.end() ? 0 : static_cast<std::size_t>(nearest - columns.begin()), 1, false};
}

Table table_of_words(const PageModel& page, const Block& block) {
  Table table;
  const auto scale = scale_of(page);
  const auto rows = grid_rows(page, scale, block.lines_begin, block.lines_end);
  auto columns = columns_of(rows, scale);
  if (columns.empty()) columns.push_back({block.box.x0, block.box.x1});
  for (const auto& row : rows) table.rows.push_back(row_of(page, row, columns));
  finish(table);
  return table;
}

}  // namespace pecia::merge
