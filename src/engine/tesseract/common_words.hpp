#pragma once

#include <string>
#include <string_view>

namespace pecia::engine {

/// Whether the commonest words of one of Tesseract's languages are known here.
[[nodiscard]] bool has_common_words(std::string_view language) noexcept;

/// Whether `word`, as it was read, is one of them: capitals, long s and punctuation make no
/// difference.
[[nodiscard]] bool is_common_word(std::string_view language, std::string_view word);

}  // namespace pecia::engine
