#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "attention.hpp"
#include "config.hpp"
#include "kv_cache.hpp"
#include "math.hpp"
#include "moe.hpp"
#include "tensor_loader.hpp"

namespace pecia::engine::deepseek {

struct DecoderLayer {
  at::Tensor attention_norm;  ///< (width)
  at::Tensor qkv;             ///< ((heads + 2 kv heads) x head dim, width)
  at::Tensor out;             ///< (width, heads x head dim)
  at::Tensor ffn_norm;        ///< (width)
  std::optional<Ffn> dense;   ///< in the first dense_layers, the others have
  std::optional<Moe> moe;
};

/// Section 4: from embedded rows to logits.
struct Decoder {
  DecoderConfig config;
  at::Tensor embed_tokens;  ///< (vocabulary, width)
  std::vector<DecoderLayer> layers;
  at::Tensor norm;     ///< (width)
  at::Tensor lm_head;  ///< (vocabulary, width)
  RopeTable rope;      ///< (max_positions, head dim)
};
[[nodiscard]] std::shared_ptr<const Decoder> load_decoder(TensorLoader& weights,
                                                          const DecoderConfig& config);

/// ids -> (ids, width), on the decoder's device.
[[nodiscard]] at::Tensor embed(const Decoder& decoder, std::span<const std::int32_t> ids);

/// x: (rows, width), the rows of `slices` one after the other; each slice's earlier positions are
/// in the cache, and its own are put there. Result: (rows, width) after the final norm. On a CPU in
/// fp32 a row's result does not depend on the other slices, nor on how a sequence was cut.
/// `routings`, if not null: what every MoE layer chose.
[[nodiscard]] at::Tensor decode(const Decoder& decoder, KvCache& cache, const at::Tensor& x,
                                std::span<const Slice> slices,
                                std::vector<Routing>* routings = nullptr);
/// (rows, width) of `decode` -> (rows, vocabulary), fp32.
[[nodiscard]] at::Tensor logits_of(const Decoder& decoder, const at::Tensor& hidden);

}  // namespace pecia::engine::deepseek
