#include "columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "characters.hpp"
#include "layout.hpp"

namespace pecia::merge {
namespace {

constexpr float least_overlap = .1F;  ///< of a block with those before, as a share of its height; boxes overlap by chance
constexpr std::uint32_t least_column_lines = 6, least_line_letters = 14;  // else it is a table, or numbers beside a list

bool is_text(const Block& block) { return block.role == Role::paragraph || block.role == Role::heading || block.role == Role::list_item; }

std::uint32_t lines_of(const Block& block) { return block.lines_end - block.lines_begin; }

/// Which column a block stands in; both: it lies over the gap between them.
enum class ColumnSide { left, right, both };

/// The gap between two columns of lines: a place that no line of text crosses, with several lines on either side.
class Gap {
 public:
  explicit Gap(const PageModel& page) : page_{page} {}

  /// Whether there is one.
  bool find() {
    std::vector<result::Box> boxes;
    for (const auto& block : page_.blocks) {
      if (is_text(block) && block.placed && lines_of(block) >= 2) boxes.push_back(block.box);
    }
    if (boxes.size() < 3) return false;
    std::ranges::sort(boxes, {}, &result::Box::x0);
    auto right = boxes.front().x1;
    int gaps = 0;
    for (const auto& box : boxes) {
      if (box.x0 > right) {
        middle_ = (right + box.x0) / 2;
        ++gaps;
      }
      right = std::max(right, box.x1);
    }
    return gaps == 1 && both_sides_have_text();  // what three columns and more belong to is not known
  }

  [[nodiscard]] ColumnSide side(const Block& block) const {
    if (block.box.x1 <= middle_) return ColumnSide::left;
    return block.box.x0 >= middle_ ? ColumnSide::right : ColumnSide::both;
  }

 private:
  [[nodiscard]] bool both_sides_have_text() const {
    std::uint32_t left = 0, right = 0, left_letters = 0, right_letters = 0;
    result::Box spans[2] = {{0, 1e9F, 0, 0}, {0, 1e9F, 0, 0}};
    for (const auto& block : page_.blocks) {
      if (!is_text(block) || !block.placed || side(block) == ColumnSide::both) continue;
      const auto at = side(block) == ColumnSide::left ? 0 : 1;
      (at == 0 ? left : right) += lines_of(block);
      (at == 0 ? left_letters : right_letters) += count_letters(text_of(page_, block.text));
      spans[at].y0 = std::min(spans[at].y0, block.box.y0);
      spans[at].y1 = std::max(spans[at].y1, block.box.y1);
    }
    const auto shared = std::min(spans[0].y1, spans[1].y1) - std::max(spans[0].y0, spans[1].y0);
    const auto shorter = std::min(spans[0].y1 - spans[0].y0, spans[1].y1 - spans[1].y0);
    const bool prose = left_letters >= least_line_letters * left && right_letters >= least_line_letters * right;
    return left >= least_column_lines && right >= least_column_lines && prose && 2 * shared > shorter;
  }

  const PageModel& page_;
  float middle_ = 0;
};

/// Left before right, between blocks that lie over both columns; from the head in each. Others keep their neighbour before.
std::vector<std::uint32_t> by_columns(const PageModel& page, const Gap& gap) {
  std::vector<std::uint32_t> order(page.blocks.size());
  std::iota(order.begin(), order.end(), 0U);
  const auto sorts = [&](std::uint32_t n) {
    return page.blocks[n].placed && is_in_flow(page.blocks[n].role) && page.blocks[n].role != Role::footnote;
  };
  for (auto begin = order.begin(); begin != order.end();) {
    begin = std::find_if(begin, order.end(), [&](std::uint32_t n) { return sorts(n) && gap.side(page.blocks[n]) != ColumnSide::both; });
    const auto end =
        std::find_if(begin, order.end(), [&](std::uint32_t n) { return !sorts(n) || gap.side(page.blocks[n]) == ColumnSide::both; });
    std::stable_sort(begin, end, [&](std::uint32_t one, std::uint32_t other) {
      const auto& a = page.blocks[one];
      const auto& b = page.blocks[other];
      if (gap.side(a) != gap.side(b)) return gap.side(a) == ColumnSide::left;
      return a.box.y0 < b.box.y0;
    });
    begin = end;
  }
  return order;
}

/// How often the order goes from the right column back to the left one, and up: beyond what blocks over both explain, and
/// articles one below the other, each in two columns.
int jumps_back(const PageModel& page, const Gap& gap) {
  int jumps = 0;
  bool right = false;
  float bottom = 0;  // of what was read since the last jump
  for (const auto& block : page.blocks) {
    if (!is_text(block) || !block.placed) continue;
    const auto side = gap.side(block);
    if (side == ColumnSide::left && right) {
      if (block.box.y0 < bottom - least_overlap * (block.box.y1 - block.box.y0)) ++jumps;
      bottom = 0;
    }
    if (side == ColumnSide::both) bottom = 0;
    bottom = std::max(bottom, block.box.y1);
    right = side == ColumnSide::right;
  }
  return jumps;
}

void apply(PageModel& page, const std::vector<std::uint32_t>& order) {
  std::vector<Block> blocks;
  std::vector<Line> lines;
  std::vector<Word> words;
  for (const auto n : order) {
    auto block = page.blocks[n];
    const auto begin = static_cast<std::uint32_t>(lines.size());
    for (auto at = block.lines_begin; at < block.lines_end; ++at) {
      auto line = page.lines[at];
      const auto words_begin = static_cast<std::uint32_t>(words.size());
      words.insert(words.end(), page.words.begin() + line.words_begin, page.words.begin() + line.words_end);
      line.words_begin = words_begin;
      line.words_end = static_cast<std::uint32_t>(words.size());
      lines.push_back(line);
    }
    block.lines_begin = begin;
    block.lines_end = static_cast<std::uint32_t>(lines.size());
    blocks.push_back(std::move(block));
  }
  page.blocks = std::move(blocks);
  page.lines = std::move(lines);
  page.words = std::move(words);
}

}  // namespace

std::vector<std::string> order_columns(PageModel& page) {
  if (page.blocks.size() < 4 || is_right_to_left(first_character(page.text).code) || is_unspaced(first_character(page.text).code))
    return {};
  if (!is_upright(page)) return {};
  Gap gap{page};
  if (!gap.find()) return {};
  const auto jumps = jumps_back(page, gap);
  if (jumps < 2) return {};
  const auto order = by_columns(page, gap);
  std::vector<std::string> moves;
  std::uint32_t next = 0;
  for (std::uint32_t n = 0; n < order.size(); ++n) {
    if (order[n] != next) {
      moves.push_back(fmt::format(
          "block {} of the reading stands {} in the {} of two columns, between which the reading jumped back {} times", order[n] + 1,
          n < order[n] ? "earlier" : "later", gap.side(page.blocks[order[n]]) == ColumnSide::right ? "right" : "left", jumps));
    }
    next = order[n] + 1;
  }
  if (!moves.empty()) apply(page, order);
  return moves;
}

}  // namespace pecia::merge
