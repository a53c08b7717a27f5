#include "block_roles.hpp"

#include <algorithm>
#include <optional>

#include "characters.hpp"
#include "marks.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t most_caption_lines = 8;

class OtherRoleFinder {
 public:
  explicit OtherRoleFinder(const PageView& view) : view_{view} {}

  void operator()() {
    find_columns();
    std::vector<std::uint32_t> items;
    for (std::uint32_t n = 0; n < view_.page.blocks.size(); ++n) {
      const auto& block = view_.page.blocks[n];
      if (block.role != Role::paragraph || block.lines_begin == block.lines_end || has_role(view_, block.lines_begin)) continue;
      const auto first = text_of(view_.page, view_.page.lines[block.lines_begin].text);
      if (is_caption(first) && block.lines_end - block.lines_begin <= most_caption_lines) {
        take(block, Role::caption, "begins with the name of a figure or table");
      } else if (is_marginal(block)) {
        take(block, Role::marginal, "stands beside the text");
      } else if (!view_.page.markup && item_mark(first).kind != ItemMark::Kind::none) {
        items.push_back(n);
      }
    }
    find_items(items);
  }

 private:
  void take(const Block& block, Role role, const char* evidence) {
    for (auto line = block.lines_begin; line < block.lines_end; ++line) {
      if (!has_role(view_, line)) view_.roles.push_back({line, role, 0, line == block.lines_begin, evidence});
    }
  }

  /// Where the lines stand that are at least half as wide as the text.
  void find_columns() {
    if (!view_.layout.placed) return;
    std::vector<float> lefts, rights;
    const auto width = view_.layout.right_px - view_.layout.left_px;
    for (const auto& place : view_.places) {
      if (2 * (place.box.x1 - place.box.x0) < width) continue;
      lefts.push_back(place.box.x0);
      rights.push_back(place.box.x1);
    }
    if (lefts.size() < 6) return;
    std::ranges::sort(lefts);
    std::ranges::sort(rights);
    text_ = result::Box{lefts[lefts.size() / 10], 0, rights[rights.size() - 1 - rights.size() / 10], 0};
  }

  [[nodiscard]] bool is_marginal(const Block& block) const {
    if (!text_ || !block.placed) return false;
    const auto width = text_->x1 - text_->x0;
    const bool outside = block.box.x1 <= text_->x0 + .01F * width || block.box.x0 >= text_->x1 - .01F * width;
    return outside && block.box.x1 - block.box.x0 < .3F * width && count_letters(text_of(view_.page, block.text)) >= 2;
  }

  /// A mark alone may be anything ("5. Mai"); items come in sequence.
  void find_items(const std::vector<std::uint32_t>& items) {
    for (std::size_t n = 0; n < items.size(); ++n) {
      const auto& block = view_.page.blocks[items[n]];
      const auto mark = mark_of(block.lines_begin);
      const bool in_sequence = (n > 0 && follows(mark_of(view_.page.blocks[items[n - 1]].lines_begin), mark)) ||
                               (n + 1 < items.size() && follows(mark, mark_of(view_.page.blocks[items[n + 1]].lines_begin))) ||
                               has_inner_item(block, mark);
      if (mark.kind == ItemMark::Kind::bullet || in_sequence) take(block, Role::list_item, "begins with the mark of an item");
    }
  }

  [[nodiscard]] ItemMark mark_of(std::uint32_t line) const { return item_mark(text_of(view_.page, view_.page.lines[line].text)); }

  [[nodiscard]] bool has_inner_item(const Block& block, const ItemMark& first) const {
    for (auto line = block.lines_begin + 1; line < block.lines_end; ++line) {
      if (follows(first, mark_of(line))) return true;
    }
    return false;
  }

  static bool follows(const ItemMark& one, const ItemMark& next) {
    if (one.kind != next.kind) return false;
    return one.kind == ItemMark::Kind::dash || one.kind == ItemMark::Kind::bullet || next.value == one.value + 1;
  }

  PageView view_;
  std::optional<result::Box> text_;
};

}  // namespace

void find_other_roles(PageView view) { OtherRoleFinder{view}(); }

}  // namespace pecia::merge
