#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "weight_source.hpp"

namespace pecia::engine::deepseek {

/// XXH64 with seed 0, of bytes that come in any pieces: about as fast as memory. Not for secrets.
class StreamHash {
 public:
  void add(std::span<const std::byte> bytes) noexcept;
  [[nodiscard]] std::uint64_t value() const noexcept;

 private:
  void add_stripes(std::span<const std::byte> stripes) noexcept;

  static constexpr std::size_t stripe_bytes = 32;
  std::array<std::uint64_t, 4> lanes_ = initial_lanes();
  std::array<std::byte, stripe_bytes> held_{};  ///< what is no whole stripe yet
  std::size_t held_bytes_ = 0;
  std::uint64_t bytes_ = 0;
  static std::array<std::uint64_t, 4> initial_lanes() noexcept;
};

[[nodiscard]] std::uint64_t hash_of(std::string_view text) noexcept;

/// Of all tensors of a model: names, types, shapes and every byte. The same for the same tensors in
/// any order and in any number of files.
class WeightsHash {
 public:
  /// A tensor's blocks, in their order; the next tensor begins where `offset` is 0.
  void add(const TensorInfo& tensor, std::uint64_t offset, std::span<const std::byte> block);
  [[nodiscard]] std::uint64_t value() const noexcept { return sum_; }

 private:
  StreamHash current_;
  std::uint64_t sum_ = 0;
};

}  // namespace pecia::engine::deepseek
