#include "kind.hpp"

#include "characters.hpp"
#include "marks.hpp"

namespace pecia::merge {
namespace {

/// To be filled in: "Name ________".
bool has_blank_to_fill(std::string_view line) {
  return line.find("____") != std::string_view::npos || (line.find("......") != std::string_view::npos && !has_leader(line));
}

}  // namespace

Kind kind_of(std::span<const PageModel> pages) {
  std::uint64_t text = 0, form = 0;
  for (const auto& page : pages) {
    for (const auto& block : page.blocks) {
      if (block.role == Role::table) {
        form += count_letters(plain_text(page, block));
      } else if (is_in_flow(block.role)) {
        for (auto n = block.lines_begin; n < block.lines_end; ++n) {
          const auto line = text_of(page, page.lines[n].text);
          (is_labelled_value(line) || has_blank_to_fill(line) ? form : text) += count_letters(line);
        }
      }
    }
  }
  if (10 * text >= 7 * (text + form)) return Kind::text;
  return 10 * text <= 3 * (text + form) ? Kind::forms : Kind::mixed;
}

}  // namespace pecia::merge
