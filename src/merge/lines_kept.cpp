#include "lines_kept.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "characters.hpp"
#include "marks.hpp"
#include "words.hpp"

namespace pecia::merge {
namespace {

constexpr int least_verse_lines = 4, least_page_lines = 8;
constexpr std::string_view signs_of_code{"/=<>@#$_\\{}"};
constexpr int least_breaks = 2;  ///< of a listing, between its lines

/// How lines begin and end.
class LineShapes {
 public:
  LineShapes(const PageModel& page, const PageLayout& layout) : page_{page}, layout_{layout}, in_px_{layout.placed && !layout.by_blocks} {}

  void add(const Block& block) {
    for (auto n = block.lines_begin; n < block.lines_end; ++n) {
      const auto text = text_of(page_, page_.lines[n].text);
      if (count_letters(text) < 2) continue;
      ++lines_;
      const auto first = first_character(without_opening_marks(text)).code;
      capitals_ += static_cast<int>(is_upper(first));
      lower_ += static_cast<int>(is_lower(first));
      hyphens_ += static_cast<int>(hyphen_at_end(text).bytes > 0);
      const auto placed = in_px_ && page_.lines[n].placed;
      ends_.push_back(placed ? page_.lines[n].box.x1 : static_cast<float>(text.size()));
    }
  }

  [[nodiscard]] bool verse(int least) {
    if (lines_ < least || 100 * capitals_ < 82 * lines_ || 10 * hyphens_ > lines_ || 10 * lower_ > lines_) return false;
    // Set in full lines, most of which end at one place, it is prose that happens to begin so.
    std::ranges::sort(ends_);
    const auto edge = ends_[ends_.size() - 1 - ends_.size() / 20];
    const auto tolerance = in_px_ ? .04F * std::max(layout_.right_px - layout_.left_px, 1.F) : .1F * edge;
    const auto full = std::ranges::count_if(ends_, [&](float end) { return std::abs(end - edge) <= tolerance; });
    return 2 * full <= static_cast<std::ptrdiff_t>(ends_.size()) + 1;
  }

 private:
  const PageModel& page_;
  const PageLayout& layout_;
  bool in_px_;  ///< else ends are bytes
  int lines_ = 0, capitals_ = 0, lower_ = 0, hyphens_ = 0;
  std::vector<float> ends_;
};

/// "10.5" and "3." at the beginning; empty: none.
std::vector<int> section_number(std::string_view line) {
  std::vector<int> number;
  if (!is_digit(first_character(line).code) || heading_number(line).depth == 0) return number;
  for (const char c : line.substr(0, line.find(' '))) {
    if (number.empty() || c == '.') number.push_back(0);
    if (c != '.') number.back() = 10 * number.back() + (c - '0');
  }
  if (number.back() == 0) number.pop_back();  // "3."
  return number;
}

/// The right end of the text that the block belongs to: its own where something stands beside it.
float right_end(const PageModel& page, const PageLayout& layout, const Block& block) {
  const bool beside = std::ranges::any_of(page.blocks, [&](const Block& other) {
    return other.placed && other.box.x0 >= block.box.x1 && std::min(other.box.y1, block.box.y1) > std::max(other.box.y0, block.box.y0);
  });
  return beside ? block.box.x1 : std::max(layout.right_px, block.box.x1);
}

/// Commands, names of files, addresses: nearly each line ends though the first word of the next would have had room. Ends at one
/// place may be those of text beside a figure, unless each line has signs that text has not; these may have long words, too.
bool is_listing(const PageModel& page, const PageLayout& layout, const Block& block) {
  if (!layout.placed || layout.by_blocks || !block.placed) return false;
  const auto right = right_end(page, layout, block);
  int breaks = 0, early = 0, full = 0;
  for (auto n = block.lines_begin; n + 1 < block.lines_end; ++n) {
    const auto &line = page.lines[n], &next = page.lines[n + 1];
    if (!line.placed || !next.placed || next.text.empty() || hyphen_at_end(text_of(page, line.text)).bytes > 0) return false;
    const auto text = text_of(page, next.text);
    const auto word = static_cast<float>(std::min(text.find(' '), text.size()) + 1);
    const auto letter_px = (next.box.x1 - next.box.x0) / static_cast<float>(text.size());
    ++breaks;
    early += static_cast<int>(line.box.x1 + word * letter_px + layout.letter_px < right);
    full += static_cast<int>(line.box.x1 >= block.box.x1 - .04F * (layout.right_px - layout.left_px));
  }
  const bool code = std::all_of(page.lines.begin() + block.lines_begin, page.lines.begin() + block.lines_end, [&](const Line& line) {
    return text_of(page, line.text).find_first_of(signs_of_code) != std::string_view::npos;
  });
  if (breaks < least_breaks) return false;
  return code ? 2 * early >= breaks : 10 * early >= 9 * breaks && 2 * full <= breaks;
}

}  // namespace

bool is_verse(const PageModel& page, const PageLayout& layout) {
  LineShapes shapes{page, layout};
  for (const auto& block : page.blocks) {
    if (block.role == Role::paragraph && !page.markup) shapes.add(block);
  }
  return shapes.verse(least_page_lines);
}

bool keeps_lines(const PageModel& page, const PageLayout& layout, const Block& block) {
  if (block.role == Role::table || block.role == Role::formula) return true;
  const auto lines = static_cast<int>(block.lines_end - block.lines_begin);
  if (block.role != Role::paragraph || lines < 2) return false;
  int entries = 0, numbered = 0, labels = 0;
  std::vector<int> before;
  for (auto n = block.lines_begin; n < block.lines_end; ++n) {
    const auto text = text_of(page, page.lines[n].text);
    auto number = section_number(text);
    const bool next = !number.empty() && (before.empty() || number > before);
    if (next) before = std::move(number);
    numbered += static_cast<int>(next);
    entries += static_cast<int>(next || has_leader(text));
    labels += static_cast<int>(is_labelled_value(text));
  }
  if (2 * (entries - (numbered == 1 ? 1 : 0)) >= lines || labels == lines) return true;
  if (is_listing(page, layout, block)) return true;
  LineShapes shapes{page, layout};
  shapes.add(block);
  return shapes.verse(least_verse_lines);
}

}  // namespace pecia::merge
