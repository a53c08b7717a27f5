#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace pecia::merge {

/// A character of valid UTF-8; of an empty text {0, 0}.
struct Character {
  char32_t code = 0;
  std::uint32_t bytes = 0;
};
[[nodiscard]] Character first_character(std::string_view text) noexcept;
[[nodiscard]] Character last_character(std::string_view text) noexcept;

[[nodiscard]] bool is_letter(char32_t code) noexcept;  ///< or a mark that combines with one
[[nodiscard]] bool is_lower(char32_t code) noexcept;
[[nodiscard]] bool is_upper(char32_t code) noexcept;
[[nodiscard]] bool is_digit(char32_t code) noexcept;
[[nodiscard]] bool is_right_to_left(char32_t code) noexcept;
[[nodiscard]] bool is_unspaced(char32_t code) noexcept;   ///< of a script that puts no blanks between words
[[nodiscard]] char32_t to_lower(char32_t code) noexcept;  ///< and the long s to s

void append_utf8(std::string& out, char32_t code);

/// Lower case, long s as s.
[[nodiscard]] std::string folded(std::string_view text);
/// The letters alone, folded: what two readings of one line have in common.
[[nodiscard]] std::string letters_of(std::string_view text);
/// Letters, not bytes.
[[nodiscard]] std::uint32_t count_letters(std::string_view text) noexcept;

/// Behind the quotation marks and brackets that open or close it.
[[nodiscard]] std::string_view without_opening_marks(std::string_view text) noexcept;
[[nodiscard]] std::string_view without_closing_marks(std::string_view text) noexcept;

/// A full stop, question mark, colon, ... at the end, quotation marks, brackets and footnote marks left aside.
[[nodiscard]] bool ends_sentence(std::string_view text) noexcept;

/// Without white space at its ends.
[[nodiscard]] std::string_view trim(std::string_view text) noexcept;

/// No more than `most` insertions, deletions and changes of bytes make one of the other, of which the first 64 are
/// looked at. G. Myers, "A fast bit-vector algorithm for approximate string matching", J. ACM 46 (1999).
[[nodiscard]] bool alike(std::string_view one, std::string_view other, std::size_t most) noexcept;
/// As `alike`, with about one error in five characters.
[[nodiscard]] bool alike(std::string_view one, std::string_view other) noexcept;

}  // namespace pecia::merge
