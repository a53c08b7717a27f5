#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>

namespace pecia::fuzz {

/// What a shard is made of, whole or not: an input of the fuzzer. Mutated HDF5 files would find the library's
/// bugs, not ours; here HDF5 writes files that are sound to it, and anything but that to our reader.
struct ShardParts {
  static constexpr std::size_t count = 9;
  static constexpr std::array<const char*, count> names{"/pages", "/text",     "/blocks",  "/lines",
                                                        "/words", "/attempts", "/strings", "/boxes", "/shards"};
  /// How a dataset deviates; in order: as it should be, not there, a group in its place, a single value, two
  /// dimensions, a trillion elements without data, texts, numbers of 8 bytes, a trillion in a file that is not there.
  enum Shape : std::uint8_t { sound, absent, group, scalar, plane, endless, texts, doubles, elsewhere, shapes };

  std::array<std::uint8_t, count> shape{};  ///< modulo `shapes`
  std::array<std::string, count> bytes;     ///< elements as they lie in memory; of /shards: names ended by '\n'
  std::uint8_t schema = 0;                  ///< modulo 4: 1, not there, a text, 1,000 numbers
};

[[nodiscard]] ShardParts parse_parts(const std::uint8_t* data, std::size_t size);
[[nodiscard]] std::string text_of(const ShardParts& parts);

/// Writes the file.
void write_shard(const std::filesystem::path& path, const ShardParts& parts);
/// The parts of a sound one.
[[nodiscard]] ShardParts read_parts(const std::filesystem::path& path);

}  // namespace pecia::fuzz
