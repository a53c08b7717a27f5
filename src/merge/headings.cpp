#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "block_roles.hpp"
#include "characters.hpp"
#include "head_parts.hpp"
#include "marks.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t most_lines = 3, most_letters = 120;
constexpr int needed = 3;

/// What speaks for a heading, and how it is said.
struct Signs {
  int score = 0;
  int level = 3;
  std::string evidence;
  void add(int points, std::string_view what) {
    score += points;
    if (!evidence.empty()) evidence += ", ";
    evidence += what;
  }
};

class HeadingFinder {
 public:
  HeadingFinder(const PageView& view, std::span<const Heading> outline) : view_{view}, outline_{outline} {}

  void operator()() {
    const auto& blocks = view_.page.blocks;
    for (std::uint32_t n = 0; n < blocks.size(); ++n) {
      if (blocks[n].role != Role::paragraph && blocks[n].role != Role::heading) continue;
      auto begin = blocks[n].lines_begin;
      while (begin < blocks[n].lines_end && has_role(view_, begin)) ++begin;
      auto end = begin;
      while (end < blocks[n].lines_end && !has_role(view_, end)) ++end;
      if (begin < end) look_at(n, begin, end);
    }
  }

 private:
  void look_at(std::uint32_t block, std::uint32_t begin, std::uint32_t end) {
    const bool known = view_.page.blocks[block].role == Role::heading;
    for (auto last = std::min(begin + most_lines, end); last > begin; --last) {
      if (const auto* entry = in_outline(begin, last)) return take(begin, last, entry->level, "the PDF's outline has it");
    }
    if (known || view_.page.markup) return;
    if (const auto inner = section_within(begin, end); inner < end) {
      look_at(block, begin, inner);
      return look_at(block, inner, end);
    }
    const auto last = end - begin <= most_lines ? end : taller_lines(begin, end);
    if (last == begin || !may_be(begin, last)) return;
    const auto signs = signs_of(begin, last, last == end);
    if (signs.score >= needed) take(begin, last, signs.level, signs.evidence);
  }

  /// Where the first subsection begins whose heading stands in one block with that of its section; `end`: nowhere.
  [[nodiscard]] std::uint32_t section_within(std::uint32_t begin, std::uint32_t end) const {
    if (!view_.layout.placed || end - begin > most_lines || heading_number(text(begin)).depth == 0) return end;
    if (height(begin) < 1.15F * view_.letter_px) return end;
    for (auto line = begin; line < end; ++line) {
      if (has_leader(text(line))) return end;
    }
    auto line = begin + 1;
    while (line < end && heading_number(text(line)).depth < 2) ++line;
    return line;
  }

  void take(std::uint32_t begin, std::uint32_t end, int level, const std::string& evidence) {
    if (const auto number = number_line(begin); number != begin) {
      level = depth_of(number);
      view_.roles.push_back({number, Role::heading, level, true, "the number of the heading beside it"});
    }
    for (auto line = begin; line < end; ++line)
      view_.roles.push_back({line, Role::heading, std::clamp(level, 1, 6), line == begin, evidence});
  }

  /// The line with the number that stands before this one in a block of its own; the line itself if none does.
  [[nodiscard]] std::uint32_t number_line(std::uint32_t line) const {
    auto before = line;
    do {
      if (before-- == 0) return line;
    } while (!is_in_flow(view_.page.blocks[view_.places[before].block].role));
    const auto& number = view_.places[before];
    const auto& words = view_.places[line];
    if (has_role(view_, before) || !words.placed || !number.placed || number.block == words.block || number.box.x1 > words.box.x0)
      return line;
    const bool beside = std::min(number.box.y1, words.box.y1) > std::max(number.box.y0, words.box.y0);
    return beside && count_letters(text(before)) == 0 && depth_of(before) > 0 ? before : line;
  }

  [[nodiscard]] int depth_of(std::uint32_t number) const { return heading_number(std::string{text(number)} + " x").depth; }

  [[nodiscard]] std::string_view text(std::uint32_t line) const { return text_of(view_.page, view_.page.lines[line].text); }

