#include "table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace pecia::engine {
namespace {

using result::Part;

constexpr std::size_t least_lines = 12;
constexpr double least_share_of_cells = 0.6, least_share_of_numbers = 0.4;
constexpr int least_beside = 2;
constexpr std::size_t longest_cell_bytes = 16;

bool is_cell(const Part& line) { return line.text_end - line.text_begin <= longest_cell_bytes; }

bool begins_with_digit(const result::Reading& reading, const Part& line) {
  const char first = line.text_begin < line.text_end ? reading.text[line.text_begin] : ' ';
  return first >= '0' && first <= '9';
}

bool beside(const Part& one, const Part& other) {
  const float middle = (other.box.y0 + other.box.y1) / 2;
  const bool level = middle > one.box.y0 && middle < one.box.y1;
  return level && (one.box.x1 <= other.box.x0 || other.box.x1 <= one.box.x0);
}

}  // namespace

std::string table_evidence(const result::Reading& reading) {
  const auto& lines = reading.lines;
  if (lines.size() < least_lines) return "";
  std::size_t cells = 0, numbers = 0;
  for (const auto& line : lines) {
    if (!is_cell(line)) continue;
    const auto count = std::ranges::count_if(lines, [&](const Part& other) { return is_cell(other) && beside(line, other); });
    if (count < least_beside) continue;
    ++cells;
    if (begins_with_digit(reading, line)) ++numbers;
  }
  const auto share = [](std::size_t part, std::size_t of) { return static_cast<double>(part) / static_cast<double>(of); };
  if (share(cells, lines.size()) < least_share_of_cells || share(numbers, cells) < least_share_of_numbers) return "";
  return fmt::format("{} of {} lines are cells beside two others, {} of them numbers", cells, lines.size(), numbers);
}

}  // namespace pecia::engine
