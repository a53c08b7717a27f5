#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

#include "block_table.hpp"
#include "config.hpp"
#include "cpu_kernels.hpp"
#include "kv_cache.hpp"
#include "math.hpp"

namespace pecia::engine::deepseek {

/// Rows of a ragged batch that belong to one sequence: positions [begin, begin + count).
struct Slice {
  const BlockTable* blocks = nullptr;
  int begin = 0, count = 0;
};

/// Where the rows of a batch stand in the KV cache; made once per step, for all layers.
class RowPlaces {
 public:
  RowPlaces(std::span<const Slice> slices, at::Device device);

  [[nodiscard]] std::int64_t rows() const noexcept { return rows_; }

 private:
  friend at::Tensor attend(const at::Tensor&, const RowPlaces&, const RopeTable&, KvCache::Layer&,
                           const DecoderConfig&);
  friend at::Tensor attend_elsewhere(const at::Tensor&, const RowPlaces&, const RopeTable&,
                                     KvCache::Layer&, const DecoderConfig&);
  struct Sequence {
    std::int64_t row, count, length;  ///< length: of keys, with this batch's
    at::Tensor blocks;                ///< those that hold them
    at::Tensor mask;  ///< (count, length), true where a row may look; undefined for one row
  };
  std::int64_t rows_ = 0;
  std::vector<cpu::RowPlace> places_;   ///< on a CPU
  at::Tensor position_, block_, slot_;  ///< (rows) each, elsewhere
  std::vector<Sequence> sequences_;
};

/// qkv: (at least rows, (heads + 2 kv heads) x head dim), changed in place. Turns q and k, puts k
/// and v into the cache, and lets each row look at its own sequence up to itself: (as many rows,
/// heads x head dim), 0 in those that are padding.
[[nodiscard]] at::Tensor attend(const at::Tensor& qkv, const RowPlaces& places,
                                const RopeTable& rope, KvCache::Layer& cache,
                                const DecoderConfig& config);

}  // namespace pecia::engine::deepseek
