#include <fmt/format.h>

#include <algorithm>

#include "pecia/base/text.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

using result::State;

constexpr std::string_view blanks = " \t";

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

/// On one line: runs of blanks, line ends and control characters become one space.
std::string one_line(std::string_view text) {
  std::string line;
  for (const char c : text) {
    const bool blank = static_cast<unsigned char>(c) <= ' ' || c == 0x7F;
    if (!blank)
      line += c;
    else if (!line.empty() && line.back() != ' ')
      line += ' ';
  }
  while (line.ends_with(' ')) line.pop_back();
  return to_utf8(line);
}

/// The text of a page without form feeds (they separate pages) and without blank lines at its ends.
std::string body_of(const merge::Page& page) {
  auto text = page.outcome.reading.text;
  std::erase(text, '\r');
  std::ranges::replace(text, '\f', '\n');
  const auto end = text.find_last_not_of(" \t\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  text.erase(0, text.find_first_not_of('\n'));
  return text;
}

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
  const auto ends_word = [&](std::size_t at) {
    return at >= line.size() || blanks.find(line[at]) != std::string_view::npos;
  };
  if (first == '#' || first == '>') return 0;
  if (line.starts_with("```") || line.starts_with("~~~")) return 0;
  if (is_rule(line)) return 0;
  if ((first == '-' || first == '+' || first == '*') && ends_word(1)) return 0;
  std::size_t digits = 0;
  while (digits < line.size() && is_digit(line[digits])) ++digits;
  if (digits > 0 && digits <= 9 && digits < line.size() &&
      (line[digits] == '.' || line[digits] == ')') && ends_word(digits + 1))
    return digits;
  return std::string_view::npos;
}

void append_markdown_line(std::string& out, std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of(blanks), line.size()));
  const auto mark = line.empty() ? std::string_view::npos : mark_of(line);
  for (std::size_t n = 0; n < line.size(); ++n) {
    const char next = n + 1 < line.size() ? line[n + 1] : '\0';
    const bool tag =
        line[n] == '<' && (is_letter(next) || next == '/' || next == '!' || next == '?');
    if (n == mark || tag || line[n] == '\\') out += '\\';
    out += line[n];
  }
  out += '\n';
}

std::string markdown_notice(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view{"\\`*[]<"}.find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return fmt::format("> [{}]\n", escaped);
}

}  // namespace

std::string notice(const merge::Page& page) {
  const auto what =
      page.number == 0 ? std::string{"this document"} : fmt::format("page {}", page.number);
  if (page.pending) return what + " is not read yet";
  const auto& outcome = page.outcome;
  switch (outcome.state) {
    case State::ok:
    case State::ok_fallback:
      return body_of(page).empty() && image_boxes(outcome.reading).empty() ? what + " has no text" : std::string{};
    case State::blank:
      return what + " is blank";
    case State::skipped:
    case State::failed:
      break;
  }
  auto text = fmt::format("{} {}: {}", what,
                          outcome.state == State::skipped ? "was skipped" : "could not be read",
                          name(outcome.reason));
  if (!outcome.detail.empty()) text += " — " + one_line(outcome.detail);
  return text;
}

std::string to_markdown(const merge::Document& document, const ImageLinks& images) {
  std::string out;
  for (const auto& page : document.pages) {
    if (!out.empty()) out += '\n';
    if (page.number > 0) out += fmt::format("<!-- page {} -->\n\n", page.number);
    const auto text = notice(page);
    if (!text.empty()) out += markdown_notice(text);
    const auto& reading = page.outcome.reading;
    if (reading.finish_reason != result::FinishReason::none) {
      const auto links = images.find(page.number);
      const auto body =
          model_markdown(reading, links == images.end() ? std::span<const std::string>{} : links->second);
      if (!text.empty() && !body.empty()) out += '\n';
      out += body;
    } else if (text.empty()) {
      const auto body = body_of(page);
      std::string_view rest{body};
      while (!rest.empty()) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        append_markdown_line(out, line);
      }
    }
  }
  return out;
}

std::string to_plain_text(const merge::Document& document, const ImageLinks&) {
  std::string out;
  for (const auto& page : document.pages) {
    if (!out.empty()) out += '\f';
    const auto text = notice(page);
    if (!text.empty()) out += fmt::format("[{}]\n", text);
    const auto body = body_of(page);
    if (text.empty() || !body.empty()) out += body + '\n';
  }
  return out;
}

}  // namespace pecia::exporting
