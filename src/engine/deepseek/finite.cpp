#include "finite.hpp"

#include <algorithm>
#include <cstring>

namespace pecia::engine::deepseek {
namespace {

/// All bits of the exponent are set. Runs of 4096, each without a branch, so that it is vectorised.
template <class Bits>
std::optional<std::size_t> find(std::span<const std::byte> values, Bits exponent) noexcept {
  constexpr std::size_t run = 4096;
  const auto count = values.size() / sizeof(Bits);
  const auto at = [&](std::size_t n) {
    Bits bits;
    std::memcpy(&bits, values.data() + n * sizeof(Bits), sizeof(Bits));
    return (bits & exponent) == exponent;
  };
  for (std::size_t begin = 0; begin < count; begin += run) {
    const auto end = std::min(begin + run, count);
    Bits any = 0;
    for (auto n = begin; n < end; ++n) any = static_cast<Bits>(any | static_cast<Bits>(at(n)));
    if (any == 0) continue;
    for (auto n = begin; n < end; ++n)
      if (at(n)) return n;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::size_t> first_not_finite(std::span<const std::byte> values,
                                            TensorType type) noexcept {
  switch (type) {
    case TensorType::f32:
      return find<std::uint32_t>(values, 0x7F800000);
    case TensorType::bf16:
      return find<std::uint16_t>(values, 0x7F80);
    case TensorType::f16:
      return find<std::uint16_t>(values, 0x7C00);
  }
  return std::nullopt;
}

}  // namespace pecia::engine::deepseek
