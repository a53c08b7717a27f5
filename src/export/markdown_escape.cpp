#include "markdown_escape.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "pecia/base/ascii.hpp"

namespace pecia::exporting {
namespace {

constexpr std::string_view blanks = " \t";
/// Signs of list items in print.
constexpr std::array<std::string_view, 8> bullets{"\u2022", "\u25E6", "\u25AA", "\u2023", "\u25CF", "\u25CB", "\u25A0", "\u25A1"};

/// Only one sign and blanks, at least three times ("***", "- - -"), or any number of '=' or '-' (an
/// underline that would make a title of the line before).
bool is_rule(std::string_view line) {
  const char sign = line[0];
  if (std::string_view{"-_*="}.find(sign) == std::string_view::npos) return false;
  const auto other = [&](char c) { return c != sign && blanks.find(c) == std::string_view::npos; };
  if (std::ranges::any_of(line, other)) return false;
  return sign == '=' || sign == '-' || std::ranges::count(line, sign) >= 3;
}

/// How many of the first bytes of a line make it a title, quotation, list, rule or code in
/// Markdown, up to the one that a backslash must stand before; npos: none.
std::size_t mark_of(std::string_view line) {
  const char first = line[0];
  const auto ends_word = [&](std::size_t at) { return at >= line.size() || blanks.find(line[at]) != std::string_view::npos; };
  if (first == '#' || first == '>') return 0;
  if (line.starts_with("```") || line.starts_with("~~~")) return 0;
  if (is_rule(line)) return 0;
  if ((first == '-' || first == '+' || first == '*') && ends_word(1)) return 0;
  std::size_t digits = 0;
  while (digits < line.size() && is_ascii_digit(line[digits])) ++digits;
  if (digits > 0 && digits <= 9 && digits < line.size() && (line[digits] == '.' || line[digits] == ')') && ends_word(digits + 1))
    return digits;
  return std::string_view::npos;
}

/// Whether the mark that `mark_of` found begins an item of a list.
bool is_list_mark(std::string_view line, std::size_t mark) {
  return is_ascii_digit(line[0]) || (mark == 0 && std::string_view{"-+*"}.find(line[0]) != std::string_view::npos && !is_rule(line));
}

/// How many bytes the sign has that begins an item here, 0 if there is none.
std::size_t bullet_bytes(std::string_view line) {
  const auto* found = std::ranges::find_if(bullets, [&](std::string_view bullet) { return line.starts_with(bullet); });
  if (found == bullets.end()) return 0;
  return line.size() > found->size() && line[found->size()] == ' ' ? found->size() : 0;
}

class Escaper {
 public:
  Escaper(std::string& out, std::span<const Insertion> insertions, ListMarks marks) : out_{out}, insertions_{insertions}, marks_{marks} {}

  void line(std::string_view line, std::size_t begin) {
    const auto indent = std::min(line.find_first_not_of(blanks), line.size());
    insert_up_to(begin + indent);
    line.remove_prefix(indent);
    begin += indent;
    auto mark = line.empty() ? std::string_view::npos : mark_of(line);
    std::size_t at = 0;
    if (marks_ == ListMarks::kept && !line.empty()) {
      if (mark != std::string_view::npos && is_list_mark(line, mark)) mark = std::string_view::npos;
      at = bullet_bytes(line);
      if (at > 0) out_ += '-';
    }
    for (; at < line.size(); ++at) {
      insert_up_to(begin + at);
      const char next = at + 1 < line.size() ? line[at + 1] : '\0';
      const bool tag = line[at] == '<' && (is_ascii_letter(next) || next == '/' || next == '!' || next == '?');
      if (at == mark || tag || line[at] == '\\') out_ += '\\';
      out_ += line[at];
    }
    insert_up_to(begin + line.size());
    out_ += '\n';
  }

 private:
  void insert_up_to(std::size_t at) {
    while (!insertions_.empty() && insertions_.front().at <= at) {
      out_ += insertions_.front().text;
      insertions_ = insertions_.subspan(1);
    }
  }

  std::string& out_;
  std::span<const Insertion> insertions_;
  ListMarks marks_;
};

}  // namespace

void append_escaped(std::string& out, std::string_view text, std::span<const Insertion> insertions, ListMarks marks) {
  Escaper escaper{out, insertions, marks};
  for (std::size_t begin = 0; begin < text.size();) {
    const auto line = text.substr(begin, text.substr(begin).find('\n'));
    escaper.line(line, begin);
    begin += line.size() + 1;
  }
}

std::string markdown_remark(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view{"\\`*[]<"}.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return fmt::format("[{}]", escaped);
}

std::string markdown_notice(std::string_view text) { return fmt::format("> {}\n", markdown_remark(text)); }

}  // namespace pecia::exporting
