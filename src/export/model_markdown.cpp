#include <fmt/format.h>

#include "pecia/base/ascii.hpp"
#include "table_tag.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

void begin_paragraph(std::string& out) {
  while (!out.empty() && !out.ends_with("\n\n")) out += '\n';
}

}  // namespace

void append_model_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const char next = text.size() > 1 ? text[1] : '\0';
    const bool opens = c == '<' && (is_ascii_letter(next) || next == '/' || next == '!' || next == '?');
    const auto tag = opens ? table_tag(text) : std::nullopt;
    const auto size = tag ? tag->size : 1;
    if (opens && !tag) out += '\\';
    if (c == '\f')
      out += '\n';
    else if (c != '\r')
      out += text.substr(0, size);
    text.remove_prefix(size);
  }
}

std::vector<result::Box> image_boxes(const result::Reading& reading) {
  std::vector<result::Box> boxes;
  for (const auto& block : reading.blocks) {
    if (block.kind != result::BlockKind::image || !block.placed()) continue;
    if (block.boxes.empty()) boxes.push_back(block.box);
    boxes.insert(boxes.end(), block.boxes.begin(), block.boxes.end());
  }
  return boxes;
}

std::string model_markdown(const result::Reading& reading, std::span<const std::string> links) {
  std::string out;
  const std::string_view text{reading.text};
  std::size_t at = 0, number = 0;
  for (const auto& block : reading.blocks) {
    if (block.kind != result::BlockKind::image || !block.placed()) continue;
    append_model_text(out, text.substr(at, block.text_begin - at));
    at = block.text_begin;
    const auto& boxes = block.boxes.empty() ? std::vector{block.box} : block.boxes;
    for (const auto& box : boxes) {
      begin_paragraph(out);
      const bool linked = number < links.size() && !links[number].empty();
      out += linked ? fmt::format("![]({})", links[number])
                    : fmt::format("<!-- image {:.0f} {:.0f} {:.0f} {:.0f} -->", box.x0, box.y0,
                                  box.x1, box.y1);
      ++number;
      out += "\n\n";
    }
  }
  append_model_text(out, text.substr(at));
  while (!out.empty() && std::string_view{" \t\n"}.find(out.back()) != std::string_view::npos)
    out.pop_back();
  out.erase(0, out.find_first_not_of('\n'));
  if (!out.empty()) out += '\n';
  return out;
}

}  // namespace pecia::exporting
