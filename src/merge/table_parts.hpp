#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "pecia/merge/table.hpp"

namespace pecia::merge {

/// Of HTML, however broken. Nothing of the text is lost: what stands outside of cells becomes rows.
[[nodiscard]] Table table_of_html(const PageModel& page, Span text);
/// Of words with boxes.
[[nodiscard]] Table table_of_words(const PageModel& page, const Block& block);

/// Says in which columns the cells of rows stand that come one after the other, with what cells above cover.
class Layout {
 public:
  struct Places {
    std::vector<std::uint32_t> columns;  ///< of each cell of the row, its first
    std::uint32_t width = 0;             ///< of the row
  };
  [[nodiscard]] Places operator()(const Row& row);

 private:
  struct Cover {
    std::uint32_t column = 0, width = 0, rows = 0;
  };
  std::vector<Cover> covers_;  ///< from the left
};

/// Counts columns and short rows, and takes a first row of words above columns of numbers for a head.
void finish(Table& table);

/// More digits than letters.
[[nodiscard]] bool is_number(std::string_view text);

/// Words of one line between gaps much wider than blanks.
struct Segment {
  result::Box box;
  std::uint32_t line = 0;                        ///< of `PageModel::lines`
  std::uint32_t words_begin = 0, words_end = 0;  ///< of `PageModel::words`
  Span text;                                     ///< up to the next segment of its line
};
/// Segments that stand on one height, from the left.
struct GridRow {
  result::Box box;
  std::vector<Segment> segments;
};
struct Column {
  float x0 = 0, x1 = 0;
};
/// What is much wider than a blank on this page, and the height of its lines.
struct Scale {
  float gap_px = 0, line_px = 0;
};
[[nodiscard]] Scale scale_of(const PageModel& page);
/// The lines [begin, end) as rows from above; lines without words with boxes are left out.
[[nodiscard]] std::vector<GridRow> grid_rows(const PageModel& page, Scale scale, std::uint32_t lines_begin, std::uint32_t lines_end);
/// More than any table of a book has; what is wider costs the square of its cells.
inline constexpr std::size_t most_columns = 200;
/// The stretches that gaps shared by nearly all rows separate, from the left; none where there would be more than `most_columns`.
[[nodiscard]] std::vector<Column> columns_of(std::span<const GridRow> rows, Scale scale);
/// Where a segment stands: its first column, and how many it touches; the nearest where it touches none.
struct Reach {
  std::size_t column = 0, columns = 1;
  bool touches = true;
};
[[nodiscard]] Reach reach_of(const result::Box& box, std::span<const Column> columns);

/// Dots that lead from a title to its page number.
[[nodiscard]] bool is_leader(std::string_view word);

}  // namespace pecia::merge
