#include "signatures.hpp"

#include <algorithm>
#include <array>

#include "characters.hpp"
#include "numbers.hpp"

namespace pecia::merge {
namespace {

constexpr int most_leaves = 16;

std::string_view take_token(std::string_view& text) {
  const auto begin = std::min(text.find_first_not_of(" ."), text.size());
  text.remove_prefix(begin);
  const auto token = text.substr(0, std::min(text.find_first_of(" ."), text.size()));
  text.remove_prefix(token.size());
  return token;
}

/// "Tome I." and the like.
std::string_view without_volume(std::string_view line) {
  constexpr std::array<std::string_view, 9> words{"tome", "tom", "vol", "volume", "th", "theil", "band", "part", "partie"};
  auto rest = line;
  if (std::ranges::find(words, folded(take_token(rest))) == words.end()) return line;
  const auto number = take_token(rest);
  const bool counted =
      parse_roman(number) || (!number.empty() && std::ranges::all_of(number, [](char c) { return is_digit(static_cast<char32_t>(c)); }));
  return counted ? rest : line;
}

/// a to z, and again doubled: "Aa", "BB", "Ccc".
std::optional<int> sheet_of(std::string_view letters) {
  if (letters.empty() || letters.size() > 3) return std::nullopt;
  const auto lower = folded(letters);
  if (lower.front() < 'a' || lower.front() > 'z') return std::nullopt;
  if (!std::ranges::all_of(lower, [&](char c) { return c == lower.front(); })) return std::nullopt;
  return 100 * static_cast<int>(lower.size() - 1) + lower.front() - 'a' + 1;
}

std::optional<int> leaf_of(std::string_view token) {
  if (token.empty()) return std::nullopt;
  int leaf = 0;
  if (token == "z") return 2;
  if (token.front() >= '1' && token.front() <= '9') {
    if (token.size() > 2) return std::nullopt;
    for (const char c : token) {
      if (c < '0' || c > '9') return std::nullopt;
      leaf = 10 * leaf + (c - '0');
    }
  } else {
    leaf = parse_roman(token).value_or(0);
  }
  return leaf >= 1 && leaf <= most_leaves ? std::optional{leaf} : std::nullopt;
}

}  // namespace

std::optional<Signature> parse_signature(std::string_view line) {
  auto rest = without_volume(trim(line));
  const auto token = take_token(rest);
  // "A2" and "A 2"
  auto letters = std::min(token.find_first_of("0123456789"), token.size());
  const bool read_as_z = token.size() == 2 && token[1] == 'z' && is_upper(first_character(token).code);  // "A2"
  if (read_as_z) letters = 1;
  Signature signature;
  if (const auto sheet = sheet_of(token.substr(0, letters)))
    signature.sheet = *sheet;
  else
    return std::nullopt;
  auto behind = rest;
  const auto leaf = letters < token.size() ? leaf_of(token.substr(letters)) : leaf_of(take_token(behind));
  if (letters < token.size() && !leaf) return std::nullopt;
  if (leaf) {
    signature.leaf = *leaf;
    if (letters == token.size()) rest = behind;
  }
  const auto begin = std::min(rest.find_first_not_of(" ."), rest.size());
  signature.rest = rest.substr(begin);
  return signature;
}

}  // namespace pecia::merge
