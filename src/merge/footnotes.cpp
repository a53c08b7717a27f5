#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

#include "block_roles.hpp"
#include "characters.hpp"
#include "marks.hpp"

namespace pecia::merge {
namespace {

constexpr float small_letters = .92F;  ///< of the usual height, in the median of lines

bool overlap(const result::Box& one, const result::Box& other) { return std::min(one.x1, other.x1) > std::max(one.x0, other.x0); }

class FootnoteFinder {
 public:
  explicit FootnoteFinder(const PageView& view) : view_{view} {
    for (const auto& place : view.places) {
      const auto role = view.page.blocks[place.block].role;
      if ((role == Role::paragraph || role == Role::list_item || role == Role::footnote) && !has_role(view, place.line))
        lines_.push_back(&place);
    }
    if (view.layout.placed) std::ranges::stable_sort(lines_, {}, [](const LinePlace* place) { return place->box.y1; });
  }

  void operator()(bool goes_on) {
    if (lines_.size() < 3) return;
    const auto end = lines_.size();
    auto first = first_note();
    if (goes_on && view_.layout.placed) first = with_rest_of_last(first);
    for (auto n = first; n < end; ++n) {
      if (view_.page.blocks[lines_[n]->block].role == Role::footnote) continue;
      const bool marked = !footnote_mark(text(n)).empty();
      view_.roles.push_back({lines_[n]->line, Role::footnote, 0, marked || n == first, evidence(marked)});
    }
  }

 private:
  [[nodiscard]] std::string_view text(std::size_t n) const { return text_of(view_.page, view_.page.lines[lines_[n]->line].text); }

  [[nodiscard]] static std::string evidence(bool marked) {
    return marked ? "begins with a mark at the foot of the page" : "stands among footnotes";
  }

  /// The first line from which on all is footnotes; the number of lines if there are none.
  [[nodiscard]] std::size_t first_note() const {
    for (std::size_t n = 1; n < lines_.size(); ++n) {
      const auto mark = footnote_mark(text(n));
      if (mark.empty() || (view_.page.markup && text(n).starts_with("* "))) continue;
      if (begins_notes(n, mark)) return n;
    }
    return lines_.size();
  }

  [[nodiscard]] bool begins_notes(std::size_t first, std::string_view mark) const {
    const bool sign = mark.find_first_of("0123456789") == std::string_view::npos && !(mark.front() >= 'a' && mark.front() <= 'z');
    const bool bare_number = mark.find_first_not_of("0123456789") == std::string_view::npos;
    if (!view_.layout.placed) return !bare_number && is_referred_to(first, mark) && all_marked(first);
    if (lines_[first]->box.y0 < .35F * view_.layout.height_px) return false;
    if (!all_below(first)) return false;
    const bool smaller = is_small(first, lines_.size());
    const bool apart = gap_above(first) >= 1.4F;
    const bool referred = is_referred_to(first, mark);
    // Verse and lists have numbers and stars, too.
    const bool plain = bare_number || mark.find_first_not_of('*') == std::string_view::npos;
    if (smaller) return referred || (plain ? is_followed(first, mark) : apart || sign);
    return apart && !bare_number && (referred || (plain ? is_followed(first, mark) : sign)) && all_marked_blocks(first);
  }

  /// A note with the next number, or with another sign, stands below.
  [[nodiscard]] bool is_followed(std::size_t first, std::string_view mark) const {
    const bool number = is_digit(first_character(mark).code);
    for (auto n = first + 1; n < lines_.size(); ++n) {
      const auto next = footnote_mark(text(n));
      if (next.empty() || number != is_digit(first_character(next).code)) continue;
      if (number ? std::atoi(std::string{next}.c_str()) == std::atoi(std::string{mark}.c_str()) + 1 : next != mark) return true;
    }
    return false;
  }

  /// Nothing else stands below, in any column; what does is above it in a column of its own.
  [[nodiscard]] bool all_below(std::size_t first) const {
    const auto& box = lines_[first]->box;
    return std::all_of(lines_.begin() + static_cast<std::ptrdiff_t>(first) + 1, lines_.end(),
                       [&](const LinePlace* place) { return overlap(place->box, box) || is_small_line(*place); });
  }

  [[nodiscard]] bool is_small_line(const LinePlace& place) const { return place.box.y1 - place.box.y0 < .95F * view_.letter_px; }

  [[nodiscard]] bool is_small(std::size_t first, std::size_t end) const {
    if (view_.letter_px <= 0) return false;
    std::vector<float> heights;
    for (auto n = first; n < end; ++n) heights.push_back(lines_[n]->box.y1 - lines_[n]->box.y0);
    const auto at = heights.begin() + static_cast<std::ptrdiff_t>(heights.size() / 2);
    std::nth_element(heights.begin(), at, heights.end());
    return *at < small_letters * view_.letter_px;
  }

  /// In distances of lines, to what stands above it.
  [[nodiscard]] float gap_above(std::size_t n) const {
    const auto& box = lines_[n]->box;
    for (auto before = n; before-- > 0;) {
      const auto& other = lines_[before]->box;
      if (overlap(other, box) && other.y1 < box.y1) return (box.y1 - other.y1) / std::max(view_.layout.pitch_px, 1.F);
    }
    return 0;
  }

  /// The text above has the mark, behind a word.
  [[nodiscard]] bool is_referred_to(std::size_t first, std::string_view mark) const {
    for (std::size_t n = 0; n < first; ++n) {
      const auto line = text(n);
      for (auto at = line.find(mark, 1); at != std::string_view::npos; at = line.find(mark, at + 1)) {
        const auto before = last_character(line.substr(0, at)).code;
        const auto behind = first_character(line.substr(at + mark.size())).code;
        if (before != ' ' && !is_digit(before) && !is_digit(behind) && !is_letter(behind)) return true;
      }
    }
    return false;
  }

  [[nodiscard]] bool all_marked(std::size_t first) const {
    return 2 * std::count_if(lines_.begin() + static_cast<std::ptrdiff_t>(first), lines_.end(),
                             [&](const LinePlace* place) {
                               return !footnote_mark(text_of(view_.page, view_.page.lines[place->line].text)).empty();
                             }) >=
           static_cast<std::ptrdiff_t>(lines_.size() - first);
  }

  [[nodiscard]] bool all_marked_blocks(std::size_t first) const {
    for (auto n = first; n < lines_.size(); ++n) {
      if (lines_[n]->line == view_.page.blocks[lines_[n]->block].lines_begin && footnote_mark(text(n)).empty()) return false;
    }
    return true;
  }

  /// Smaller lines right above, up to a gap, are the rest of the footnote before.
  [[nodiscard]] std::size_t with_rest_of_last(std::size_t first) const {
    auto begin = first;
    while (begin > 1 && is_small_line(*lines_[begin - 1])) {
      --begin;
      if (gap_above(begin) >= 1.3F) return is_small(begin, first) ? begin : first;
    }
    return first;
  }

  PageView view_;
  std::vector<const LinePlace*> lines_;  ///< from the head
};

}  // namespace

bool has_role(const PageView& view, std::uint32_t line) {
  return std::ranges::any_of(view.roles, [&](const LineRole& role) { return role.line == line; });
}

void find_footnotes(PageView view, bool goes_on) { FootnoteFinder{view}(goes_on); }

}  // namespace pecia::merge
