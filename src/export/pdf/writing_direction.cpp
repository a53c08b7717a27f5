#include "writing_direction.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace pecia::exporting::pdf {
namespace {

/// A lone word that is so much higher than wide, for its number of letters, is no line from left to right.
constexpr double upright_share = 2.5;
constexpr std::size_t least_letters = 3;

/// Code points, each as it is coded.
std::vector<std::string_view> characters_of(std::string_view utf8) {
  std::vector<std::string_view> characters;
  for (std::size_t begin = 0; begin < utf8.size();) {
    auto end = begin + 1;
    while (end < utf8.size() && (static_cast<unsigned char>(utf8[end]) & 0xC0U) == 0x80U) ++end;
    characters.push_back(utf8.substr(begin, end - begin));
    begin = end;
  }
  return characters;
}

char32_t value_of(std::string_view character) {
  const auto byte = [&](std::size_t n) { return static_cast<char32_t>(static_cast<unsigned char>(character[n])); };
  switch (character.size()) {
    case 1:
      return byte(0);
    case 2:
      return (byte(0) & 0x1F) << 6 | (byte(1) & 0x3F);
    case 3:
      return (byte(0) & 0x0F) << 12 | (byte(1) & 0x3F) << 6 | (byte(2) & 0x3F);
    default:
      return character.size() == 4 ? (byte(0) & 0x07) << 18 | (byte(1) & 0x3F) << 12 | (byte(2) & 0x3F) << 6 | (byte(3) & 0x3F) : 0xFFFD;
  }
}

bool within(char32_t c, char32_t first, char32_t last) { return c >= first && c <= last; }

/// Digits run from left to right in all scripts here, the Arabic ones, too.
bool is_digit(char32_t c) { return within(c, '0', '9') || within(c, 0x660, 0x669) || within(c, 0x6F0, 0x6F9); }

/// The blocks that Unicode reserves for scripts from right to left (UAX #9, table of default classes R and AL).
bool runs_right_to_left(char32_t c) {
  return !is_digit(c) && (within(c, 0x590, 0x8FF) || within(c, 0xFB1D, 0xFDFF) || within(c, 0xFE70, 0xFEFE) ||
                          within(c, 0x10800, 0x10FFF) || within(c, 0x1E800, 0x1EFFF));
}

bool runs_left_to_right(char32_t c) {
  return is_digit(c) || within(c, 'A', 'Z') || within(c, 'a', 'z') ||
         (c >= 0xC0 && !runs_right_to_left(c) && !within(c, 0x2000, 0x2BFF) && !within(c, 0x3000, 0x303F));
}

/// Chinese, Japanese, Korean and what else is written in columns.
bool is_of_columns(char32_t c) {
  return within(c, 0x1800, 0x18AF) || within(c, 0x2E80, 0x9FFF) || within(c, 0xAC00, 0xD7AF) || within(c, 0xF900, 0xFAFF) || c >= 0x20000;
}

/// Reverses each stretch of characters that `belongs`.
template <class Belongs>
void reverse_runs(std::vector<std::string_view>& characters, Belongs belongs) {
  for (auto begin = characters.begin(); begin != characters.end();) {
    begin = std::find_if(begin, characters.end(), [&](auto c) { return belongs(value_of(c)); });
    const auto end = std::find_if(begin, characters.end(), [&](auto c) { return !belongs(value_of(c)); });
    std::reverse(begin, end);
    begin = end;
  }
}

Direction direction_of_shape(const PdfLine& line) {
  std::size_t letters = 0, of_columns = 0;
  for (const auto& word : line.words) {
    for (const auto character : characters_of(word.text)) {
      ++letters;
      if (is_of_columns(value_of(character))) ++of_columns;
    }
  }
  const double width = static_cast<double>(line.box.x1 - line.box.x0), height = static_cast<double>(line.box.y1 - line.box.y0);
  const bool columns = 2 * of_columns > letters;
  if (letters < (columns ? least_letters - 1 : least_letters) || height < upright_share * width) return Direction::right;
  return columns ? Direction::down : Direction::up;
}

}  // namespace

bool is_right_to_left(std::string_view utf8) {
  std::size_t right = 0, left = 0;
  for (const auto character : characters_of(utf8)) {
    const auto value = value_of(character);
    if (runs_right_to_left(value))
      ++right;
    else if (runs_left_to_right(value) && !is_digit(value))
      ++left;
  }
  return right > left;
}

std::string in_drawing_order(std::string_view utf8) {
  auto characters = characters_of(utf8);
  if (std::ranges::none_of(characters, [](auto c) { return runs_right_to_left(value_of(c)); })) return std::string{utf8};
  if (is_right_to_left(utf8)) {
    std::ranges::reverse(characters);
    reverse_runs(characters, [](char32_t c) { return runs_left_to_right(c); });
  } else {
    reverse_runs(characters, [](char32_t c) { return runs_right_to_left(c); });
  }
  std::string out;
  for (const auto character : characters) out += character;
  return out;
}

Direction direction_of(const PdfLine& line) {
  if (line.words.size() < 2) return direction_of_shape(line);
  std::size_t right = 0, left = 0, down = 0, up = 0;
  std::string text;
  for (std::size_t n = 0; n < line.words.size(); ++n) {
    text += line.words[n].text;
    if (n == 0) continue;
    const auto &one = line.words[n - 1].box, &two = line.words[n].box;
    const double dx = static_cast<double>(two.x0 + two.x1 - one.x0 - one.x1), dy = static_cast<double>(two.y0 + two.y1 - one.y0 - one.y1);
    if (std::abs(dx) >= std::abs(dy))
      ++(dx >= 0 ? right : left);
    else
      ++(dy > 0 ? down : up);
  }
  const auto most = std::max({right, left, down, up});
  if (most == down) return Direction::down;
  if (most == up) return Direction::up;
  // Words of a script from right to left follow each other so, and stand upright.
  return most == left && right == 0 && !is_right_to_left(text) ? Direction::left : Direction::right;
}

}  // namespace pecia::exporting::pdf
