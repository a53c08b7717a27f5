#include "cpu_kernels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "block_table.hpp"
#include "lanes.hpp"

namespace pecia::engine::deepseek::cpu {
namespace {

template <class T>
PECIA_INLINE void norm(const NormRows<T>& w, std::int64_t begin, std::int64_t end) {
  for (auto row = begin; row < end; ++row) {
    T* const x = w.x + row * w.width;
    const T* const delta = w.delta == nullptr ? nullptr : w.delta + row * w.width;
    Lanes squares{};
    over_lanes(
        w.width, [&](std::int64_t i, std::int64_t n) __attribute__((always_inline)) {
          Lanes v;
          get(v, x + i, n);
          if (delta != nullptr) {
            Lanes d;
            get(d, delta + i, n);
            v += d;
            round_to(v, x);
            put(x + i, v, n);
          }
          squares += v * v;
        });
    const float scale = 1.F / std::sqrt(sum_of(squares) / static_cast<float>(w.width) + w.eps);
    T* const out = w.out + row * w.width;
    over_lanes(
        w.width, [&](std::int64_t i, std::int64_t n) __attribute__((always_inline)) {
          Lanes v, weight;
          get(v, x + i, n);
          get(weight, w.weight + i, n);
          v *= scale;
          round_to(v, out);
          v *= weight;
          put(out + i, v, n);
        });
  }
}

template <class T>
PECIA_INLINE void gates(const GateRows<T>& w, std::int64_t begin, std::int64_t end) {
  for (auto row = begin; row < end; ++row) {
    const T* const gate = w.gate_up + row * 2 * w.width;
    const T* const up = gate + w.width;
    T* const out = w.out + row * w.width;
    over_lanes(
        w.width, [&](std::int64_t i, std::int64_t n) __attribute__((always_inline)) {
          Lanes g, u;
          get(g, gate + i, n);
          get(u, up + i, n);
          Lanes e = -g;
          exponential(e);
          g = g / (1.F + e);
          round_to(g, out);
          g *= u;
          put(out + i, g, n);
        });
  }
}

template <class T>
PECIA_INLINE void combine(const CombineRows<T>& w, std::int64_t begin, std::int64_t end) {
  for (auto row = begin; row < end; ++row) {
    const auto* const slots = w.slots + row * w.top_k;
    const auto* const weights = w.weights + row * w.top_k;
    over_lanes(
        w.width, [&](std::int64_t i, std::int64_t n) __attribute__((always_inline)) {
          Lanes sum{}, v;
          for (std::int64_t j = 0; j < w.top_k; ++j) {
            get(v, w.experts + slots[j] * w.width + i, n);
            sum += v * weights[j];
          }
          round_to(sum, w.out);
          get(v, w.shared + row * w.width + i, n);
          sum += v;
          put(w.out + row * w.width + i, sum, n);
        });
  }
}

/// x: (dim), half-split rotation in place.
template <class T>
PECIA_INLINE void turn(T* x, const T* cos, const T* sin, std::int64_t dim) {
  const auto half = dim / 2;
  over_lanes(
      half, [&](std::int64_t i, std::int64_t n) __attribute__((always_inline)) {
        Lanes a, b, c, s;
        get(a, x + i, n);
        get(b, x + half + i, n);
        get(c, cos + i, n);  // its two halves are equal
        get(s, sin + i, n);
        Lanes ac = a * c, bs = b * s, bc = b * c, as = a * s;
        round_to(ac, x);
        round_to(bs, x);
        round_to(bc, x);
        round_to(as, x);
        put(x + i, ac - bs, n);
        put(x + half + i, bc + as, n);
      });
}

template <class T>
PECIA_INLINE void place(const AttendRows<T>& w, std::int64_t begin, std::int64_t end) {
  const auto row_width = (w.heads + 2 * w.kv_heads) * w.dim;
  for (auto row = begin; row < end; ++row) {
    T* const q = w.qkv + row * row_width;
    T* const k = q + w.heads * w.dim;
    const T* const v = k + w.kv_heads * w.dim;
    const auto position = w.rows[row].position;
    const T* const cos = w.cos + position * w.dim;
    const T* const sin = w.sin + position * w.dim;
    for (std::int64_t head = 0; head < w.heads + w.kv_heads; ++head)
      turn(q + head * w.dim, cos, sin, w.dim);
    const auto block = static_cast<std::int64_t>(w.rows[row].blocks[position / block_tokens]);
    const auto slot = position % block_tokens;
    for (std::int64_t head = 0; head < w.kv_heads; ++head) {
      const auto at = (block * w.kv_heads + head) * w.dim * block_tokens;
      for (std::int64_t d = 0; d < w.dim; ++d)
        w.keys[at + d * block_tokens + slot] = k[head * w.dim + d];
      std::copy_n(v + head * w.dim, w.dim, w.values + at + slot * w.dim);
    }
  }
}

/// scores[t] = q k_t x scale for the block's positions; returns the greatest of the first `count`.
template <class T>
PECIA_INLINE float score_block(const T* q, const T* keys, std::int64_t dim, float scale,
                               std::int64_t count, float* scores) {
  Lanes low{}, high{}, k;
  for (std::int64_t d = 0; d < dim; ++d) {
    const auto x = static_cast<float>(q[d]);
    load(k, keys + d * block_tokens);
    low += k * x;
    load(k, keys + d * block_tokens + lanes);
    high += k * x;
  }
  store(scores, low * scale);
  store(scores + lanes, high * scale);
  auto greatest = scores[0];
  for (std::int64_t t = 1; t < count; ++t) greatest = std::max(greatest, scores[t]);
  return greatest;
}

template <class T>
PECIA_INLINE void attend(const AttendRows<T>& w, std::int64_t unit, float* scores, float* sums) {
  const auto row = unit / w.heads, head = unit % w.heads;
  const T* const q = w.qkv + row * (w.heads + 2 * w.kv_heads) * w.dim + head * w.dim;
  const auto kv_head = head / (w.heads / w.kv_heads);
  const auto count = static_cast<std::int64_t>(w.rows[row].position) + 1;
  const auto block_at = [&](std::int64_t t) {
    return (w.rows[row].blocks[t / block_tokens] * w.kv_heads + kv_head) * w.dim * block_tokens;
  };
  auto greatest = -std::numeric_limits<float>::infinity();
  for (std::int64_t t = 0; t < count; t += block_tokens)
    greatest = std::max(greatest,
                        score_block(q, w.keys + block_at(t), w.dim, w.scale,
                                    std::min<std::int64_t>(block_tokens, count - t), scores + t));
  std::fill(sums, sums + w.dim, 0.F);
  Lanes total{};
  for (std::int64_t t = 0; t < count; t += block_tokens) {
    const T* const values = w.values + block_at(t);
    const auto in_block = std::min<std::int64_t>(block_tokens, count - t);
    std::fill(scores + t + in_block, scores + t + block_tokens,
              -std::numeric_limits<float>::infinity());
    for (std::int64_t i = 0; i < block_tokens; i += lanes) {
      Lanes p;
      load(p, scores + t + i);
      const auto masked = p == -std::numeric_limits<float>::infinity();
      p -= greatest;
      exponential(p);
      p = masked ? Lanes{} : p;
      total += p;
      store(scores + t + i, p);
    }
    over_lanes(
        w.dim, [&](std::int64_t d, std::int64_t n) __attribute__((always_inline)) {
          Lanes sum, v;
          get(sum, sums + d, n);
          for (std::int64_t i = 0; i < in_block; ++i) {
            get(v, values + i * w.dim + d, n);
            sum += v * scores[t + i];
          }
          put(sums + d, sum, n);
        });
  }
  const auto whole = 1.F / sum_of(total);
  T* const out = w.out + (row * w.heads + head) * w.dim;
  over_lanes(
      w.dim, [&](std::int64_t d, std::int64_t n) __attribute__((always_inline)) {
        Lanes sum;
        get(sum, sums + d, n);
        put(out + d, sum * whole, n);
      });
}

template <class T>
PECIA_INLINE void attend_all(const AttendRows<T>& work, std::int64_t begin, std::int64_t end,
                             float* scores, float* sums) {
  for (auto unit = begin; unit < end; ++unit) attend(work, unit, scores, sums);
}

PECIA_CLONES void attend_all_f32(const AttendRows<float>& work, std::int64_t begin,
                                 std::int64_t end, float* scores, float* sums) {
  attend_all(work, begin, end, scores, sums);
}
PECIA_CLONES void attend_all_bf16(const AttendRows<BFloat16>& work, std::int64_t begin,
                                  std::int64_t end, float* scores, float* sums) {
  attend_all(work, begin, end, scores, sums);
}

/// Room for one unit's scores and sums.
template <class T>
std::vector<float> scratch_for(const AttendRows<T>& work, std::int64_t begin, std::int64_t end) {
  std::int32_t furthest = 0;
  for (auto row = begin / work.heads; row <= (end - 1) / work.heads; ++row)
    furthest = std::max(furthest, work.rows[row].position);
  return std::vector<float>(
      static_cast<std::size_t>(blocks_for(furthest + 1) * block_tokens + work.dim));
}

}  // namespace

PECIA_CLONES void norm_rows(const NormRows<float>& work, std::int64_t begin, std::int64_t end) {
  norm(work, begin, end);
}
PECIA_CLONES void norm_rows(const NormRows<BFloat16>& work, std::int64_t begin, std::int64_t end) {
  norm(work, begin, end);
}
PECIA_CLONES void gate_rows(const GateRows<float>& work, std::int64_t begin, std::int64_t end) {
  gates(work, begin, end);
}
PECIA_CLONES void gate_rows(const GateRows<BFloat16>& work, std::int64_t begin, std::int64_t end) {
  gates(work, begin, end);
}
PECIA_CLONES void combine_rows(const CombineRows<float>& work, std::int64_t begin,
                               std::int64_t end) {
  combine(work, begin, end);
}
PECIA_CLONES void combine_rows(const CombineRows<BFloat16>& work, std::int64_t begin,
                               std::int64_t end) {
  combine(work, begin, end);
}
PECIA_CLONES void place_rows(const AttendRows<float>& work, std::int64_t begin, std::int64_t end) {
  place(work, begin, end);
}
PECIA_CLONES void place_rows(const AttendRows<BFloat16>& work, std::int64_t begin,
                             std::int64_t end) {
  place(work, begin, end);
}

void attend_units(const AttendRows<float>& work, std::int64_t begin, std::int64_t end) {
  if (begin == end) return;
  auto scratch = scratch_for(work, begin, end);
  attend_all_f32(work, begin, end, scratch.data() + work.dim, scratch.data());
}
void attend_units(const AttendRows<BFloat16>& work, std::int64_t begin, std::int64_t end) {
  if (begin == end) return;
  auto scratch = scratch_for(work, begin, end);
  attend_all_bf16(work, begin, end, scratch.data() + work.dim, scratch.data());
}

PECIA_CLONES float log_sum_exp(const float* logits, std::int64_t count) {
  const auto greatest = *std::max_element(logits, logits + count);
  Lanes sum{};
  float nan = 0;
  over_lanes(
      count, [&](std::int64_t i, std::int64_t n) __attribute__((always_inline)) {
        Lanes x;
        if (n == lanes) {
          load(x, logits + i);
        } else {
          x = Lanes{} - std::numeric_limits<float>::infinity();
          for (std::int64_t j = 0; j < n; ++j) x[j] = logits[i + j];
        }
        const auto masked = x < -1e30F;
        nan += sum_of(x != x ? Lanes{} + 1.F : Lanes{});
        x -= greatest;
        exponential(x);
        sum += masked ? Lanes{} : x;
      });
  if (nan > 0 || !std::isfinite(greatest)) return std::numeric_limits<float>::quiet_NaN();
  return greatest + std::log(sum_of(sum));
}

}  // namespace pecia::engine::deepseek::cpu
