#include "layout.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "characters.hpp"
#include "head_parts.hpp"

namespace pecia::merge {
namespace {

constexpr int head_rows = 3, foot_rows = 4;
constexpr std::uint32_t long_line_bytes = 20;
constexpr std::size_t gap_rows = 8;  ///< of staggered columns, the next line of a column may be some rows away

float middle(const result::Box& box) { return (box.y0 + box.y1) / 2; }

float quantile(std::vector<float>& values, double share) {
  if (values.empty()) return 0;
  const auto at = values.begin() + std::lround(share * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

struct LayoutRow {
  std::vector<const LinePlace*> lines;
  float top = 0, bottom = 0;  ///< of the height that all of them share
  float smallest = 0;         ///< height of a line
};

/// Lines at one height, from the head of the page; without places each line is a row.
std::vector<LayoutRow> rows_of(const std::vector<LinePlace>& places, bool placed) {
  std::vector<const LinePlace*> sorted;
  sorted.reserve(places.size());
  for (const auto& place : places) sorted.push_back(&place);
  if (placed) std::ranges::stable_sort(sorted, {}, [](const LinePlace* place) { return middle(place->box); });
  std::vector<LayoutRow> rows;
  for (const auto* place : sorted) {
    const auto& box = place->box;
    const auto height = box.y1 - box.y0;
    if (placed && !rows.empty()) {
      // With what all have in common: of staggered columns, each line overlaps the one before.
      auto& row = rows.back();
      const auto top = std::max(row.top, box.y0), bottom = std::min(row.bottom, box.y1);
      const auto smallest = std::min(row.smallest, height);
      if (bottom - top > smallest / 2) {
        row.lines.push_back(place);
        row.top = top;
        row.bottom = bottom;
        row.smallest = smallest;
        continue;
      }
    }
    rows.push_back({{place}, box.y0, box.y1, height});
  }
  return rows;
}

bool overlap_in_x(const result::Box& one, const result::Box& other) { return std::min(one.x1, other.x1) > std::max(one.x0, other.x0); }

/// Digits, and a roman number at the end.
std::string digits_of(std::string_view text) {
  std::string digits;
  for (const char c : text) {
    if (c >= '0' && c <= '9')
      digits += c;
    else if (!digits.empty() && digits.back() != ' ')
      digits += ' ';
  }
  auto last = text.substr(text.find_last_of(' ') + 1);
  while (!last.empty() && (last.back() == '.' || last.back() == ',')) last.remove_suffix(1);
  if (last.size() < text.size() && parse_roman(last)) digits += last;
  return digits;
}

bool has_lower(std::string_view text) {
  while (!text.empty()) {
    const auto next = first_character(text);
    if (is_lower(next.code)) return true;
    text.remove_prefix(next.bytes);
  }
  return false;
}

class EdgeFinder {
 public:
  EdgeFinder(const PageModel& page, const std::vector<LinePlace>& places, const PageLayout& layout)
      : page_{page}, layout_{layout}, rows_{rows_of(places, layout.placed)} {}

  std::vector<EdgeLine> operator()() const {
    std::vector<EdgeLine> lines;
    const auto count = static_cast<int>(rows_.size());
    const auto heads = std::min(head_rows, (count + 1) / 2);
    for (int row = 0; row < heads; ++row) add(lines, row, false);
    for (int row = 0; row < std::min(foot_rows, count - heads); ++row) add(lines, row, true);
    return lines;
  }

 private:
  void add(std::vector<EdgeLine>& lines, int row, bool foot) const {
    const auto at = static_cast<std::size_t>(foot ? static_cast<int>(rows_.size()) - 1 - row : row);
    for (const auto* place : rows_[at].lines) {
      if (!has_running_text(page_.blocks[place->block].role)) continue;
      lines.push_back(line_of(*place, row, foot));
      lines.back().beside = static_cast<int>(rows_[at].lines.size()) - 1;
      lines.back().gap = gap(*place, at, foot);
      lines.back().fills = fills(lines.back(), *place, at, foot);
    }
  }

  [[nodiscard]] EdgeLine line_of(const LinePlace& place, int row, bool foot) const {
    const auto text = text_of(page_, page_.lines[place.line].text);
    EdgeLine line;
    line.line = place.line;
    line.block = place.block;
    line.foot = foot;
    line.row = row;
    line.key = letters_of(text);
    line.digits = digits_of(text);
    line.numbers = page_number_candidates(text);
    line.capitals = !has_lower(text);
    if (const auto parts = head_parts(page_, page_.lines[place.line]); parts.found())
      line.parts = {{letters_of(parts.begin), digits_of(parts.begin)}, {letters_of(parts.end), digits_of(parts.end)}};
    if (!layout_.placed) return line;
    const auto width = std::max(layout_.right_px - layout_.left_px, 1.F);
    line.y = middle(place.box) / std::max(layout_.height_px, 1.F);
    line.left = (place.box.x0 - layout_.left_px) / width;
    line.right = (place.box.x1 - layout_.left_px) / width;
    line.size = (place.box.y1 - place.box.y0) / std::max(layout_.height_px, 1.F);
    return line;
  }

  /// To the nearest line that stands below or above it, or the nearest of the next row if none does.
  [[nodiscard]] float gap(const LinePlace& place, std::size_t row, bool foot) const {
    const auto next = foot ? row - 1 : row + 1;
    if (!layout_.placed || next >= rows_.size() || layout_.pitch_px <= 0) return 0;
    for (std::size_t n = 0, at = next; n < gap_rows && at < rows_.size(); ++n, foot ? --at : ++at) {
      const auto below = std::ranges::find_if(rows_[at].lines, [&](const auto* other) { return overlap_in_x(place.box, other->box); });
      if (below != rows_[at].lines.end()) return distance(place, **below, foot) / layout_.pitch_px;
    }
    return distance(place, *rows_[next].lines.front(), foot) / layout_.pitch_px;
  }

  [[nodiscard]] float distance(const LinePlace& place, const LinePlace& other, bool foot) const {
    const auto& upper = foot ? other.box : place.box;
    const auto& lower = foot ? place.box : other.box;
    return layout_.by_blocks ? lower.y0 - upper.y1 + layout_.letter_px : middle(lower) - middle(upper);
  }

  [[nodiscard]] bool fills(const EdgeLine& line, const LinePlace& place, std::size_t row, bool foot) const {
    const auto next = foot ? row - 1 : row + 1;
    if (layout_.by_blocks && place.box.y1 - place.box.y0 > 1.8F * layout_.letter_px) return true;  // it is set in several lines
    if (next >= rows_.size() || rows_[next].lines.front()->block != place.block) return false;
    if (layout_.placed && !layout_.by_blocks) return line.left < .1F && line.right > .9F && line.gap < 1.35F;
    const auto length = page_.lines[place.line].text.end - page_.lines[place.line].text.begin;
    const auto other = page_.lines[rows_[next].lines.front()->line].text;
    return 10 * length >= 8 * (other.end - other.begin);
  }

  const PageModel& page_;
  const PageLayout& layout_;
  std::vector<LayoutRow> rows_;
};

}  // namespace

bool is_upright(const PageModel& page) {
  std::size_t lines = 0, strips = 0, directed = 0, backward = 0;
  for (const auto& line : page.lines) {
    const auto text = text_of(page, line.text);
    if (!line.placed || text.size() < 4) continue;
    ++lines;
    strips += line.box.y1 - line.box.y0 > line.box.x1 - line.box.x0 ? 1 : 0;
    if (line.words_end - line.words_begin < 2 || is_right_to_left(first_character(without_opening_marks(text)).code)) continue;
    ++directed;
    backward += page.words[line.words_begin].box.x0 > page.words[line.words_end - 1].box.x0 ? 1 : 0;
  }
  return lines == 0 || (2 * strips <= lines && 2 * backward <= directed);
}

std::vector<LinePlace> places_of(const PageModel& page) {
  const bool upright = is_upright(page);
  std::vector<LinePlace> places;
  places.reserve(page.lines.size());
  for (std::uint32_t n = 0; n < page.blocks.size(); ++n) {
    const auto& block = page.blocks[n];
    const auto count = static_cast<float>(block.lines_end - block.lines_begin);
    for (auto line = block.lines_begin; line < block.lines_end; ++line) {
      LinePlace place{line, n, page.lines[line].box, page.lines[line].placed && upright};
      if (!place.placed && block.placed && upright) {
        const auto share = (block.box.y1 - block.box.y0) / count, before = static_cast<float>(line - block.lines_begin);
        place.box = {block.box.x0, block.box.y0 + before * share, block.box.x1, block.box.y0 + (before + 1) * share};
        place.placed = true;
      }
      places.push_back(place);
    }
  }
  return places;
}

PageLayout layout_of(const PageModel& page, const std::vector<LinePlace>& places) {
  PageLayout layout;
  const auto placed = static_cast<std::size_t>(std::ranges::count_if(places, &LinePlace::placed));
  layout.placed = placed > 0 && 10 * placed >= 9 * places.size();
  if (!layout.placed) return layout;
  std::vector<float> heights, pitches, lefts, rights;
  layout.height_px = page.height_px;
  for (std::size_t n = 0; n < places.size(); ++n) {
    const auto& box = places[n].box;
    layout.height_px = std::max(layout.height_px, box.y1);
    heights.push_back(box.y1 - box.y0);
    lefts.push_back(box.x0);
    rights.push_back(box.x1);
    if (n > 0 && places[n].block == places[n - 1].block) {
      const auto pitch = middle(box) - middle(places[n - 1].box);
      if (pitch > 0) pitches.push_back(pitch);
    }
  }
  const auto own = std::ranges::count_if(places, [&](const LinePlace& place) { return page.lines[place.line].placed; });
  layout.by_blocks = 2 * static_cast<std::size_t>(own) < places.size();
  if (layout.by_blocks) {
    // A line may be a whole paragraph. The smallest blocks have one line that is one.
    layout.letter_px = quantile(heights, .1);
    layout.pitch_px = 1.3F * layout.letter_px;
    layout.left_px = quantile(lefts, .1);
    layout.right_px = quantile(rights, .9);
    return layout;
  }
  layout.letter_px = median(std::move(heights));
  layout.pitch_px = pitches.empty() ? 1.3F * layout.letter_px : median(std::move(pitches));
  layout.left_px = quantile(lefts, .1);
  layout.right_px = quantile(rights, .9);
  return layout;
}

float median(std::vector<float> values) {
  if (values.empty()) return 0;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

float usual_letters(std::span<const PageEdges> pages) {
  std::vector<float> shares;
  for (const auto& page : pages) {
    if (page.layout.placed && !page.layout.by_blocks && page.layout.height_px > 0)
      shares.push_back(page.layout.letter_px / page.layout.height_px);
  }
  return median(std::move(shares));
}

PageEdges edges_of(const PageModel& page) {
  PageEdges edges;
  edges.compared = page.has_text && !page.lines.empty();
  if (!edges.compared) return edges;
  const auto places = places_of(page);
  edges.layout = layout_of(page, places);
  const auto is_long = [](const Line& line) { return line.text.end - line.text.begin >= long_line_bytes; };
  // A head and a number, which may be all that stands above the last lines of a chapter, do not count.
  edges.prose = 3 * std::ranges::count_if(page.lines, is_long) + 2 >= static_cast<std::ptrdiff_t>(page.lines.size());
  edges.lines = EdgeFinder{page, places, edges.layout}();
  return edges;
}

}  // namespace pecia::merge
