#include "finite.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace pecia::engine::deepseek {
namespace {

/// Whether an element has all bits of its exponent set: then, and only then, the lowest of them
/// added to it carries into the sign's place. `exponent`: the mask, repeated through the word.
struct Carry {
  std::uint64_t exponent, lowest, sign;
  [[nodiscard]] std::uint64_t of(std::uint64_t word) const noexcept {
    return ((word & exponent) + lowest) & sign;
  }
};

constexpr Carry carry_of(TensorType type) noexcept {
  switch (type) {
    case TensorType::f32:
      return {0x7F8000007F800000, 0x0080000000800000, 0x8000000080000000};
    case TensorType::bf16:
      return {0x7F807F807F807F80, 0x0080008000800080, 0x8000800080008000};
    case TensorType::f16:
      return {0x7C007C007C007C00, 0x0400040004000400, 0x8000800080008000};
  }
  return {};
}

}  // namespace

std::optional<std::size_t> first_not_finite(std::span<const std::byte> values,
                                            TensorType type) noexcept {
  constexpr std::size_t word_bytes = 8;
  const auto carry = carry_of(type);
  const auto word_at = [&](std::size_t at) {
    std::uint64_t word = 0;  // zeros are finite
    std::memcpy(&word, values.data() + at, std::min(word_bytes, values.size() - at));
    return word;
  };
  const auto whole = values.size() - values.size() % (4 * word_bytes);
  std::size_t at = 0;
  for (; at < whole; at += 4 * word_bytes) {
    std::uint64_t words[4];
    std::memcpy(words, values.data() + at, sizeof words);
    if ((carry.of(words[0]) | carry.of(words[1]) | carry.of(words[2]) | carry.of(words[3])) != 0)
      break;
  }
  for (; at < values.size(); at += word_bytes) {
    const auto found = carry.of(word_at(at));
    if (found == 0) continue;
    const auto bits = 8 * bytes_of(type);
    return at / bytes_of(type) + static_cast<std::size_t>(__builtin_ctzll(found)) / bits;
  }
  return std::nullopt;
}

}  // namespace pecia::engine::deepseek
