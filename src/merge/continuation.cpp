#include "continuation.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "characters.hpp"
#include "marks.hpp"
#include "pecia/base/text.hpp"

namespace pecia::merge {
namespace {

constexpr std::uint32_t least_indented = 3, shown_bytes = 24;
constexpr std::uint32_t long_text_letters = 60;  ///< of a block whose lines are not known

std::string end_of(std::string_view text) {
  if (text.size() <= shown_bytes) return std::string{text};
  auto begin = text.size() - shown_bytes;
  while (begin < text.size() && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) ++begin;
  return fmt::format("...{}", text.substr(begin));
}

bool expects_more(std::string_view text) {
  constexpr std::u32string_view signs{U",;—–("};
  return signs.find(last_character(trim(text)).code) != std::u32string_view::npos;
}

/// "10.5 Where", "10.5" and "4", not "10.5 million".
bool begins_section(std::string_view line) {
  const auto behind = trim(line.substr(std::min(line.find(' '), line.size())));
  if (behind.empty()) return heading_number(std::string{line} + " x").depth >= 1;
  return heading_number(line).depth >= 2 && is_upper(first_character(without_opening_marks(behind)).code);
}

}  // namespace

Continuation::Continuation(const Book& book, std::span<const PageLayout> layouts) : book_{book}, layouts_{layouts} { count_indents(); }

std::string_view Continuation::last_line(const BlockAt& at) const {
  const auto& page = book_.pages[at.page];
  return text_of(page, page.lines[block(at).lines_end - 1].text);
}

std::string_view Continuation::first_line(const BlockAt& at) const {
  const auto& page = book_.pages[at.page];
  return text_of(page, page.lines[block(at).lines_begin].text);
}

std::optional<bool> Continuation::fills(const BlockAt& at) const {
  const auto& page = book_.pages[at.page];
  const auto& layout = layouts_[at.page];
  const auto begin = block(at).lines_begin, last = block(at).lines_end - 1;
  if (page.lines[last].placed && layout.placed) {
    float right = layout.right_px;
    if (last - begin >= 2) {
      right = 0;
      for (auto n = begin; n <= last; ++n) right = std::max(right, page.lines[n].box.x1);
    }
    return page.lines[last].box.x1 >= right - std::max(.06F * (layout.right_px - layout.left_px), 1.5F * layout.letter_px);
  }
  if (last == begin) return count_letters(text_of(page, block(at).text)) >= long_text_letters ? std::optional{true} : std::nullopt;
  std::uint32_t longest = 0;
  for (auto n = begin; n <= last; ++n) longest = std::max(longest, page.lines[n].text.end - page.lines[n].text.begin);
  return 10 * (page.lines[last].text.end - page.lines[last].text.begin) >= 8 * longest;
}

std::optional<bool> Continuation::is_indented(const BlockAt& at) const {
  const auto& page = book_.pages[at.page];
  const auto& layout = layouts_[at.page];
  const auto begin = block(at).lines_begin, end = block(at).lines_end;
  if (!layout.placed || !page.lines[begin].placed) return std::nullopt;
  float left = layout.left_px;
  for (auto n = begin + 1; n < end; ++n) left = n == begin + 1 ? page.lines[n].box.x0 : std::min(left, page.lines[n].box.x0);
  return page.lines[begin].box.x0 >= left + .8F * layout.letter_px;
}

std::optional<float> Continuation::reach(const BlockAt& at) const {
  const auto& page = book_.pages[at.page];
  const auto& layout = layouts_[at.page];
  const auto& it = block(at);
  if (it.lines_end - it.lines_begin < 2 || !layout.placed || !page.lines[it.lines_end - 1].placed) return std::nullopt;
  float left = layout.right_px, right = 0;
  for (auto n = it.lines_begin; n < it.lines_end; ++n) {
    left = std::min(left, page.lines[n].box.x0);
    right = std::max(right, page.lines[n].box.x1);
  }
  return (page.lines[it.lines_end - 1].box.x1 - left) / std::max(right - left, 1.F);
}

bool Continuation::spans_text(const BlockAt& at) const {
  const auto& layout = layouts_[at.page];
  const auto& box = block(at).box;
  return box.x1 - box.x0 > .85F * (layout.right_px - layout.left_px) && count_letters(last_line(at)) >= 25;
}

void Continuation::count_indents() {
  std::uint32_t indented = 0, flush = 0;
  for (std::uint32_t page = 0; page < book_.pages.size(); ++page) {
    const auto& blocks = book_.pages[page].blocks;
    for (std::uint32_t n = 1; n < blocks.size(); ++n) {  // the first may go on from the page before
      if (blocks[n].role != Role::paragraph || blocks[n - 1].role != Role::paragraph || blocks[n].lines_end - blocks[n].lines_begin < 3)
        continue;
      const auto known = is_indented({page, n});
      if (known) ++(*known ? indented : flush);
    }
  }
  indents_ = indented >= least_indented && 10 * indented >= 6 * (indented + flush);
}

std::string Continuation::evidence(const BlockAt& first, const BlockAt& second, bool hyphenated) const {
  const auto end = last_line(first), begin = without_opening_marks(first_line(second));
  const bool same_page = first.page == second.page;
  const auto next = first_character(begin).code;
  if (begin.empty() || is_right_to_left(next) || is_right_to_left(last_character(end).code)) return {};
  const auto say = [&](std::string_view why) { return fmt::format("'{}' and '{}': {}", end_of(end), shortened(begin, shown_bytes), why); };
  if (hyphenated) return say("a word goes on");
  const auto full = fills(first), indented = is_indented(second);
  if (begins_section(begin)) return {};
  const bool ended = ends_sentence(end), marked = item_mark(begin).kind != ItemMark::Kind::none || is_caption(begin) || has_leader(end) ||
                                                  has_leader(first_line(second));
  if (marked || (is_lower(next) && full == false && !expects_more(end) && (ended || same_page))) return {};
  if (is_lower(next)) {
    if (!ended) return say("the sentence is not at its end, and goes on in lower case");
    return full == true && !same_page ? say("the last line is full, and the next begins in lower case") : std::string{};
  }
  if (book_.kind == Kind::mixed || (same_page && !is_unspaced(next))) return {};
  if (!ended && indented != true) {
    if (expects_more(end)) return say("the sentence is not at its end");
    // One line alone may be anything: a title, a name, an address.
    const bool several = block(first).lines_end - block(first).lines_begin >= 2 || !layouts_[first.page].placed || spans_text(first);
    // Paragraphs of prose hardly end without a sign; a line that goes on far is none that was cut off.
    const bool far = reach(first).value_or(0) >= .7F && reach(second).has_value();
    return (full == true && several) || far ? say("the sentence is not at its end, its line is not short, and the next is not indented")
                                            : std::string{};
  }
  if (ended && indents_ && full == true && indented == false && !same_page)
    return say("the last line is full, and the next is not indented as paragraphs of the document are");
  return {};
}

}  // namespace pecia::merge
