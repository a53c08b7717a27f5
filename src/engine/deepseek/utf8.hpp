#pragma once

#include <string_view>

namespace pecia::engine::deepseek {

/// What stands at the start of some bytes.
struct Utf8Step {
  enum class Kind : unsigned char { character, invalid, incomplete };
  Kind kind = Kind::incomplete;
  /// Bytes of the character; of the longest beginning of one, where it is broken off (what one
  /// U+FFFD stands for) or may go on behind the end.
  std::size_t length = 0;
  char32_t character = 0;
};

/// `bytes` must not be empty.
[[nodiscard]] Utf8Step utf8_step(std::string_view bytes) noexcept;

}  // namespace pecia::engine::deepseek
