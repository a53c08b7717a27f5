#include "text_order.hpp"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

namespace pecia::page {
namespace {

using Glyph = PopplerWord::Glyph;
using Glyphs = std::vector<Glyph>;

constexpr char32_t soft_hyphen = 0xAD, replacement = 0xFFFD, non_joiner = 0x200C, joiner = 0x200D;

bool is_right_to_left(char32_t character) {
  const auto direction = u_charDirection(code_point(character));
  return direction == U_RIGHT_TO_LEFT || direction == U_RIGHT_TO_LEFT_ARABIC;
}
bool is_left_to_right(char32_t character) { return u_charDirection(code_point(character)) == U_LEFT_TO_RIGHT; }
bool is_digit(char32_t character) { return u_charType(code_point(character)) == U_DECIMAL_DIGIT_NUMBER; }
bool is_space(char32_t character) { return u_isUWhiteSpace(code_point(character)) != 0; }

/// Marks of direction, zero widths: nothing to be seen. Joiners change how letters look, and are kept.
bool is_nothing(char32_t character) {
  return character != soft_hyphen && character != joiner && character != non_joiner &&
         u_charType(code_point(character)) == U_FORMAT_CHAR;
}

template <class Is>
bool any(const std::u32string& text, Is is) {
  return std::ranges::any_of(text, is);
}

// ---- words that are written from right to left

/// Glyphs that stand for several characters each, and text that replaces glyphs, come with their box cut into equal parts,
/// and in the order of reading. Nothing else has such widths: parts that are far too narrow, marks as wide as letters.
constexpr double equal_widths = 2e-3, too_narrow = 0.2;
/// Of the two halves of a lam with an alef: what is between letters is added to the second.
constexpr double equal_halves = 0.04;
constexpr char32_t lam = 0x644;

bool is_alef(char32_t character) { return character == 0x622 || character == 0x623 || character == 0x625 || character == 0x627; }

double width(const Glyph& glyph) { return glyph.x1 - glyph.x0; }

/// Whether lam at `at`, and alef to the right of it, are the one glyph of a lam that an alef follows, or an alef before a lam. Both
/// look the same here but for widths; at the beginning of a word, behind "and", "in", "as", it is the article.
bool is_lam_alef(const Glyphs& glyphs, std::size_t at) {
  if (at + 1 >= glyphs.size() || glyphs[at].character != lam || !is_alef(glyphs[at + 1].character)) return false;
  const double first = width(glyphs[at]), second = width(glyphs[at + 1]);
  if (std::abs(first - second) > equal_halves * std::max(first, second)) return false;
  const bool plain = glyphs[at + 1].character == 0x627;
  std::u32string before;  // in the order of reading
  for (auto n = at + 2; n < glyphs.size(); ++n) {
    if (is_right_to_left(glyphs[n].character)) before += glyphs[n].character;
  }
  static constexpr std::u32string_view prefixes = U"\u0648\u0628\u0643\u0641";
  const bool may_be_article = before.empty() || (before.size() == 1 && prefixes.find(before.front()) != std::u32string_view::npos);
  return !(plain && may_be_article);
}

/// The end of the characters from `first` on that come of one glyph.
std::size_t end_of_glyph(const Glyphs& glyphs, std::size_t first, double size_pt) {
  auto end = first + 1;
  bool marks = is_mark(glyphs[first].character);
  const double of_first = width(glyphs[first]);
  for (; end < glyphs.size() && of_first > 0; ++end) {
    if (std::abs(width(glyphs[end]) - of_first) > equal_widths * of_first || is_left_to_right(glyphs[end].character)) break;
    marks = marks || is_mark(glyphs[end].character);
  }
  const auto count = end - first;
  if (count >= 3 && (marks || of_first < too_narrow * size_pt)) return end;
  return is_lam_alef(glyphs, first) ? first + 2 : first + 1;
}

/// The end of what is written from left to right within: Latin words, numbers with what is in them.
std::size_t end_of_left_to_right(const Glyphs& glyphs, std::size_t first) {
  const auto within = [&](std::size_t n) { return is_left_to_right(glyphs[n].character) || is_digit(glyphs[n].character); };
  auto end = first;
  for (auto n = first; n < glyphs.size() && !is_right_to_left(glyphs[n].character); ++n) {
    if (within(n)) end = n + 1;
  }
  return end;
}

std::u32string in_reading_order(const Glyphs& glyphs, double size_pt) {
  std::vector<std::u32string> units;
  for (std::size_t n = 0; n < glyphs.size();) {
    const bool turned = is_left_to_right(glyphs[n].character) || is_digit(glyphs[n].character);
    const auto end = turned ? end_of_left_to_right(glyphs, n) : end_of_glyph(glyphs, n, size_pt);
    auto& unit = units.emplace_back();
    for (; n < end; ++n) unit += glyphs[n].character;
  }
  std::u32string text;
  for (auto unit = units.rbegin(); unit != units.rend(); ++unit) text += *unit;
  return text;
}

Token token_of(const Glyphs& glyphs, const PopplerWord& word) {
  Token token;
  token.quarter_turns = word.quarter_turns;
  token.vertical = word.vertical;
  token.size_pt = word.size_pt;
  token.x0 = token.y0 = INFINITY;
  token.x1 = token.y1 = -INFINITY;
  for (const auto& glyph : glyphs) {
    token.text += glyph.character;
    token.x0 = std::min(token.x0, std::min(glyph.x0, glyph.x1));
    token.y0 = std::min(token.y0, std::min(glyph.y0, glyph.y1));
    token.x1 = std::max(token.x1, std::max(glyph.x0, glyph.x1));
    token.y1 = std::max(token.y1, std::max(glyph.y0, glyph.y1));
  }
  if (word.quarter_turns == 0 && any(token.text, is_right_to_left)) token.text = in_reading_order(glyphs, word.size_pt);
  return token;
}

// ---- lines

/// A line as if it ran from left to right: along it from `begin` to `end`, across it from `top` to `bottom`.
struct Run {
  double begin, end, top, bottom;
};

Run run_of(const Token& token) {
  const bool down = token.vertical != (token.quarter_turns % 2 == 1);
  if (!down) return {token.x0, token.x1, token.y0, token.y1};
  return {token.y0, token.y1, token.x0, token.x1};
}

/// Without a space between them they still touch.
constexpr double touching = 0.15;

bool goes_on(const Token& before, const Token& next) {
  if (before.quarter_turns != next.quarter_turns || before.vertical != next.vertical) return false;
  const auto a = run_of(before), b = run_of(next);
  const double common = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  if (common < 0.3 * std::min(a.bottom - a.top, b.bottom - b.top)) return false;
  if (before.space_after) return true;
  const double gap = before.quarter_turns >= 2 ? a.begin - b.end : b.begin - a.end;
  return std::abs(gap) <= touching * std::max(a.bottom - a.top, 1.0);
}

enum class Writing { left_to_right, right_to_left, either };

Writing writing_of(const Token& token) {
  if (any(token.text, is_right_to_left)) return Writing::right_to_left;
  return any(token.text, is_left_to_right) ? Writing::left_to_right : Writing::either;
}

/// Turns runs of words that are written against the line; numbers between two of them belong to them.
void turn_runs(TokenLine& line, Writing turned) {
  for (std::size_t n = 0; n < line.size();) {
    if (writing_of(line[n]) != turned) {
      ++n;
      continue;
    }
    auto last = n;
    for (auto m = n; m < line.size() && writing_of(line[m]) != (turned == Writing::left_to_right ? Writing::right_to_left : Writing::left_to_right); ++m) {
      if (writing_of(line[m]) == turned) last = m;
    }
    std::reverse(line.begin() + static_cast<std::ptrdiff_t>(n), line.begin() + static_cast<std::ptrdiff_t>(last) + 1);
    n = last + 1;
  }
}

/// From the order on the page, left to right, to that of reading.
void put_in_reading_order(TokenLine& line) {
  std::size_t right = 0, left = 0;
  for (const auto& token : line) {
    right += static_cast<std::size_t>(std::ranges::count_if(token.text, is_right_to_left));
    left += static_cast<std::size_t>(std::ranges::count_if(token.text, is_left_to_right));
  }
  if (right == 0 || line.front().quarter_turns != 0) return;
  const bool all_touch = std::ranges::none_of(line, &Token::space_after);
  if (right > left) {
    std::ranges::reverse(line);
    turn_runs(line, Writing::left_to_right);
  } else {
    turn_runs(line, Writing::right_to_left);
  }
  for (std::size_t n = 0; n < line.size(); ++n) line[n].space_after = n + 1 < line.size() && !all_touch;
}

struct Extent {
  double x0 = INFINITY, y0 = INFINITY, x1 = -INFINITY, y1 = -INFINITY, size_pt = 0;
};

Extent extent_of(const TokenLine& line) {
  Extent all;
  for (const auto& token : line) {
    all.x0 = std::min(all.x0, token.x0);
    all.y0 = std::min(all.y0, token.y0);
    all.x1 = std::max(all.x1, token.x1);
    all.y1 = std::max(all.y1, token.y1);
    all.size_pt = std::max(all.size_pt, token.size_pt);
  }
  return all;
}

/// Of lines: how far apart those of a block are at most, in heights of a line, and how much their letters differ.
constexpr double most_leading = 0.9, most_growth = 1.35;

bool follows(const TokenLine& above, const TokenLine& below) {
  if (above.front().quarter_turns != below.front().quarter_turns || above.front().vertical != below.front().vertical) return false;
  const auto a = extent_of(above), b = extent_of(below);
  const double growth = a.size_pt > 0 && b.size_pt > 0 ? std::max(a.size_pt, b.size_pt) / std::min(a.size_pt, b.size_pt) : 1;
  if (growth > most_growth) return false;
  const bool down = above.front().vertical != (above.front().quarter_turns % 2 == 1);
  const double height = down ? a.x1 - a.x0 : a.y1 - a.y0;
  const double gap = down ? std::max(a.x0 - b.x1, b.x0 - a.x1) : b.y0 - a.y1;
  const double common = down ? std::min(a.y1, b.y1) - std::max(a.y0, b.y0) : std::min(a.x1, b.x1) - std::max(a.x0, b.x0);
  return gap > -height && gap < most_leading * height && common > 0;
}

// ---- characters

/// Letters that are kept apart for their looks alone.
bool is_presentation_form(char32_t character) {
  return (character >= 0xFB00 && character <= 0xFDFF) || (character >= 0xFE70 && character <= 0xFEFC);
}

char32_t known_bullet(char32_t character) {
  switch (character) {
    case 0xF0B7: return 0x2022;  // Symbol's bullet
    case 0xF0A7: return 0x25AA;  // Wingdings'
    case 0xF0D8: return 0x27A2;
    case 0xF0FC: return 0x2713;
    default: return character;
  }
}

bool is_no_character(char32_t character) {
  const auto type = u_charType(code_point(character));
  return character > 0x10FFFF || type == U_CONTROL_CHAR || type == U_SURROGATE || U_IS_UNICODE_NONCHAR(code_point(character));
}

}  // namespace

bool is_mark(char32_t character) { return (U_GET_GC_MASK(code_point(character)) & U_GC_M_MASK) != 0; }

std::vector<Token> tokens_of(const PopplerWord& word) {
  std::vector<Token> tokens;
  Glyphs part;
  const auto close = [&] {
    if (!part.empty()) tokens.push_back(token_of(part, word));
    part.clear();
  };
  for (const auto& glyph : word.glyphs) {
    const bool placed = std::isfinite(glyph.x0) && std::isfinite(glyph.y0) && std::isfinite(glyph.x1) && std::isfinite(glyph.y1);
    if (is_space(glyph.character)) {
      close();
    } else if (placed && !is_nothing(glyph.character)) {
      part.push_back(glyph);
      part.back().character = known_bullet(glyph.character);
    }
  }
  close();
  for (auto& token : tokens) token.space_after = true;
  if (!tokens.empty() && !(word.glyphs.size() > 0 && is_space(word.glyphs.back().character))) tokens.back().space_after = word.space_after;
  return tokens;
}

std::vector<TokenLine> lines_of(std::vector<Token> tokens) {
  std::vector<TokenLine> lines;
  for (auto& token : tokens) {
    if (lines.empty() || !goes_on(lines.back().back(), token)) lines.emplace_back();
    lines.back().push_back(std::move(token));
  }
  for (auto& line : lines) put_in_reading_order(line);
  return lines;
}

std::vector<BlockOfLines> blocks_of(const std::vector<TokenLine>& lines) {
  std::vector<BlockOfLines> blocks;
  for (std::size_t n = 0; n < lines.size(); ++n) {
    if (n == 0 || !follows(lines[n - 1], lines[n])) blocks.push_back({n, n});
    blocks.back().last = n + 1;
  }
  return blocks;
}

std::string written(const std::u32string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const auto* composed = icu::Normalizer2::getNFCInstance(status);
  const auto* compatible = icu::Normalizer2::getNFKCInstance(status);
  icu::UnicodeString made;
  for (std::size_t n = 0; n < text.size(); ++n) {
    const auto character = text[n];
    if (character == soft_hyphen) {
      if (n + 1 == text.size()) made.append(static_cast<UChar>('-'));
    } else if (is_no_character(character)) {
      made.append(code_point(replacement));
    } else if (is_presentation_form(character) && U_SUCCESS(status)) {
      made.append(compatible->normalize(icu::UnicodeString{code_point(character)}, status));
    } else {
      made.append(code_point(character));
    }
  }
  if (U_SUCCESS(status)) made = composed->normalize(made, status);
  std::string utf8;
  made.toUTF8String(utf8);
  return utf8;
}

}  // namespace pecia::page
