#include <fmt/format.h>

#include <algorithm>

#include "markdown_escape.hpp"
#include "pecia/base/text.hpp"
#include "pecia/merge/cleaned.hpp"
#include "writers.hpp"

namespace pecia::exporting {
namespace {

using result::State;

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

/// The text of a page as every format takes it, without form feeds (they separate pages) and without blank lines at its ends.
std::string body_of(const merge::Page& page) {
  auto text = page.outcome.reading.text;
  std::erase(text, '\r');
  std::ranges::replace(text, '\f', '\n');
  text = merge::cleaned(text);
  const auto end = text.find_last_not_of(" \t\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  text.erase(0, text.find_first_not_of('\n'));
  return text;
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
          model_markdown(merge::cleaned(reading), links == images.end() ? std::span<const std::string>{} : links->second);
      if (!text.empty() && !body.empty()) out += '\n';
      out += body;
    } else if (text.empty()) {
      append_escaped(out, body_of(page));
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
