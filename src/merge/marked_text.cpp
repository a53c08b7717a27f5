#include "pecia/merge/marked_text.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "pecia/base/ascii.hpp"

namespace pecia::merge {
namespace {

constexpr std::array<std::string_view, 4> elements{"sup", "sub", "u", "br"};  ///< in the order of `Inline`
constexpr std::size_t most_nested = 8;                                        ///< marks within marks; what nests deeper is not marked

/// Of any script.
bool is_letter_byte(char c) { return is_ascii_letter(c) || static_cast<unsigned char>(c) >= 0x80; }

bool is_whole_number(std::string_view text) {
  constexpr std::array<std::string_view, 3> signs{"+", "-", "\u2212"};
  for (const auto sign : signs) {
    if (text.starts_with(sign)) {
      text.remove_prefix(sign.size());
      break;
    }
  }
  return !text.empty() && std::ranges::all_of(text, is_ascii_digit);
}

bool goes_on_as_number(std::string_view behind) {
  if (!behind.empty() && (behind[0] == '.' || behind[0] == ',')) behind.remove_prefix(1);
  return !behind.empty() && is_ascii_digit(behind[0]);
}

bool ends_by_itself(std::string_view content, std::string_view behind) {
  if (is_whole_number(content)) return !goes_on_as_number(behind);
  if (std::ranges::all_of(content, is_letter_byte)) return behind.empty() || !is_letter_byte(behind[0]);
  return content.size() == 1 && std::string_view{"^_{}"}.find(content[0]) == std::string_view::npos;
}

}  // namespace

std::string_view element_of(Inline what) noexcept { return elements[static_cast<std::size_t>(what)]; }

std::optional<Inline> inline_of(std::string_view element) noexcept {
  const auto* found = std::ranges::find(elements, element);
  if (found == elements.end()) return std::nullopt;
  return static_cast<Inline>(found - elements.begin());
}

void visit(const MarkedText& text, const MarkedTextVisitor& visitor) {
  std::vector<std::size_t> open;
  std::uint32_t at = 0;
  const auto text_up_to = [&](std::uint32_t end) {
    if (end > at) visitor.text(at, end);
    at = std::max(at, end);
  };
  const auto close_up_to = [&](std::uint32_t end) {
    for (; !open.empty() && text.marks[open.back()].end <= end; open.pop_back()) {
      text_up_to(text.marks[open.back()].end);
      visitor.mark(open.back(), false);
    }
  };
  for (std::size_t n = 0; n < text.marks.size(); ++n) {
    const auto& mark = text.marks[n];
    close_up_to(mark.begin);
    text_up_to(mark.begin);
    visitor.mark(n, true);
    if (mark.what == Inline::line_break)
      at = mark.end;
    else
      open.push_back(n);
  }
  const auto size = static_cast<std::uint32_t>(text.text.size());
  close_up_to(size);
  text_up_to(size);
}

std::string_view plain_sign(const MarkedText& text, std::size_t mark, bool opens) {
  const auto& [what, begin, end] = text.marks[mark];
  if (what == Inline::underline) return {};
  if (what == Inline::line_break) return opens ? " " : "";
  const auto all = std::string_view{text.text};
  const auto* next = mark + 1 < text.marks.size() ? &text.marks[mark + 1] : nullptr;
  const bool nests = next != nullptr && next->begin < end;
  const bool sign_follows = next != nullptr && next->begin == end && next->what != Inline::underline;
  const bool braces = nests || !ends_by_itself(all.substr(begin, end - begin), sign_follows ? std::string_view{} : all.substr(end));
  if (!opens) return braces ? "}" : "";
  if (what == Inline::superscript) return braces ? "^{" : "^";
  return braces ? "_{" : "_";
}

std::string plain_text(const MarkedText& text) {
  if (text.marks.empty()) return text.text;
  std::string out;
  visit(text, {[&](std::uint32_t begin, std::uint32_t end) { out.append(text.text, begin, end - begin); },
               [&](std::size_t mark, bool opens) { out += plain_sign(text, mark, opens); }});
  return out;
}

void MarkedTextBuilder::add(std::string_view sign) {
  auto& text = made_.text;
  if (ascii_white.find(sign.front()) == std::string_view::npos)
    text += sign;
  else if (!text.empty() && text.back() != ' ')
    text += ' ';
}

void MarkedTextBuilder::open(Inline what) {
  if (open_.size() >= most_nested) return;
  open_.push_back(made_.marks.size());
  const auto at = static_cast<std::uint32_t>(size());
  made_.marks.push_back({what, at, at});
}

void MarkedTextBuilder::close(Inline what) {
  const auto same = [&](std::size_t mark) { return made_.marks[mark].what == what; };
  if (std::ranges::none_of(open_, same)) return;
  for (bool found = false; !found; open_.pop_back()) {
    made_.marks[open_.back()].end = static_cast<std::uint32_t>(size());
    found = same(open_.back());
  }
}

void MarkedTextBuilder::break_line() {
  add(" ");
  if (made_.text.empty()) return;
  const auto end = static_cast<std::uint32_t>(size());
  made_.marks.push_back({Inline::line_break, end - 1, end});
}

MarkedText MarkedTextBuilder::take() {
  for (const auto mark : open_) made_.marks[mark].end = static_cast<std::uint32_t>(size());
  open_.clear();
  auto made = std::exchange(made_, {});
  if (made.text.ends_with(' ')) made.text.pop_back();
  for (auto& [what, begin, end] : made.marks) {
    end = std::min(end, static_cast<std::uint32_t>(made.text.size()));
    if (what == Inline::line_break) continue;
    while (begin < end && made.text[begin] == ' ') ++begin;
    while (begin < end && made.text[end - 1] == ' ') --end;
  }
  std::erase_if(made.marks, [](const InlineMark& mark) { return mark.begin >= mark.end; });
  // A line break at the edge of a mark has come to stand before or behind it.
  std::ranges::stable_sort(made.marks,
                           [](const InlineMark& a, const InlineMark& b) { return a.begin != b.begin ? a.begin < b.begin : a.end > b.end; });
  const auto same_break = [](const InlineMark& a, const InlineMark& b) { return a.what == Inline::line_break && a.begin == b.begin; };
  made.marks.erase(std::unique(made.marks.begin(), made.marks.end(), same_break), made.marks.end());
  return made;
}

}  // namespace pecia::merge
