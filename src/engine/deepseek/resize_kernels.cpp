#include "resize_kernels.hpp"

#include <algorithm>
#include <array>

#include "resize_avx2.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::int32_t half = 1 << (weight_bits - 1);

std::uint8_t clip(std::int32_t sum) noexcept {
  return static_cast<std::uint8_t>(std::clamp(sum >> weight_bits, 0, 255));
}

template <std::size_t channels>
void rows(const std::uint8_t* in, std::size_t in_stride, const Weights& weights, std::uint8_t* out,
          std::size_t out_stride) {
  const auto padded = 4 * static_cast<std::size_t>(weights.groups);
  for (std::size_t row = 0; row < 4; ++row) {
    for (std::size_t x = 0; x < static_cast<std::size_t>(weights.size); ++x) {
      const auto* const from =
          in + row * in_stride + channels * static_cast<std::size_t>(weights.first[x]);
      const auto* const weight = &weights.whole[x * padded];
      std::array<std::int32_t, channels> sums;
      sums.fill(half);
      for (std::size_t k = 0; k < static_cast<std::size_t>(weights.count[x]); ++k) {
        for (std::size_t c = 0; c < channels; ++c) sums[c] += from[k * channels + c] * weight[k];
      }
      for (std::size_t c = 0; c < channels; ++c)
        out[row * out_stride + x * channels + c] = clip(sums[c]);
    }
  }
}

/// By blocks of constant length, which compilers vectorise.
void column(const std::uint8_t* in, std::size_t in_stride, const Weights& weights, int n,
            std::uint8_t* out, std::size_t bytes) {
  const auto place = static_cast<std::size_t>(n);
  const auto* const weight = &weights.whole[place * 4 * static_cast<std::size_t>(weights.groups)];
  for (std::size_t x = 0; x < bytes; x += block_bytes) {
    std::array<std::int32_t, block_bytes> sums;
    sums.fill(half);
    for (std::size_t k = 0; k < static_cast<std::size_t>(weights.count[place]); ++k) {
      const auto* const from = in + k * in_stride + x;
      for (std::size_t m = 0; m < block_bytes; ++m) sums[m] += from[m] * weight[k];
    }
    for (std::size_t m = 0; m < block_bytes; ++m) out[x + m] = clip(sums[m]);
  }
}

constexpr ResizeKernels plain{"plain", rows<3>, rows<1>, column};

}  // namespace

const ResizeKernels& plain_kernels() noexcept { return plain; }

const ResizeKernels& best_kernels() noexcept {
  static const auto* const avx2 = avx2_kernels();
  return avx2 ? *avx2 : plain;
}

}  // namespace pecia::engine::deepseek
