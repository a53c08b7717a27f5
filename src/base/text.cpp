#include "pecia/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

namespace pecia {
namespace {

/// Length of the valid UTF-8 sequence at the start of `bytes` (RFC 3629), 0 if there is none.
std::size_t sequence_length(std::string_view bytes) noexcept {
  const auto at = [&](std::size_t n) { return static_cast<unsigned char>(bytes[n]); };
  const auto first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xC2 && first < 0xE0   ? 2
                             : first >= 0xE0 && first < 0xF0 ? 3
                             : first >= 0xF0 && first < 0xF5 ? 4
                                                             : 0;
  if (length == 0 || bytes.size() < length) return 0;
  for (std::size_t n = 1; n < length; ++n) {
    if ((at(n) & 0xC0) != 0x80) return 0;
  }
  const bool overlong = (first == 0xE0 && at(1) < 0xA0) || (first == 0xF0 && at(1) < 0x90);
  const bool surrogate = first == 0xED && at(1) >= 0xA0;
  const bool too_big = first == 0xF4 && at(1) >= 0x90;
  return overlong || surrogate || too_big ? 0 : length;
}

/// A terminal obeys both kinds: ASCII's, and U+0080 to U+009F.
bool is_control(std::string_view sequence) noexcept {
  const auto first = static_cast<unsigned char>(sequence[0]);
  if (first == 0xC2 && sequence.size() == 2) return static_cast<unsigned char>(sequence[1]) < 0xA0;
  return first < 0x20 || first == 0x7F;
}

int hex_value(char c) noexcept {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// Matches one character class at `pattern[at]` == '['; sets `at` behind it. Without a closing
/// bracket the '[' stands for itself.
bool class_matches(std::string_view pattern, std::size_t& at, char c) {
  auto n = at + 1;
  const bool negated = n < pattern.size() && (pattern[n] == '!' || pattern[n] == '^');
  if (negated) ++n;
  const auto close = pattern.find(']', n + 1);  // a ']' that comes first is one of the class
  if (close == std::string_view::npos) return pattern[at++] == c;
  const auto byte = [&](std::size_t k) { return static_cast<unsigned char>(pattern[k]); };
  const auto wanted = static_cast<unsigned char>(c);
  bool found = false;
  for (; n < close; ++n) {
    if (n + 2 < close && pattern[n + 1] == '-') {
      found = found || (byte(n) <= wanted && wanted <= byte(n + 2));
      n += 2;
    } else {
      found = found || byte(n) == wanted;
    }
  }
  at = close + 1;
  return found != negated && c != '/';
}

/// One name or one class of names: no '/' is matched by a wildcard. Greedy with one place to go back
/// to, so linear for patterns with one star and quadratic at worst.
bool name_matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0, n = 0;
  std::size_t star = std::string_view::npos, star_name = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      star_name = n;
      continue;
    }
    bool one = false;
    auto next = p;
    if (p < pattern.size()) {
      if (pattern[p] == '[') {
        one = class_matches(pattern, next, name[n]);
      } else {
        if (pattern[p] == '\\' && p + 1 < pattern.size()) ++next;
        one = pattern[p] == '?' || pattern[next] == name[n];
        ++next;
      }
    }
    if (one) {
      p = next;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++star_name;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

std::vector<std::string_view> split(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t begin = 0;;) {
    const auto end = text.find('/', begin);
    parts.push_back(text.substr(begin, end - begin));
    if (end == std::string_view::npos) return parts;
    begin = end + 1;
  }
}

constexpr auto crc_tables = [] {
  std::array<std::array<std::uint32_t, 256>, 8> tables{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    auto crc = n;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ (crc & 1 ? 0x82F63B78U : 0U);
    tables[0][n] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t n = 0; n < 256; ++n)
      tables[k][n] = (tables[k - 1][n] >> 8) ^ tables[0][tables[k - 1][n] & 0xFF];
  }
  return tables;
}();

}  // namespace

std::string printable(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = sequence_length(bytes);
    const auto sequence = bytes.substr(0, std::max<std::size_t>(length, 1));
    if (length == 0 || is_control(sequence)) {
      for (const char c : sequence) {
        const auto byte = static_cast<unsigned char>(c);
        text.append("\\x").append({digits[byte >> 4], digits[byte & 15]});
      }
    } else if (sequence == "\\") {
      text += "\\\\";
    } else {
      text.append(sequence);
    }
    bytes.remove_prefix(sequence.size());
  }
  return text;
}

std::string unprintable(std::string_view text) {
  std::string bytes;
  for (std::size_t n = 0; n < text.size(); ++n) {
    if (text[n] == '\\' && n + 3 < text.size() && text[n + 1] == 'x' && hex_value(text[n + 2]) >= 0 &&
        hex_value(text[n + 3]) >= 0) {
      bytes += static_cast<char>(hex_value(text[n + 2]) * 16 + hex_value(text[n + 3]));
      n += 3;
    } else {
      if (text[n] == '\\' && n + 1 < text.size() && text[n + 1] == '\\') ++n;
      bytes += text[n];
    }
  }
  return bytes;
}

