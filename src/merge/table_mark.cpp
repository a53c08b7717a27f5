#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "table_parts.hpp"

namespace pecia::merge {
namespace {

constexpr std::size_t least_rows = 3;

/// What the cells of a column are like.
struct ColumnFacts {
  std::size_t cells = 0, words = 0, letters = 0, numbers = 0, markers = 0, dotted = 0, full = 0;
  std::vector<float> left, right;
  std::vector<int> values;  ///< of cells that are one whole number

  [[nodiscard]] bool is_numeric() const { return numbers * 10 >= cells * 6; }
  [[nodiscard]] double words_per_cell() const { return cells == 0 ? 0 : static_cast<double>(words) / static_cast<double>(cells); }
  /// Lines that fill their column, as set text does.
  [[nodiscard]] bool is_prose() const { return cells >= 3 && full * 10 >= cells * 6 && letters >= 14 * cells; }
  [[nodiscard]] bool is_markers() const { return markers * 10 >= cells * 6; }
  /// Page numbers go up.
  [[nodiscard]] bool ascends() const {
    if (values.size() < least_rows || values.size() * 10 < cells * 6) return false;
    std::size_t down = 0;
    for (std::size_t n = 1; n < values.size(); ++n) down += values[n] < values[n - 1] ? 1 : 0;
    return down * 7 <= values.size();
  }
};

/// A bullet, a dash, "1.", "(a)", "12".
bool is_marker(std::string_view text) {
  if (text == "-" || text == "*" || text == "•" || text == "–" || text == "—" || text == "o" || text == "■" || text == "©") return true;
  const auto inner = text.find_first_not_of("([");
  const auto core = text.substr(std::min(inner, text.size()), text.find_last_not_of(".)]:") + 1 - std::min(inner, text.size()));
  return !core.empty() && core.size() <= 4 && core.find_first_not_of("0123456789ivxlcIVXLCabcdefgh") == std::string_view::npos &&
         (core.size() == 1 || core.find_first_of("0123456789ivxIVX") != std::string_view::npos);
}

bool is_dotted(std::string_view text) {
  return text.find('.') != std::string_view::npos && text.size() >= 3 && text.find_first_not_of("0123456789.") == std::string_view::npos;
}

std::optional<int> whole_number(std::string_view text) {
  int value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

class Judge {
 public:
  Judge(const PageModel& page, Scale scale, std::span<const GridRow> rows) : page_{page}, scale_{scale}, rows_{rows} {
    columns_ = columns_of(rows, scale);
    facts_.resize(columns_.size());
    if (columns_.size() < 2) return;
    for (const auto& row : rows) add(row);
  }

  [[nodiscard]] bool is_table() const {
    if (columns_.size() < 2 || filled_ < least_rows || filled_ * 10 < rows_.size() * 6) return false;
    return is_spread() && is_aligned() && !is_prose() && !is_contents() && (columns_.size() > 2 || is_pair()) &&
           (reads_across() || is_dense());
  }
  [[nodiscard]] std::size_t columns() const { return columns_.size(); }

 private:
  void add(const GridRow& row) {
    std::size_t last = columns_.size(), touched = 0;
    std::uint32_t first_line = row.segments.front().line, last_line = first_line;
    for (const auto& segment : row.segments) {
      const auto reach = reach_of(segment.box, columns_);
      if (reach.column != last) ++touched;
      last = reach.column;
      first_line = std::min(first_line, segment.line);
      last_line = std::max(last_line, segment.line);
      if (reach.columns == 1) add(segment, reach.column);
    }
    filled_ += touched > 1 ? 1 : 0;
    across_ += last_line - first_line < row.segments.size() ? 1 : 0;
  }

  void add(const Segment& segment, std::size_t column) {
    auto& facts = facts_[column];
    ++facts.cells;
    bool leaders = false;
    auto end = segment.words_begin;
    for (auto n = segment.words_begin; n < segment.words_end; ++n) {
      const auto word = text_of(page_, page_.words[n].text);
      const bool leader = is_leader(word) || word.ends_with("....");
      leaders |= leader;
      if (leader) continue;
      ++facts.words;
      facts.letters += word.size();
      end = n + 1;
    }
    leaders_ += leaders ? 1 : 0;
    const Span span{page_.words[segment.words_begin].text.begin, end > segment.words_begin ? page_.words[end - 1].text.end : 0};
    const auto text = span.empty() ? std::string_view{} : text_of(page_, span);
    facts.numbers += is_number(text) ? 1 : 0;
    facts.markers += is_marker(text) ? 1 : 0;
    facts.dotted += is_dotted(text) ? 1 : 0;
    if (const auto value = whole_number(text)) facts.values.push_back(*value);
    const auto width = columns_[column].x1 - columns_[column].x0;
    facts.full += segment.box.x1 - segment.box.x0 >= .85F * width ? 1 : 0;
    facts.left.push_back(segment.box.x0);
    facts.right.push_back(segment.box.x1);
  }

  /// Two columns at least stand in most rows: numbers beside some lines of a poem are no column.
  [[nodiscard]] bool is_spread() const {
    return std::ranges::count_if(facts_, [&](const ColumnFacts& facts) { return facts.cells * 10 >= rows_.size() * 6; }) >= 2;
  }

  /// The cells of most columns begin, end or are centred at the same place.
  [[nodiscard]] bool is_aligned() const {
    const auto together = [&](std::vector<float> edges) {
      if (edges.empty()) return std::size_t{0};
      const auto middle = edges.begin() + static_cast<std::ptrdiff_t>(edges.size() / 2);
      std::ranges::nth_element(edges, middle);
      const auto at = *middle;
      return static_cast<std::size_t>(std::ranges::count_if(edges, [&](float x) { return std::abs(x - at) <= .6F * scale_.line_px; }));
    };
    std::size_t aligned = 0;
    for (const auto& facts : facts_) {
      auto centres = facts.left;
      for (std::size_t n = 0; n < centres.size(); ++n) centres[n] = (facts.left[n] + facts.right[n]) / 2;
      aligned += std::max({together(facts.left), together(facts.right), together(centres)}) * 10 >= facts.cells * 6 ? 1 : 0;
    }
    return aligned * 4 >= facts_.size() * 3;
  }

  [[nodiscard]] bool is_prose() const {
    return std::ranges::all_of(facts_, [](const ColumnFacts& facts) { return facts.is_prose() || facts.words_per_cell() > 3.5; });
  }

  /// Titles, with or without numbers of sections before them, and page numbers that go up.
  [[nodiscard]] bool is_contents() const {
    const auto numeric = std::ranges::count_if(facts_, &ColumnFacts::is_numeric);
    if (facts_.front().is_numeric() && columns_.size() == 2) return false;
    if (!facts_.back().ascends() || numeric > 2) return false;
    const bool led = leaders_ * 10 >= rows_.size() * 3;
    const bool sections = facts_.front().dotted * 10 >= facts_.front().cells * 3;
    return led || sections || (columns_.size() == 2 && facts_.front().words_per_cell() >= 2);
  }

  /// Two columns are a table only where they are not lines with a number or sign beside them.
  [[nodiscard]] bool is_pair() const {
    const auto& [first, second] = std::pair<const ColumnFacts&, const ColumnFacts&>{facts_.front(), facts_.back()};
    if (first.is_prose() || second.is_prose()) return false;
    if (first.is_markers() && second.words_per_cell() >= 2.5) return false;
    return first.is_numeric() || second.is_numeric() || (first.words_per_cell() <= 3 && second.words_per_cell() <= 3);
  }

  /// The reading goes from column to column of a row: columns of text are read one by one.
  [[nodiscard]] bool reads_across() const { return across_ * 10 >= rows_.size() * 8; }

  [[nodiscard]] bool is_dense() const {
    const bool short_cells = std::ranges::all_of(facts_, [](const ColumnFacts& facts) { return facts.words_per_cell() <= 2.2; });
    return short_cells && (columns_.size() > 2 || std::ranges::any_of(facts_, &ColumnFacts::is_numeric));
  }

  const PageModel& page_;
  Scale scale_;
  std::span<const GridRow> rows_;
  std::vector<Column> columns_;
  std::vector<ColumnFacts> facts_;
  std::size_t filled_ = 0, across_ = 0, leaders_ = 0;
};

/// Blocks that a table may be found in.
bool is_open(const PageModel& page, const Block& block) {
  if (block.role != Role::paragraph && block.role != Role::list_item) return false;
  if (block.lines_begin >= block.lines_end) return false;
  for (auto n = block.lines_begin; n < block.lines_end; ++n) {
    if (page.lines[n].words_begin >= page.lines[n].words_end) return false;
  }
  return true;
}

/// How many rows from `first` may be a table, without those of one segment at the end.
std::size_t stretch(std::span<const GridRow> rows, std::size_t first, float line_px) {
  std::size_t end = first, single = 0;
  for (auto n = first; n < rows.size(); ++n) {
    if (n > first && rows[n].box.y0 - rows[n - 1].box.y1 > 3 * line_px) break;
    if (rows[n].segments.size() > 1) {
      end = n + 1;
      single = 0;
    } else if (++single > 2) {
      break;
    }
  }
  return end - first;
}

struct LineRange {
  std::uint32_t begin = 0, end = 0;
};

/// The lines of these rows, where they follow one another.
std::optional<LineRange> lines_of(std::span<const GridRow> rows) {
  std::vector<std::uint32_t> lines;
  for (const auto& row : rows) {
    for (const auto& segment : row.segments) lines.push_back(segment.line);
  }
  std::ranges::sort(lines);
  lines.erase(std::unique(lines.begin(), lines.end()), lines.end());
  if (lines.back() - lines.front() + 1 != lines.size()) return std::nullopt;
  return LineRange{lines.front(), lines.back() + 1};
}

/// A block of some lines of a block, or of it and the next.
Block part_of(const PageModel& page, const Block& block, LineRange lines) {
  Block part = block;
  part.lines_begin = lines.begin;
  part.lines_end = lines.end;
  part.text = {page.lines[lines.begin].text.begin, page.lines[lines.end - 1].text.end};
  part.box = page.lines[lines.begin].box;
  for (auto n = lines.begin; n < lines.end; ++n) {
    const auto& box = page.lines[n].box;
    part.box = {std::min(part.box.x0, box.x0), std::min(part.box.y0, box.y0), std::max(part.box.x1, box.x1), std::max(part.box.y1, box.y1)};
  }
  part.placed = true;
  part.boxes.clear();
  return part;
}

struct Found {
  LineRange lines;
  std::string evidence;
};

/// Splits blocks at the ends of tables and makes one of those in each. Tables share no lines; each lies in blocks that follow
/// one another.
void make_tables(PageModel& page, std::vector<Found> tables) {
  std::ranges::sort(tables, {}, [](const Found& found) { return found.lines.begin; });
  std::vector<Block> blocks;
  auto table = tables.begin();
  for (auto& block : page.blocks) {
    auto at = block.lines_begin;
    while (table != tables.end() && at < block.lines_end && table->lines.begin < block.lines_end) {
      if (at < table->lines.begin) blocks.push_back(part_of(page, block, {at, table->lines.begin}));
      if (table->lines.begin >= block.lines_begin) {
        blocks.push_back(part_of(page, block, table->lines));
        blocks.back().role = Role::table;
        blocks.back().evidence = std::move(table->evidence);
      }
      at = std::min(table->lines.end, block.lines_end);
      if (table->lines.end <= block.lines_end) ++table;
    }
    if (at == block.lines_begin)
      blocks.push_back(std::move(block));
    else if (at < block.lines_end)
      blocks.push_back(part_of(page, block, {at, block.lines_end}));
  }
  page.blocks = std::move(blocks);
}

/// Lines of blocks that follow one another, each open.
std::vector<LineRange> runs_of(const PageModel& page) {
  std::vector<LineRange> runs;
  bool follows = false;
  for (const auto& block : page.blocks) {
    const bool open = is_open(page, block);
    if (open && !follows) runs.push_back({block.lines_begin, block.lines_end});
    if (open) runs.back().end = block.lines_end;
    follows = open;
  }
  return runs;
}

}  // namespace

void mark_tables(PageModel& page) {
  if (page.markup || page.places != Places::words) return;
  const auto scale = scale_of(page);
  if (!(scale.line_px > 0)) return;
  std::vector<Found> tables;
  for (const auto run : runs_of(page)) {
    const auto rows = grid_rows(page, scale, run.begin, run.end);
    for (std::size_t n = 0; n < rows.size();) {
      const auto count = rows[n].segments.size() > 1 ? stretch(rows, n, scale.line_px) : 1;
      const std::span found{rows.data() + n, count};
      n += count;
      if (count < least_rows) continue;
      const Judge judge{page, scale, found};
      const auto lines = judge.is_table() ? lines_of(found) : std::nullopt;
      if (lines) tables.push_back({*lines, fmt::format("words of {} lines stand in the same {} columns", count, judge.columns())});
    }
  }
  if (!tables.empty()) make_tables(page, std::move(tables));
}

}  // namespace pecia::merge
