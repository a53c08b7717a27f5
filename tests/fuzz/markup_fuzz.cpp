#include "markup.hpp"

#include <string>

#include "fuzz.hpp"
#include "pecia/base/text.hpp"

// What a model says: all that is not a tag is kept, in order, and places lie where they can.
namespace pecia {
namespace {

using engine::deepseek::Markup;
using engine::deepseek::parse_markup;

bool is_white(char c) { return std::string_view{" \t\n\r\v\f"}.find(c) != std::string_view::npos; }

std::string without_white(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (!is_white(c)) out += c;
  }
  return out;
}

void check(const Markup& markup, std::string_view output) {
  const std::string_view text{markup.text};
  fuzz::expect(text.empty() || (!is_white(text.front()) && !is_white(text.back())), "the text has no white ends");
  fuzz::expect(text.size() <= output.size(), "the text is no longer than the output");
  std::size_t text_at = 0, output_at = 0;
  for (const auto& block : markup.blocks) {
    fuzz::expect(block.text.begin >= text_at && block.text.end >= block.text.begin && block.text.end <= text.size(),
                 "blocks are in the order of the text");
    fuzz::expect(block.output.begin >= output_at && block.output.end > block.output.begin && block.output.end <= output.size(),
                 "blocks are in the order of the output");
    text_at = block.text.end;
    output_at = block.output.end;
    for (const auto& box : block.boxes)
      fuzz::expect(0 <= box[0] && box[0] <= box[2] && box[2] <= 999 && 0 <= box[1] && box[1] <= box[3] && box[3] <= 999,
                   "boxes lie on the page");
    const auto piece = text.substr(block.text.begin, block.text.end - block.text.begin);
    const auto raw = output.substr(block.output.begin, block.output.end - block.output.begin);
    const bool replaced = raw.find("qq") != std::string_view::npos;
    if (!piece.empty() && !replaced) fuzz::expect(without_white(piece) == without_white(raw), "a block's text is what was said");
  }
  if (is_utf8(output)) fuzz::expect(is_utf8(text), "what was UTF-8 stays UTF-8");
}

}  // namespace
}  // namespace pecia

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto output = pecia::fuzz::text_of({data, size});
  pecia::check(pecia::engine::deepseek::parse_markup(output), output);
  return 0;
}
