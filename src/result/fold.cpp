#include "fold.hpp"

#include <algorithm>
#include <array>
#include <cstdint>

namespace pecia::result::aligning {
namespace {

constexpr char32_t not_a_character = 0xFFFD;

struct Range {
  char32_t first, last;
};

/// Of a table that is sorted.
bool is_in(char32_t c, const auto& ranges) noexcept {
  const auto after = std::ranges::upper_bound(ranges, c, {}, &Range::first);
  return after != std::begin(ranges) && c <= std::prev(after)->last;
}

/// Punctuation, symbols and marks that combine, in the blocks of Unicode where scripts of archives are.
constexpr std::array<Range, 27> no_letters{{
    {0x00, 0x2F},     {0x3A, 0x40},     {0x5B, 0x60},     {0x7B, 0xA9},     {0xAB, 0xB1},     {0xB4, 0xB4},     {0xB6, 0xB8},
    {0xBB, 0xBF},     {0xD7, 0xD7},     {0xF7, 0xF7},     {0x2B0, 0x36F},   {0x37E, 0x37E},   {0x387, 0x387},   {0x483, 0x489},
    {0x55A, 0x55F},   {0x589, 0x5CF},   {0x5F3, 0x5F4},   {0x600, 0x61F},   {0x640, 0x640},   {0x64B, 0x65F},   {0x66A, 0x670},
    {0x6D4, 0x6D4},   {0x2000, 0x20FF}, {0x2190, 0x2BFF}, {0x2E00, 0x303F}, {0xFE00, 0xFE6F}, {0xFFE0, 0xFFFF},
}};

constexpr std::array<Range, 8> without_blanks{{
    {0xE00, 0xEFF}, {0x1000, 0x109F}, {0x1780, 0x17FF}, {0x2E80, 0x2FDF},
    {0x3005, 0x30FF}, {0x3400, 0x9FFF}, {0xF900, 0xFAFF}, {0x20000, 0x3FFFF},
}};

/// Letters with accents and their base, by ranges.
struct Base {
  char32_t first, last;
  char16_t letter;
};
constexpr std::array<Base, 70> bases{{
    {0xC0, 0xC5, u'a'},       {0xC7, 0xC7, u'c'},       {0xC8, 0xCB, u'e'},       {0xCC, 0xCF, u'i'},       {0xD0, 0xD0, u'd'},
    {0xD1, 0xD1, u'n'},       {0xD2, 0xD6, u'o'},       {0xD8, 0xD8, u'o'},       {0xD9, 0xDC, u'u'},       {0xDD, 0xDD, u'y'},
    {0xE0, 0xE5, u'a'},       {0xE7, 0xE7, u'c'},       {0xE8, 0xEB, u'e'},       {0xEC, 0xEF, u'i'},       {0xF0, 0xF0, u'd'},
    {0xF1, 0xF1, u'n'},       {0xF2, 0xF6, u'o'},       {0xF8, 0xF8, u'o'},       {0xF9, 0xFC, u'u'},       {0xFD, 0xFD, u'y'},
    {0xFF, 0xFF, u'y'},       {0x100, 0x105, u'a'},     {0x106, 0x10D, u'c'},     {0x10E, 0x111, u'd'},     {0x112, 0x11B, u'e'},
    {0x11C, 0x123, u'g'},     {0x124, 0x127, u'h'},     {0x128, 0x131, u'i'},     {0x134, 0x135, u'j'},     {0x136, 0x138, u'k'},
    {0x139, 0x142, u'l'},     {0x143, 0x14B, u'n'},     {0x14C, 0x151, u'o'},     {0x154, 0x159, u'r'},     {0x15A, 0x161, u's'},
    {0x162, 0x167, u't'},     {0x168, 0x173, u'u'},     {0x174, 0x175, u'w'},     {0x176, 0x178, u'y'},     {0x179, 0x17E, u'z'},
    {0x17F, 0x17F, u's'},     {0x386, 0x386, u'α'},     {0x388, 0x388, u'ε'},     {0x389, 0x389, u'η'},     {0x38A, 0x38A, u'ι'},
    {0x38C, 0x38C, u'ο'},     {0x38E, 0x38E, u'υ'},     {0x38F, 0x38F, u'ω'},     {0x3AC, 0x3AC, u'α'},     {0x3AD, 0x3AD, u'ε'},
    {0x3AE, 0x3AE, u'η'},     {0x3AF, 0x3AF, u'ι'},     {0x3C2, 0x3C2, u'σ'},     {0x3CC, 0x3CC, u'ο'},     {0x3CD, 0x3CD, u'υ'},
    {0x3CE, 0x3CE, u'ω'},     {0x401, 0x401, u'е'},     {0x451, 0x451, u'е'},     {0x1EA0, 0x1EB7, u'a'},   {0x1EB8, 0x1EC7, u'e'},
    {0x1EC8, 0x1ECB, u'i'},   {0x1ECC, 0x1EE3, u'o'},   {0x1EE4, 0x1EF1, u'u'},   {0x1EF2, 0x1EF9, u'y'},   {0x1F00, 0x1F0F, u'α'},
    {0x1F10, 0x1F1F, u'ε'},   {0x1F20, 0x1F2F, u'η'},   {0x1F30, 0x1F3F, u'ι'},   {0x1F40, 0x1F4F, u'ο'},   {0x1F50, 0x1F5F, u'υ'},
}};

struct Ligature {
  char32_t character;
  std::u32string_view letters;
};
constexpr std::array<Ligature, 15> ligatures{{
    {0xC6, U"ae"},   {0xDF, U"ss"},   {0xE6, U"ae"},   {0x132, U"ij"},  {0x133, U"ij"},  {0x152, U"oe"},  {0x153, U"oe"},  {0x1E9E, U"ss"},
    {0xFB00, U"ff"}, {0xFB01, U"fi"}, {0xFB02, U"fl"}, {0xFB03, U"ffi"}, {0xFB04, U"ffl"}, {0xFB05, U"st"}, {0xFB06, U"st"},
}};

char32_t lower(char32_t c) noexcept {
  if ((c >= U'A' && c <= U'Z') || c == 0xDE || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;
  if ((c >= 0x460 && c <= 0x481) || (c >= 0x48A && c <= 0x4BF) || (c >= 0x4D0 && c <= 0x52F) || (c >= 0x1E00 && c <= 0x1E95)) return c | 1;
  if (c >= 0x531 && c <= 0x556) return c + 0x30;
  if (c >= 0xFF10 && c <= 0xFF19) return c - 0xFF10 + U'0';
  if (c >= 0xFF21 && c <= 0xFF3A) return c - 0xFF21 + U'a';
  if (c >= 0xFF41 && c <= 0xFF5A) return c - 0xFF41 + U'a';
  return c;
}

}  // namespace

CodePoint first_of(std::string_view text) noexcept {
  const auto byte = [&](std::size_t n) { return static_cast<std::uint8_t>(text[n]); };
  const auto lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < bytes) return {not_a_character, 1};
  char32_t value = lead & (0x7FU >> bytes);
  for (std::size_t n = 1; n < bytes; ++n) {
    if ((byte(n) & 0xC0U) != 0x80U) return {not_a_character, 1};
    value = (value << 6U) | (byte(n) & 0x3FU);
  }
  return {value, bytes};
}

bool is_space(char32_t c) noexcept {
  return c == U' ' || (c >= 0x09 && c <= 0x0D) || c == 0xA0 || (c >= 0x2000 && c <= 0x200B) || c == 0x2028 || c == 0x2029 ||
         c == 0x202F || c == 0x205F || c == 0x3000;
}

bool stands_alone(char32_t c) noexcept { return is_in(c, without_blanks); }

void fold_into(std::u32string& out, char32_t c) {
  if (is_in(c, no_letters)) return;
  const auto ligature = std::ranges::lower_bound(ligatures, c, {}, &Ligature::character);
  if (ligature != ligatures.end() && ligature->character == c) {
    out += ligature->letters;
    return;
  }
  const auto after = std::ranges::upper_bound(bases, c, {}, &Base::first);
  if (after != bases.begin() && c <= std::prev(after)->last)
    out += static_cast<char32_t>(std::prev(after)->letter);
  else
    out += lower(c);
}

}  // namespace pecia::result::aligning
