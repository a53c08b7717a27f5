#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>
#include <vector>

#include "block_table.hpp"
#include "config.hpp"

namespace pecia::engine::deepseek {

/// Keys and values of all sequences, in blocks of `block_tokens` positions; which block belongs to
/// whom is the scheduler's to say.
struct KvCache {
  /// Uninitialised. Throws c10::OutOfMemoryError.
  KvCache(const DecoderConfig& config, int blocks, at::Device device, at::ScalarType type);

  [[nodiscard]] static std::size_t bytes_per_block(const DecoderConfig& config,
                                                   at::ScalarType type);

  struct Layer {
    at::Tensor
        keys;  ///< (blocks, kv heads, head dim, block_tokens): a block's scores are sums of rows
    at::Tensor values;  ///< (blocks, kv heads, block_tokens, head dim)
  };
  std::vector<Layer> layers;
  int blocks;
};

}  // namespace pecia::engine::deepseek
