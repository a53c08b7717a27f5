#pragma once

#include <c10/util/BFloat16.h>

#include <cstdint>

// The loops that a step of the decoder runs on a CPU between its matrix products, on plain memory
// and a range of rows; T is float or c10::BFloat16. A row's result depends on that row alone.
namespace pecia::engine::deepseek::cpu {

/// x += delta (if not null), out = x / rms(x) * weight; x, delta, out: (rows, width).
template <class T>
struct NormRows {
  T* x;
  const T* delta;
  const T* weight;
  T* out;
  std::int64_t width;
  float eps;
};
void norm_rows(const NormRows<float>& work, std::int64_t begin, std::int64_t end);
void norm_rows(const NormRows<c10::BFloat16>& work, std::int64_t begin, std::int64_t end);

/// gate_up: (rows, 2 x width), out: (rows, width) = silu(gate) x up.
template <class T>
struct GateRows {
  const T* gate_up;
  T* out;
  std::int64_t width;
};
void gate_rows(const GateRows<float>& work, std::int64_t begin, std::int64_t end);
void gate_rows(const GateRows<c10::BFloat16>& work, std::int64_t begin, std::int64_t end);

/// out[r] = shared[r] + sum over j of weights[r, j] x experts[slots[r, j]], the sum in fp32.
template <class T>
struct CombineRows {
  const T* experts;
  const T* shared;
  const std::int32_t* slots;
  const float* weights;
  T* out;
  std::int64_t width, top_k;
};
void combine_rows(const CombineRows<float>& work, std::int64_t begin, std::int64_t end);
void combine_rows(const CombineRows<c10::BFloat16>& work, std::int64_t begin, std::int64_t end);

/// Where a row of a ragged batch stands.
struct RowPlace {
  std::int32_t position;
  const std::int32_t* blocks;  ///< of its sequence
};

/// One layer's part of the KV cache and a batch's q, k, v. keys: (blocks, kv heads, dim,
/// block_tokens), values: (blocks, kv heads, block_tokens, dim).
template <class T>
struct AttendRows {
  T* qkv;  ///< (rows, (heads + 2 kv heads) x dim)
  const RowPlace* rows;
  const T* cos;  ///< (positions, dim)
  const T* sin;
  T* keys;
  T* values;
  T* out;  ///< (rows, heads x dim)
  std::int64_t heads, kv_heads, dim;
  float scale;
};
/// Turns q and k of these rows and puts k and v into the cache.
void place_rows(const AttendRows<float>& work, std::int64_t begin, std::int64_t end);
void place_rows(const AttendRows<c10::BFloat16>& work, std::int64_t begin, std::int64_t end);
/// Units are row x heads + head; a row attends to positions up to its own.
void attend_units(const AttendRows<float>& work, std::int64_t begin, std::int64_t end);
void attend_units(const AttendRows<c10::BFloat16>& work, std::int64_t begin, std::int64_t end);

/// Logarithm of the sum of exponentials. NaN if any is.
[[nodiscard]] float log_sum_exp(const float* logits, std::int64_t count);

}  // namespace pecia::engine::deepseek::cpu
