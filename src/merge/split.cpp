#include "split.hpp"

#include <algorithm>
#include <utility>

namespace pecia::merge {
namespace {

const LineRole* role_of(const std::vector<LineRole>& roles, std::uint32_t line) {
  const auto found = std::ranges::lower_bound(roles, line, {}, &LineRole::line);
  return found != roles.end() && found->line == line ? &*found : nullptr;
}

void fit_to_lines(const PageModel& page, Block& block) {
  block.text = {page.lines[block.lines_begin].text.begin, page.lines[block.lines_end - 1].text.end};
  result::Box box = page.lines[block.lines_begin].box;
  float confidence = 0;
  for (auto n = block.lines_begin; n < block.lines_end; ++n) {
    const auto& line = page.lines[n];
    if (!line.placed) return;
    box = {std::min(box.x0, line.box.x0), std::min(box.y0, line.box.y0), std::max(box.x1, line.box.x1), std::max(box.y1, line.box.y1)};
    confidence += line.confidence;
  }
  block.box = box;
  block.placed = true;
  block.boxes.clear();
  block.confidence = confidence / static_cast<float>(block.lines_end - block.lines_begin);
}

void add_parts(std::vector<Block>& out, const PageModel& page, const Block& block, const std::vector<LineRole>& roles) {
  const LineRole* before = nullptr;
  for (auto line = block.lines_begin; line < block.lines_end; ++line) {
    const auto* role = role_of(roles, line);
    const bool goes_on = line > block.lines_begin &&
                         (role == nullptr ? before == nullptr : before != nullptr && !role->begins && role->role == before->role);
    if (!goes_on) {
      out.push_back(block);
      out.back().lines_begin = line;
      if (role != nullptr) {
        out.back().role = role->role;
        out.back().level = role->level;
        out.back().evidence = role->evidence;
      }
    }
    out.back().lines_end = line + 1;
    before = role;
  }
  if (out.back().lines_begin == block.lines_begin && out.back().lines_end == block.lines_end) return;
  for (auto& part : out) fit_to_lines(page, part);
}

}  // namespace

void set_line_roles(PageModel& page, std::vector<LineRole> roles) {
  if (roles.empty()) return;
  std::ranges::stable_sort(roles, {}, &LineRole::line);
  std::vector<Block> blocks;
  blocks.reserve(page.blocks.size() + roles.size());
  for (const auto& block : page.blocks) {
    const bool touched =
        std::ranges::any_of(roles, [&](const LineRole& role) { return role.line >= block.lines_begin && role.line < block.lines_end; });
    if (!touched) {
      blocks.push_back(block);
      continue;
    }
    std::vector<Block> parts;
    add_parts(parts, page, block, roles);
    std::ranges::move(parts, std::back_inserter(blocks));
  }
  page.blocks = std::move(blocks);
}

}  // namespace pecia::merge
