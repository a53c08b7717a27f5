#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace pecia::engine::deepseek {

/// zlib's CRC-32, by which the golden data names pixels: without zlib, which the engine part does
/// without.
inline std::uint32_t crc32(std::span<const std::uint8_t> bytes) {
  static const auto table = [] {
    std::array<std::uint32_t, 256> made{};
    for (std::uint32_t i = 0; i < made.size(); ++i) {
      made[i] = i;
      for (int bit = 0; bit < 8; ++bit) made[i] = made[i] >> 1 ^ (made[i] & 1U ? 0xEDB88320U : 0U);
    }
    return made;
  }();
  std::uint32_t crc = 0xFFFFFFFFU;
  for (const auto byte : bytes) crc = table[(crc ^ byte) & 0xFFU] ^ crc >> 8;
  return ~crc;
}

}  // namespace pecia::engine::deepseek