  [[nodiscard]] const Heading* in_outline(std::uint32_t begin, std::uint32_t end) const {
    if (outline_.empty()) return nullptr;
    std::string key;
    for (auto line = begin; line < end; ++line) key += letters_of(text(line));
    if (key.size() < 2) return nullptr;
    const auto found = std::ranges::find_if(outline_, [&](const Heading& entry) {
      const auto title = letters_of(entry.title);
      return title.size() >= 2 && title.size() <= key.size() + 3 && alike(title, key, key.size() / 10);
    });
    return found == outline_.end() ? nullptr : &*found;
  }

  /// The first lines of a paragraph that are much taller than the rest of it.
  [[nodiscard]] std::uint32_t taller_lines(std::uint32_t begin, std::uint32_t end) const {
    if (!view_.layout.placed) return begin;
    auto last = begin;
    const auto taller = (depth_of_number(begin) >= 2 ? 1.15F : 1.4F) * view_.letter_px;
    while (last < end && last - begin < most_lines && height(last) > taller) ++last;
    if (last == begin || last == end || height(last) > .9F * taller) return begin;
    // A line is as tall as its initial, which stands over two of them.
    return is_lower(first_character(text(last)).code) || !is_in_one_size(last - 1) ? begin : last;
  }

  /// Its words are of one height, as far as they are known.
  [[nodiscard]] bool is_in_one_size(std::uint32_t line) const {
    const auto& words = view_.page.words;
    const auto begin = view_.page.lines[line].words_begin, end = view_.page.lines[line].words_end;
    return std::count_if(words.begin() + begin, words.begin() + end, [&](const Word& word) {
             return word.box.y1 - word.box.y0 > 1.1F * view_.letter_px;
           }) >= static_cast<std::ptrdiff_t>(end - begin + 1) / 2;
  }

  /// One of the first words is far taller than all others: an initial over two lines, which makes the line as tall.
  [[nodiscard]] bool has_drop_cap(std::uint32_t line) const {
    const auto begin = view_.page.lines[line].words_begin, end = view_.page.lines[line].words_end;
    if (end - begin < 3) return false;
    float initial = 0, others = 0;
    for (auto n = begin; n < end; ++n) {
      const auto& box = view_.page.words[n].box;
      auto& largest = n < begin + 2 && box.y1 - box.y0 > initial ? initial : others;
      if (&largest == &initial) others = std::max(others, initial);
      largest = std::max(largest, box.y1 - box.y0);
    }
    return initial > 1.6F * others;
  }

  [[nodiscard]] float height(std::uint32_t line) const { return view_.places[line].box.y1 - view_.places[line].box.y0; }

  [[nodiscard]] bool may_be(std::uint32_t begin, std::uint32_t end) const {
    std::uint32_t letters = 0;
    for (auto line = begin; line < end; ++line) letters += count_letters(text(line));
    if (letters < 3 || letters > most_letters) return false;
    const auto first = first_character(without_opening_marks(text(begin))).code;
    const auto last = last_character(text(end - 1)).code;
    if (is_lower(first) || is_right_to_left(first)) return false;
    constexpr std::u32string_view goes_on{U",;-¬⸗&"};
    return goes_on.find(last) == std::u32string_view::npos && !has_entries(begin, end) && !is_caption(text(begin)) &&
           !is_labelled_value(text(begin)) && !is_head_in_parts(begin);
  }

  /// The uppermost line, with a blank in it as only heads of pages have, or with the number of a section behind words.
  [[nodiscard]] bool is_head_in_parts(std::uint32_t line) const {
    if (!head_parts(view_.page, view_.page.lines[line]).found()) return false;
    const auto& box = view_.places[line].box;
    return view_.layout.placed && std::ranges::none_of(view_.places, [&](const LinePlace& other) {
             return other.box.y1 <= box.y0 && is_in_flow(view_.page.blocks[other.block].role);
           });
  }