bool is_utf8(std::string_view bytes) noexcept {
  while (!bytes.empty()) {
    const auto length = sequence_length(bytes);
    if (length == 0) return false;
    bytes.remove_prefix(length);
  }
  return true;
}

std::string to_utf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size());
  while (!bytes.empty()) {
    const auto length = sequence_length(bytes);
    text.append(length == 0 ? "\xEF\xBF\xBD" : bytes.substr(0, length));
    bytes.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return text;
}

std::string shortened(std::string_view text, std::size_t most_bytes) {
  constexpr std::string_view dots = "...";
  if (text.size() <= most_bytes) return std::string{text};
  auto end = most_bytes - std::min(most_bytes, dots.size());
  const auto continues = [&](std::size_t n) { return (static_cast<unsigned char>(text[n]) & 0xC0U) == 0x80U; };
  for (int n = 0; n < 3 && end > 0 && continues(end); ++n) --end;
  return std::string{text.substr(0, end)}.append(dots);
}

bool glob_match(std::string_view pattern, std::string_view path) {
  if (pattern.find('/') == std::string_view::npos && pattern != "**" &&
      name_matches(pattern, path.substr(path.rfind('/') + 1)))
    return true;
  const auto patterns = split(pattern);
  const auto names = split(path);
  // reach[n]: the patterns so far match the first n names. One row of a table: no backtracking.
  std::vector<char> reach(names.size() + 1, 0);
  reach[0] = 1;
  for (const auto part : patterns) {
    std::vector<char> next(names.size() + 1, 0);
    if (part == "**") {
      char any = 0;
      for (std::size_t n = 0; n <= names.size(); ++n) next[n] = any = static_cast<char>(any | reach[n]);
    } else {
      for (std::size_t n = 0; n < names.size(); ++n)
        next[n + 1] = static_cast<char>(reach[n] && name_matches(part, names[n]));
    }
    reach = std::move(next);
  }
  return reach.back() != 0;
}

unsigned crc32c(std::string_view bytes, unsigned seed) noexcept {
  std::uint32_t crc = ~seed;
  const auto& t = crc_tables;
  const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(bytes[n]); };
  while (bytes.size() >= 8) {
    const std::uint32_t low =
        crc ^ (byte(0) | std::uint32_t{byte(1)} << 8 | std::uint32_t{byte(2)} << 16 | std::uint32_t{byte(3)} << 24);
    crc = t[7][low & 0xFF] ^ t[6][(low >> 8) & 0xFF] ^ t[5][(low >> 16) & 0xFF] ^ t[4][low >> 24] ^
          t[3][byte(4)] ^ t[2][byte(5)] ^ t[1][byte(6)] ^ t[0][byte(7)];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes) crc = (crc >> 8) ^ t[0][(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

std::string plural(unsigned long long number, std::string_view what) {
  return std::to_string(number) + ' ' + std::string{what} + (number == 1 ? "" : "s");
}

std::optional<double> parse_duration_s(std::string_view text) {
  constexpr std::array<std::pair<char, double>, 4> units{{{'d', 86'400}, {'h', 3600}, {'m', 60}, {'s', 1}}};
  double seconds = 0;
  const auto* unit = units.begin();
  while (!text.empty()) {
    double number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (failure != std::errc{} || !std::isfinite(number) || number < 0 || text.empty()) return std::nullopt;
    unit = std::find_if(unit, units.end(), [&](const auto& known) { return known.first == text.front(); });
    if (unit == units.end()) return std::nullopt;
    seconds += number * unit->second;
    ++unit;
    text.remove_prefix(1);
  }
  if (!(seconds > 0)) return std::nullopt;
  return seconds;
}

std::string_view nearest(std::string_view word, const std::string_view* first,
                         const std::string_view* last) {
  std::string_view best;
  std::size_t best_distance = word.size() / 3 + 2;  // farther away is no misspelling
  for (; first != last; ++first) {
    std::vector<std::size_t> row(first->size() + 1);
    for (std::size_t n = 0; n < row.size(); ++n) row[n] = n;
    for (std::size_t i = 0; i < word.size(); ++i) {
      auto diagonal = row[0];
      row[0] = i + 1;
      for (std::size_t j = 0; j < first->size(); ++j) {
        const auto changed = diagonal + (word[i] == (*first)[j] ? 0 : 1);
        diagonal = row[j + 1];
        row[j + 1] = std::min({changed, row[j] + 1, row[j + 1] + 1});
      }
    }
    if (row.back() < best_distance) {
      best_distance = row.back();
      best = *first;
    }
  }
  return best;
}

}  // namespace pecia
