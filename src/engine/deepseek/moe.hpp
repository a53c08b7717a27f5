#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "config.hpp"
#include "tensor_loader.hpp"

namespace pecia::engine::deepseek {

/// SwiGLU of one product for gate and up.
struct Ffn {
  at::Tensor gate_up;  ///< (2 x ffn, width), gates in front
  at::Tensor down;     ///< (width, ffn)
};
/// From `<prefix>gate_proj.weight` and so on.
[[nodiscard]] Ffn load_ffn(TensorLoader& weights, const std::string& prefix);
/// x: (rows, width) -> the same shape.
[[nodiscard]] at::Tensor apply_ffn(const Ffn& ffn, const at::Tensor& x);

/// Mixture of experts: the top_k experts of each row, weighted by their probability, and one
/// shared.
struct Moe {
  at::Tensor router;         ///< (experts, width), fp32
  std::vector<Ffn> experts;  ///< of moe_ffn
  Ffn shared;                ///< of shared_experts x moe_ffn
};
[[nodiscard]] Moe load_moe(TensorLoader& weights, const DecoderConfig& config,
                           const std::string& prefix);

/// Which experts each of the first `rows` rows chose: (rows, top_k), most likely first, of equal
/// ones the lower.
struct Routing {
  std::vector<std::int32_t> experts;
  std::vector<float> weights;
};
/// logits: (at least rows, experts) fp32 on a CPU. Softmax, greedy choice, scale (section 4).
[[nodiscard]] Routing route(const at::Tensor& logits, std::int64_t rows,
                            const DecoderConfig& config);

/// x: (at least rows, width); rows behind are padding, whose result says nothing. Adds its choice
/// to `routings`, if not null.
[[nodiscard]] at::Tensor apply_moe(const Moe& moe, const DecoderConfig& config, const at::Tensor& x,
                                   std::int64_t rows, std::vector<Routing>* routings);

}  // namespace pecia::engine::deepseek
