#include "xml_rows.hpp"

#include <algorithm>
#include <span>
#include <string_view>

#include "line_text.hpp"
#include "pecia/base/ascii.hpp"

namespace pecia::exporting {
namespace {

bool is_white(char c) { return ascii_white.find(c) != std::string_view::npos; }

/// Splits a text that stands at `begin` of the page at white space.
void add_tokens(Row& row, std::string_view text, std::uint32_t begin, bool of_page) {
  bool blank = row.tokens.empty();
  for (std::size_t at = 0; at < text.size();) {
    if (is_white(text[at])) {
      blank = true;
      ++at;
      continue;
    }
    const auto first = at;
    while (at < text.size() && !is_white(text[at])) ++at;
    const merge::Span span{begin + static_cast<std::uint32_t>(first), begin + static_cast<std::uint32_t>(at)};
    row.tokens.push_back({std::string{text.substr(first, at - first)}, nullptr, blank, of_page ? span : merge::Span{}});
    blank = false;
  }
}

Row row_of(const merge::PageModel& page, const merge::Block& block, const merge::Line& line) {
  Row row;
  row.line = &line;
  const LineText text{page, block, line};
  auto cursor = line.text.begin;
  for (auto n = line.words_begin; n < line.words_end; ++n) {
    const auto& word = page.words[n];
    const auto gap = text({cursor, word.text.begin});
    add_tokens(row, gap, cursor, text.is_of_page());
    const bool blank = row.tokens.empty() || (!gap.empty() && is_white(gap.back()));
    cursor = word.text.end;
    const auto token = text(word.text);
    if (!token.empty()) row.tokens.push_back({std::string{token}, &word, blank, text.is_of_page() ? word.text : merge::Span{}});
  }
  add_tokens(row, text({cursor, line.text.end}), cursor, text.is_of_page());
  for (const auto& token : row.tokens) {
    if (token.blank_before && !row.text.empty()) row.text += ' ';
    row.text += token.text;
  }
  return row;
}

void add_plain_rows(std::vector<Row>& rows, std::string_view text) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto begin = line.find_first_not_of(ascii_white), last = line.find_last_not_of(ascii_white);
    if (begin == std::string_view::npos) continue;
    auto& row = rows.emplace_back();
    row.text = line.substr(begin, last + 1 - begin);
    add_tokens(row, row.text, 0, false);
  }
}

}  // namespace

std::vector<Row> rows_of(const merge::PageModel& page, const merge::Block& block) {
  std::vector<Row> rows;
  const auto lines = std::span{page.lines}.subspan(block.lines_begin, block.lines_end - block.lines_begin);
  if (page.markup && std::ranges::none_of(lines, &merge::Line::placed)) {
    add_plain_rows(rows, plain_text(page, block));
    return rows;
  }
  for (const auto& line : lines) {
    auto row = row_of(page, block, line);
    if (!row.tokens.empty()) rows.push_back(std::move(row));
  }
  return rows;
}

}  // namespace pecia::exporting
