#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "writers.hpp"

namespace pecia::exporting {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::size_t length_while(std::string_view text, bool (*holds)(char)) {
  return static_cast<std::size_t>(std::ranges::find_if_not(text, holds) - text.begin());
}

/// The length of a tag of a plain table at the beginning of the text: `<td colspan="2">`. 0: there
/// is none.
std::size_t table_tag(std::string_view text) {
  constexpr std::array<std::string_view, 12> names{
      "table", "thead", "tbody", "tfoot", "caption", "tr", "td", "th", "br", "sup", "sub", "u"};
  constexpr std::array<std::string_view, 3> attributes{"colspan", "rowspan", "border"};
  auto rest = text.substr(1);
  if (rest.starts_with('/')) rest.remove_prefix(1);
  const auto take = [&](std::size_t size) {
    const auto taken = rest.substr(0, size);
    rest.remove_prefix(taken.size());
    return taken;
  };
  if (std::ranges::find(names, take(length_while(rest, is_letter))) == names.end()) return 0;
  while (rest.starts_with(' ')) {
    take(1);
    if (rest.starts_with('/') || rest.starts_with('>')) break;
    if (std::ranges::find(attributes, take(length_while(rest, is_letter))) == attributes.end())
      return 0;
    if (take(1) != "=") return 0;
    const bool quoted = rest.starts_with('"');
    if (quoted) take(1);
    if (take(length_while(rest, is_digit)).empty()) return 0;
    if (quoted && take(1) != "\"") return 0;
  }
  if (rest.starts_with('/')) take(1);
  return take(1) == ">" ? text.size() - rest.size() : 0;
}

/// What a page shows must not become anything but text and tables where the Markdown is shown.
void append_text(std::string& out, std::string_view text) {
  while (!text.empty()) {
    const char c = text.front();
    const char next = text.size() > 1 ? text[1] : '\0';
    const bool opens = c == '<' && (is_letter(next) || next == '/' || next == '!' || next == '?');
    const auto size = opens ? std::max<std::size_t>(table_tag(text), 1) : 1;
    if (opens && size == 1) out += '\\';
    if (c == '\f')
      out += '\n';
    else if (c != '\r')
      out += text.substr(0, size);
    text.remove_prefix(size);
  }
}

void begin_paragraph(std::string& out) {
  while (!out.empty() && !out.ends_with("\n\n")) out += '\n';
}

}  // namespace

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
    append_text(out, text.substr(at, block.text_begin - at));
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
  append_text(out, text.substr(at));
  while (!out.empty() && std::string_view{" \t\n"}.find(out.back()) != std::string_view::npos)
    out.pop_back();
  out.erase(0, out.find_first_not_of('\n'));
  if (!out.empty()) out += '\n';
  return out;
}

}  // namespace pecia::exporting
