#include "kv_cache.hpp"

#include <ATen/ops/empty.h>
#include <c10/core/ScalarType.h>

namespace pecia::engine::deepseek {

KvCache::KvCache(const DecoderConfig& config, int blocks_, at::Device device, at::ScalarType type)
    : blocks{blocks_} {
  const auto options = at::TensorOptions{}.dtype(type).device(device);
  for (int i = 0; i < config.layers; ++i)
    layers.push_back(
        {at::empty({blocks, config.kv_heads, config.head_dim, block_tokens}, options),
         at::empty({blocks, config.kv_heads, block_tokens, config.head_dim}, options)});
}

std::size_t KvCache::bytes_per_block(const DecoderConfig& config, at::ScalarType type) {
  return c10::elementSize(type) * static_cast<std::size_t>(config.layers) * 2 *
         static_cast<std::size_t>(config.kv_heads) * static_cast<std::size_t>(config.head_dim) *
         static_cast<std::size_t>(block_tokens);
}

}  // namespace pecia::engine::deepseek
