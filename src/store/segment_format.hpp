#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "pecia/base/text.hpp"

// The bytes of a journal segment; docs/formats.md defines every one.
namespace pecia::store::segment {

constexpr std::string_view magic = "PECIASEG";
constexpr std::uint32_t segment_version = 5;
/// Of earlier releases: outcomes alone. Those between are the same but for what no outcome in them has (docs/formats.md).
constexpr std::uint32_t outcomes_only_version = 1;
constexpr std::size_t header_bytes = 8 + 4 * 4 + 4;  ///< magic, version, epoch, rank, number, CRC
constexpr std::size_t frame_bytes = 4 + 2 + 4;       ///< length, kind, CRC
constexpr std::size_t key_bytes = 8 + 4 + 4;
constexpr std::size_t least_outcome_bytes = key_bytes + 4 * 4 + 8;  ///< key and order
constexpr std::size_t start_bytes = key_bytes + 4 + 1;

/// The numbers stand in files.
enum class Kind : std::uint16_t { outcome = 1, started = 2, released = 3 };

inline unsigned checksum(std::span<const std::byte> bytes) {
  return crc32c({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace pecia::store::segment