  /// As tables of contents have them, or several numbers.
  [[nodiscard]] bool has_entries(std::uint32_t begin, std::uint32_t end) const {
    for (auto line = begin; line < end; ++line) {
      if (has_leader(text(line)) || (line > begin && heading_number(text(line)).depth >= 2)) return true;
    }
    return false;
  }

  [[nodiscard]] Signs signs_of(std::uint32_t begin, std::uint32_t end, bool alone) const {
    Signs signs;
    const auto number = heading_number(text(begin));
    const auto depth = depth_of_number(begin);
    if (number.word)
      signs.add(2, "a word of chapters");
    else if (depth > 0)
      signs.add(depth > 1 ? 2 : 1, "numbered");
    bool capitals = true;
    for (auto line = begin; line < end; ++line) capitals = capitals && is_capitals(text(line));
    if (capitals) signs.add(1, "in capitals");
    if (view_.layout.placed)
      add_place(signs, begin, end);
    else if (alone && (number.word || capitals))
      signs.add(1, "stands alone");
    if (end - begin == 1 && text(begin).ends_with('.') && !capitals && !number.word) --signs.score;
    if (depth > 0) signs.level = depth;
    return signs;
  }

  [[nodiscard]] int depth_of_number(std::uint32_t line) const {
    const auto number = number_line(line);
    return number == line ? heading_number(text(line)).depth : depth_of(number);
  }

  static bool is_capitals(std::string_view line) {
    int letters = 0;
    while (!line.empty()) {
      const auto next = first_character(line);
      if (is_lower(next.code)) return false;
      letters += static_cast<int>(is_upper(next.code));
      line.remove_prefix(next.bytes);
    }
    return letters >= 3;
  }

  void add_place(Signs& signs, std::uint32_t begin, std::uint32_t end) const {
    float tallest = 0;
    auto box = view_.places[begin].box;
    for (auto line = begin; line < end; ++line) {
      if (!has_drop_cap(line)) tallest = std::max(tallest, height(line));
      const auto& place = view_.places[line].box;
      box = {std::min(box.x0, place.x0), box.y0, std::max(box.x1, place.x1), place.y1};
    }
    const auto size = view_.letter_px > 0 && tallest > 0 ? tallest / view_.letter_px : 1;
    if (size >= 1.25F) signs.add(size >= 1.5F ? 3 : size >= 1.35F ? 2 : 1, fmt::format("letters {:.1f} times as tall", size));
    signs.level = size >= 1.9F ? 1 : size >= 1.4F ? 2 : 3;
    const auto width = view_.layout.right_px - view_.layout.left_px;
    const auto before = box.x0 - view_.layout.left_px, behind = view_.layout.right_px - box.x1;
    if (std::min(before, behind) > .1F * width && std::abs(before - behind) < .08F * width)
      signs.add(1, "centred");
    else if (behind < .15F * width && depth_of_number(begin) < 2)
      --signs.score;  // as wide as text
    if (gap_above(begin) >= 1.5F && gap_below(end - 1) >= 1.3F) signs.add(1, "set apart");
  }

  [[nodiscard]] float gap_above(std::uint32_t line) const {
    if (line == 0) return 2;
    const auto distance = view_.places[line].box.y1 - view_.places[line - 1].box.y1;
    return distance <= 0 ? 2 : distance / std::max(view_.layout.pitch_px, 1.F);
  }
  [[nodiscard]] float gap_below(std::uint32_t line) const { return line + 1 < view_.places.size() ? gap_above(line + 1) : 2; }

  PageView view_;
  std::span<const Heading> outline_;
};

}  // namespace

void find_headings(PageView view, std::span<const Heading> outline) {
  // A page without a line of text is a title page, a plate, a form: what is tall on it is no heading.
  const auto lines = std::ranges::count_if(view.page.blocks, [](const Block& block) {
    return (block.role == Role::paragraph || block.role == Role::list_item) && block.lines_end - block.lines_begin >= 3;
  });
  if (lines == 0 && outline.empty() && view.layout.placed) return;
  HeadingFinder{view, outline}();
}

}  // namespace pecia::merge
