#include "head_parts.hpp"

#include "characters.hpp"
#include "marks.hpp"

namespace pecia::merge {
namespace {

constexpr float least_blank = 1.5F;  ///< in heights of the line
constexpr std::uint32_t least_letters = 8;

/// Where the widest blank ends, if it is wide enough; else 0. Bytes of the page's text.
std::uint32_t behind_widest_blank(const PageModel& page, const Line& line) {
  auto widest = least_blank * (line.box.y1 - line.box.y0);
  std::uint32_t at = 0;
  for (auto n = line.words_begin + 1; n < line.words_end; ++n) {
    const auto blank = page.words[n].box.x0 - page.words[n - 1].box.x1;
    if (blank <= widest) continue;
    widest = blank;
    at = page.words[n].text.begin;
  }
  return at;
}

/// Where a section number ("6.7.") stands behind words; else 0.
std::uint32_t section_in(const PageModel& page, const Line& line) {
  const auto text = text_of(page, line.text);
  for (auto at = text.find(' '); at != std::string_view::npos; at = text.find(' ', at + 1)) {
    const auto rest = text.substr(at + 1);
    if (is_digit(first_character(rest).code) && heading_number(rest).depth >= 2 && count_letters(text.substr(0, at)) >= least_letters)
      return line.text.begin + static_cast<std::uint32_t>(at) + 1;
  }
  return 0;
}

}  // namespace

HeadParts head_parts(const PageModel& page, const Line& line) {
  auto at = line.placed ? behind_widest_blank(page, line) : 0;
  if (at == 0) at = section_in(page, line);
  if (at <= line.text.begin) return {};
  const HeadParts parts{trim(text_of(page, {line.text.begin, at})), trim(text_of(page, {at, line.text.end}))};
  if (count_letters(parts.begin) < least_letters || count_letters(parts.end) < least_letters) return {};
  return parts;
}

}  // namespace pecia::merge
