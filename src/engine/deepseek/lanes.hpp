#pragma once

#include <c10/util/BFloat16.h>

#include <array>
#include <cstdint>
#include <cstring>

// Sixteen numbers at a time, as wide as the processor has them: what cpu_kernels.cpp is written in.

// One binary for every x86-64: the loops exist in several forms, and the loader takes the best one.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && \
    !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)
#define PECIA_CLONES __attribute__((target_clones("avx512f", "fma", "default")))
#else
#define PECIA_CLONES
#endif
#define PECIA_INLINE inline __attribute__((always_inline))

namespace pecia::engine::deepseek::cpu {

using c10::BFloat16;

constexpr std::int64_t lanes = 16;
using Lanes = float __attribute__((vector_size(lanes * sizeof(float))));
using Bits = std::uint32_t __attribute__((vector_size(lanes * sizeof(std::uint32_t))));
using Ints = std::int32_t __attribute__((vector_size(lanes * sizeof(std::int32_t))));
using Halves = std::uint16_t __attribute__((vector_size(lanes * sizeof(std::uint16_t))));

PECIA_INLINE void load(Lanes& to, const float* from) { std::memcpy(&to, from, sizeof to); }

PECIA_INLINE void load(Lanes& to, const BFloat16* from) {
  Halves halves;
  std::memcpy(&halves, from, sizeof halves);
  const Bits bits = __builtin_convertvector(halves, Bits) << 16U;
  std::memcpy(&to, &bits, sizeof to);
}

PECIA_INLINE void store(float* to, const Lanes& from) { std::memcpy(to, &from, sizeof from); }

PECIA_INLINE void store(BFloat16* to, const Lanes& from) {
  Bits bits;
  std::memcpy(&bits, &from, sizeof bits);
  bits += 0x7FFFU + ((bits >> 16U) & 1U);  // to nearest even
  const Halves halves = __builtin_convertvector(bits >> 16U, Halves);
  std::memcpy(to, &halves, sizeof halves);
}

/// As if it had been stored as T and loaded again.
PECIA_INLINE void round_to(Lanes&, const float*) {}
PECIA_INLINE void round_to(Lanes& x, const BFloat16*) {
  Bits bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits += 0x7FFFU + ((bits >> 16U) & 1U);
  bits &= 0xFFFF0000U;
  std::memcpy(&x, &bits, sizeof x);
}

/// The first `count` lanes from memory, the others 0.
template <class T>
PECIA_INLINE void load_some(Lanes& to, const T* from, std::int64_t count) {
  std::array<T, lanes> all{};
  std::memcpy(all.data(), from, static_cast<std::size_t>(count) * sizeof(T));
  load(to, all.data());
}

template <class T>
PECIA_INLINE void store_some(T* to, const Lanes& from, std::int64_t count) {
  std::array<T, lanes> all;
  store(all.data(), from);
  std::memcpy(to, all.data(), static_cast<std::size_t>(count) * sizeof(T));
}

PECIA_INLINE float sum_of(const Lanes& x) {
  float sum = 0;
  for (std::int64_t i = 0; i < lanes / 2; ++i) sum += x[i] + x[i + lanes / 2];
  return sum;
}

/// e^x within 2 units in the last place; below -87 nearly 0.
PECIA_INLINE void exponential(Lanes& x) {
  constexpr float magic = 12582912.F;  // 1.5 x 2^23: adding it rounds to whole numbers
  const Lanes least = Lanes{} - 87.3F, most = Lanes{} + 88.3F;
  x = x < least ? least : x;
  x = x > most ? most : x;
  const Lanes n = (x * 1.44269504F + magic) - magic;
  const Lanes r = (x - n * 0.693359375F) + n * 2.12194440e-4F;
  Lanes p = Lanes{} + 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.F;
  const Ints power = (__builtin_convertvector(n, Ints) + 127) << 23;
  Lanes scale;
  std::memcpy(&scale, &power, sizeof scale);
  x = p * scale;
}

/// Calls body(offset, count) for the lanes of a row; inlined, so that a full group costs no test.
template <class Body>
PECIA_INLINE void over_lanes(std::int64_t width, const Body& body) {
  std::int64_t i = 0;
  for (; i + lanes <= width; i += lanes) body(i, lanes);
  if (i < width) body(i, width - i);
}

template <class T>
PECIA_INLINE void get(Lanes& to, const T* from, std::int64_t count) {
  if (count == lanes)
    load(to, from);
  else
    load_some(to, from, count);
}

template <class T>
PECIA_INLINE void put(T* to, const Lanes& from, std::int64_t count) {
  if (count == lanes)
    store(to, from);
  else
    store_some(to, from, count);
}

}  // namespace pecia::engine::deepseek::cpu
