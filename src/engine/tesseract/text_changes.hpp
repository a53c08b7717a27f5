#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/result/outcome.hpp"

namespace pecia::engine {

/// Whether a dictionary has a word: that of any of the languages that were read.
using IsWord = std::function<bool(const std::string&)>;

/// As `is_word`; a word that begins with a capital also counts if it is known with a small letter.
[[nodiscard]] bool known(const std::string& word, const IsWord& is_word);

/// A run of letters of a text: bytes [begin, end). Numerals, punctuation and quotes of Unicode part words.
struct TextWord {
  std::size_t begin = 0, end = 0;
};
[[nodiscard]] std::vector<TextWord> words_of(std::string_view text);

/// `bytes` of a text, from `at` on, become `put`.
struct TextChange {
  std::uint32_t at = 0, bytes = 0;
  std::string_view put;
};

/// Changes a reading's text; its blocks, lines and words keep what they have of it. Requires changes in the order of
/// their places that do not overlap.
void change_text(result::Reading& reading, const std::vector<TextChange>& changes);

}  // namespace pecia::engine
