#include "resize_avx2.hpp"

#if defined(__x86_64__)
#include <immintrin.h>

#include <cstring>

// Every product is of a pixel and one 16-bit part of a weight, two of them added by one
// multiplication (vpmaddwd); sums of high parts and of low parts come together at the end. All
// exact, modulo 2^32.
#define PECIA_AVX2 __attribute__((target("avx2")))
#define PECIA_AVX2_INLINE PECIA_AVX2 inline __attribute__((always_inline))

namespace pecia::engine::deepseek {
namespace {

constexpr char zero = -1;  // as an index of a byte shuffle

PECIA_AVX2_INLINE __m128i load(const void* from) {
  return _mm_loadu_si128(static_cast<const __m128i*>(from));
}
PECIA_AVX2_INLINE __m256i twice(__m128i value) { return _mm256_broadcastsi128_si256(value); }
PECIA_AVX2_INLINE __m256i halves_together(__m256i high, __m256i low) {
  return _mm256_add_epi32(_mm256_slli_epi32(high, low_bits), low);
}

/// Pixels of four inputs as pairs of neighbours for each channel, inputs 0 and 1 in the lower lane,
/// 2 and 3 in the upper one, against the same pairs of weights.
template <int fixed_groups>
PECIA_AVX2 void rgb_rows_of(const std::uint8_t* in, std::size_t in_stride, const Weights& weights,
                            std::uint8_t* out, std::size_t out_stride) {
  const auto groups = static_cast<std::size_t>(fixed_groups > 0 ? fixed_groups : weights.groups);
  const __m256i pixels = _mm256_setr_epi8(
      0, zero, 3, zero, 1, zero, 4, zero, 2, zero, 5, zero, zero, zero, zero, zero,  //
      6, zero, 9, zero, 7, zero, 10, zero, 8, zero, 11, zero, zero, zero, zero, zero);
  const __m256i high_pairs = _mm256_setr_epi8(0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3, 0, 1, 2, 3,  //
                                              4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7, 4, 5, 6, 7);
  const __m256i low_pairs = _mm256_add_epi8(high_pairs, _mm256_set1_epi8(8));
  const __m128i half = _mm_set1_epi32(1 << (weight_bits - 1));
  const auto* weight = weights.halves.data();
  for (std::size_t x = 0; x < static_cast<std::size_t>(weights.size); ++x) {
    const auto* const from = in + 3 * static_cast<std::size_t>(weights.first[x]);
    __m256i high[4] = {}, low[4] = {};
    for (std::size_t group = 0; group < groups; ++group, weight += 8) {
      const __m256i both = twice(load(weight));
      const __m256i high_weights = _mm256_shuffle_epi8(both, high_pairs);
      const __m256i low_weights = _mm256_shuffle_epi8(both, low_pairs);
      for (std::size_t row = 0; row < 4; ++row) {
        const __m256i pairs =
            _mm256_shuffle_epi8(twice(load(from + row * in_stride + 12 * group)), pixels);
        high[row] = _mm256_add_epi32(high[row], _mm256_madd_epi16(pairs, high_weights));
        low[row] = _mm256_add_epi32(low[row], _mm256_madd_epi16(pairs, low_weights));
      }
    }
    __m128i sums[4];
    for (std::size_t row = 0; row < 4; ++row) {
      const __m256i sum = halves_together(high[row], low[row]);
      const __m128i lanes =
          _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
      sums[row] = _mm_srai_epi32(_mm_add_epi32(lanes, half), weight_bits);
    }
    const __m128i packed =
        _mm_packus_epi16(_mm_packs_epi32(sums[0], sums[1]), _mm_packs_epi32(sums[2], sums[3]));
    std::uint32_t four[4];
    std::memcpy(four, &packed, sizeof four);
    for (std::size_t row = 0; row < 4; ++row)
      std::memcpy(out + row * out_stride + 3 * x, &four[row], 4);
  }
}

PECIA_AVX2 void rgb_rows(const std::uint8_t* in, std::size_t in_stride, const Weights& weights,
                         std::uint8_t* out, std::size_t out_stride) {
  const auto work = weights.groups == 1   ? rgb_rows_of<1>
                    : weights.groups == 2 ? rgb_rows_of<2>
                                          : rgb_rows_of<0>;
  work(in, in_stride, weights, out, out_stride);
}

/// Four inputs of a row beside themselves, against the four high and the four low parts of weights.
PECIA_AVX2 void gray_rows(const std::uint8_t* in, std::size_t in_stride, const Weights& weights,
                          std::uint8_t* out, std::size_t out_stride) {
  const __m256i first_rows =
      _mm256_setr_epi8(0, zero, 1, zero, 2, zero, 3, zero, 0, zero, 1, zero, 2, zero, 3, zero,  //
                       4, zero, 5, zero, 6, zero, 7, zero, 4, zero, 5, zero, 6, zero, 7, zero);
  const __m256i last_rows = _mm256_setr_epi8(
      8, zero, 9, zero, 10, zero, 11, zero, 8, zero, 9, zero, 10, zero, 11, zero,  //
      12, zero, 13, zero, 14, zero, 15, zero, 12, zero, 13, zero, 14, zero, 15, zero);
  const __m256i shifts = _mm256_setr_epi32(low_bits, 0, low_bits, 0, low_bits, 0, low_bits, 0);
  const __m256i half = _mm256_set1_epi32(1 << (weight_bits - 1));
  const auto* weight = weights.halves.data();
  for (std::size_t x = 0; x < static_cast<std::size_t>(weights.size); ++x) {
    const auto* const from = in + weights.first[x];
    __m256i first = _mm256_setzero_si256(),
            last = _mm256_setzero_si256();  // rows 0 and 1, rows 2 and 3
    for (int group = 0; group < weights.groups; ++group, weight += 8) {
      std::int32_t four[4];
      for (std::size_t row = 0; row < 4; ++row)
        std::memcpy(&four[row], from + row * in_stride + 4 * group, 4);
      const __m256i values = twice(load(four));
      const __m256i both = twice(load(weight));
      first =
          _mm256_add_epi32(first, _mm256_madd_epi16(_mm256_shuffle_epi8(values, first_rows), both));
      last =
          _mm256_add_epi32(last, _mm256_madd_epi16(_mm256_shuffle_epi8(values, last_rows), both));
    }
    const __m256i parts = _mm256_sllv_epi32(_mm256_hadd_epi32(first, last), shifts);
    const __m256i sums =
        _mm256_srai_epi32(_mm256_add_epi32(_mm256_hadd_epi32(parts, parts), half), weight_bits);
    const __m256i words = _mm256_packs_epi32(sums, sums);
    const __m256i packed = _mm256_packus_epi16(words, words);
    const auto even = static_cast<std::uint32_t>(_mm256_extract_epi32(packed, 0));
    const auto odd = static_cast<std::uint32_t>(_mm256_extract_epi32(packed, 4));
    out[x] = static_cast<std::uint8_t>(even);
    out[out_stride + x] = static_cast<std::uint8_t>(odd);
    out[2 * out_stride + x] = static_cast<std::uint8_t>(even >> 8);
    out[3 * out_stride + x] = static_cast<std::uint8_t>(odd >> 8);
  }
}

/// Values of two rows as pairs, against pairs of weights.
template <int fixed_pairs>
PECIA_AVX2 void column_of(const std::uint8_t* in, std::size_t in_stride, const std::int16_t* halves,
                          std::size_t pairs, std::size_t count, std::uint8_t* out,
                          std::size_t bytes) {
  if (fixed_pairs > 0) pairs = static_cast<std::size_t>(fixed_pairs);
  const __m256i half = _mm256_set1_epi32(1 << (weight_bits - 1));
  for (std::size_t x = 0; x < bytes; x += 16) {
    __m256i high[2] = {}, low[2] = {half, half};
    for (std::size_t pair = 0; pair < pairs; ++pair) {
      std::int32_t high_pair, low_pair;
      std::memcpy(&high_pair, halves + pair / 2 * 8 + pair % 2 * 2, 4);
      std::memcpy(&low_pair, halves + pair / 2 * 8 + pair % 2 * 2 + 4, 4);
      const __m256i high_weights = _mm256_set1_epi32(high_pair),
                    low_weights = _mm256_set1_epi32(low_pair);
      // The row behind the last one of an odd count has weight 0: any row will do.
      const auto* const upper = in + 2 * pair * in_stride + x;
      const auto* const lower = 2 * pair + 1 < count ? upper + in_stride : upper;
      const __m128i a = load(upper), b = load(lower);
      const __m256i left = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
      const __m256i right = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
      high[0] = _mm256_add_epi32(high[0], _mm256_madd_epi16(left, high_weights));
      low[0] = _mm256_add_epi32(low[0], _mm256_madd_epi16(left, low_weights));
      high[1] = _mm256_add_epi32(high[1], _mm256_madd_epi16(right, high_weights));
      low[1] = _mm256_add_epi32(low[1], _mm256_madd_epi16(right, low_weights));
    }
    const __m256i left = _mm256_srai_epi32(halves_together(high[0], low[0]), weight_bits);
    const __m256i right = _mm256_srai_epi32(halves_together(high[1], low[1]), weight_bits);
    // Packing works within lanes: the quarters come out in the order 0, 2, 1, 3.
    const __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(left, right), 0b11'01'10'00);
    const __m128i packed =
        _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(out + x), packed);
  }
}

PECIA_AVX2 void column(const std::uint8_t* in, std::size_t in_stride, const Weights& weights, int n,
                       std::uint8_t* out, std::size_t bytes) {
  const auto place = static_cast<std::size_t>(n);
  const auto count = static_cast<std::size_t>(weights.count[place]);
  const auto pairs = (count + 1) / 2;
  const auto work = pairs == 2   ? column_of<2>
                    : pairs == 3 ? column_of<3>
                    : pairs == 4 ? column_of<4>
                                 : column_of<0>;
  work(in, in_stride, &weights.halves[place * static_cast<std::size_t>(weights.groups) * 8], pairs,
       count, out, bytes);
}

constexpr ResizeKernels avx2{"AVX2", rgb_rows, gray_rows, column};

}  // namespace

const ResizeKernels* avx2_kernels() noexcept {
  return __builtin_cpu_supports("avx2") ? &avx2 : nullptr;
}

}  // namespace pecia::engine::deepseek

#else

namespace pecia::engine::deepseek {

const ResizeKernels* avx2_kernels() noexcept { return nullptr; }

}  // namespace pecia::engine::deepseek

#endif
