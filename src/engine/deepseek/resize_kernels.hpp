#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

// The inner loops of a resize (resize.hpp) and the weights they use.
namespace pecia::engine::deepseek {

/// Bits behind the point of a weight.
inline constexpr int weight_bits = 22;
/// A weight's high part is what stands above this many bits: both parts fit in 16, so that products
/// of two pixels with two weights can be made and added in one instruction.
inline constexpr int low_bits = 12;

/// What each of `size` outputs along one axis takes of its inputs.
struct Weights {
  int size = 0;
  int groups = 0;                    ///< of four weights, the last ones 0
  std::vector<int> first;            ///< input of an output's first weight
  std::vector<int> count;            ///< weights that are not padding
  std::vector<std::int32_t> whole;   ///< size x groups x 4
  std::vector<std::int16_t> halves;  ///< size x groups x (4 high parts, 4 low parts)
};

/// Each works on four rows, or one, of 8-bit values and gives clip((half + sum of value x weight)
/// >> weight_bits), exactly.
struct ResizeKernels {
  const char* name;
  /// The horizontal pass over four rows of RGB. Inputs may be read up to `read_beyond` bytes behind
  /// the last input of a weight, and a byte behind each output row is written.
  void (*rgb_rows)(const std::uint8_t* in, std::size_t in_stride, const Weights& weights,
                   std::uint8_t* out, std::size_t out_stride);
  void (*gray_rows)(const std::uint8_t* in, std::size_t in_stride, const Weights& weights,
                    std::uint8_t* out, std::size_t out_stride);
  /// One output row of the vertical pass: `n` is its place in `weights`. `bytes` is rounded up to
  /// `block_bytes`, inputs and outputs have room for it.
  void (*column)(const std::uint8_t* in, std::size_t in_stride, const Weights& weights, int n,
                 std::uint8_t* out, std::size_t bytes);
};
inline constexpr std::size_t read_beyond = 32;
inline constexpr std::size_t block_bytes = 64;

[[nodiscard]] constexpr std::size_t round_up(std::size_t bytes, std::size_t multiple) noexcept {
  return (bytes + multiple - 1) / multiple * multiple;
}

/// For every machine.
[[nodiscard]] const ResizeKernels& plain_kernels() noexcept;
/// The fastest that this machine can run.
[[nodiscard]] const ResizeKernels& best_kernels() noexcept;

}  // namespace pecia::engine::deepseek
