#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace pecia::result::aligning {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;
};
/// The first of a text that is not empty; a byte that is no UTF-8 is U+FFFD.
[[nodiscard]] CodePoint first_of(std::string_view text) noexcept;

[[nodiscard]] bool is_space(char32_t c) noexcept;
/// Of a script that puts no blanks between its words.
[[nodiscard]] bool stands_alone(char32_t c) noexcept;

/// Appends what two readings of one character are likely to share: the letter without case and accents, ligatures and
/// the long s as letters, digits. Nothing for punctuation, symbols and marks that combine.
void fold_into(std::u32string& out, char32_t c);

}  // namespace pecia::result::aligning
