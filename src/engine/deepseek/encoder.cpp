#include "encoder.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <fmt/format.h>

#include <limits>

#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

/// x: (N, K, rows, d) -> (N, H, rows, d), each head H / K times.
at::Tensor repeat_heads(const at::Tensor& x, std::int64_t heads) {
  const auto n = x.size(0), own = x.size(1), rows = x.size(2), head = x.size(3);
  if (own == heads) return x;
  return x.unsqueeze(2).expand({n, own, heads / own, rows, head}).reshape({n, heads, rows, head});
}

/// x: (N, rows, C), normalised. Result: (N, rows - first, C): of the rows from `first` on.
at::Tensor attention(const EncoderConfig& config, const EncoderLayer& layer,
                     const EncoderQueries& queries, const at::Tensor& x, std::int64_t first) {
  const auto n = x.size(0), rows = x.size(1);
  const std::int64_t heads = config.heads, kv_heads = config.kv_heads, head = x.size(2) / heads;
  const auto qkv = apply_linear(x, layer.qkv, layer.qkv_bias)
                       .view({n, rows, heads + 2 * kv_heads, head})
                       .transpose(1, 2);
  const auto turned =
      rotate(qkv.narrow(1, 0, heads + kv_heads), queries.rope.cos, queries.rope.sin);
  const auto seen = at::scaled_dot_product_attention(
      turned.narrow(1, 0, heads).narrow(2, first, rows - first),
      repeat_heads(turned.narrow(1, heads, kv_heads), heads),
      repeat_heads(qkv.narrow(1, heads + kv_heads, kv_heads), heads),
      queries.mask.narrow(0, first, rows - first));
  return apply_linear(seen.transpose(1, 2).reshape({n, rows - first, x.size(2)}), layer.output);
}

EncoderLayer load_layer(TensorLoader& weights, int index) {
  const auto name = "model.qwen2_model.model.model.layers." + std::to_string(index) + ".";
  const auto join = [&](const char* what) {
    std::vector<at::Tensor> parts;
    for (const auto* part : {"q", "k", "v"})
      parts.push_back(weights.take(name + "self_attn." + part + "_proj." + what));
    return at::cat(parts);
  };
  return {.norm_1 = weights.take(name + "input_layernorm.weight"),
          .norm_2 = weights.take(name + "post_attention_layernorm.weight"),
          .qkv = join("weight"),
          .qkv_bias = join("bias"),
          .output = weights.take(name + "self_attn.o_proj.weight"),
          .gate = weights.take(name + "mlp.gate_proj.weight"),
          .up = weights.take(name + "mlp.up_proj.weight"),
          .down = weights.take(name + "mlp.down_proj.weight")};
}

}  // namespace

at::Tensor mixed_mask(std::int64_t n, const at::TensorOptions& options) {
  auto mask = at::full({2 * n, 2 * n}, -std::numeric_limits<double>::infinity(), options);
  mask.narrow(1, 0, n).zero_();
  mask.narrow(0, n, n).narrow(1, n, n).triu_(1);
  return mask;
}

Encoder load_encoder(TensorLoader& weights, const EncoderConfig& config) {
  Encoder encoder;
  encoder.config = config;
  const auto make = [&](const char* name, std::int64_t n) {
    const auto queries = weights.take(std::string{"model.qwen2_model."} + name + ".weight");
    require(queries.size(0) == n,
            fmt::format("model.qwen2_model.{} has {} queries, and a view {} tokens", name,
                        queries.size(0), n));
    const auto options = queries.options();
    return EncoderQueries{queries, mixed_mask(n, options),
                          rope_table(2 * n, config.width / config.heads, config.rope_theta,
                                     weights.device(), weights.type())};
  };
  encoder.queries = {make("query_1024", config.base_queries),
                     make("query_768", config.tile_queries)};
  for (int i = 0; i < config.layers; ++i) encoder.layers.push_back(load_layer(weights, i));
  encoder.norm = weights.take("model.qwen2_model.model.model.norm.weight");
  return encoder;
}

at::Tensor run_encoder(const Encoder& encoder, const at::Tensor& image, const Probe& probe) {
  const auto n = image.size(1);
  const auto& queries = encoder.queries[n == encoder.queries[0].queries.size(0) ? 0 : 1];
  require(queries.queries.size(0) == n,
          fmt::format("a view of {} tokens: the model has queries for {} or {}", n,
                      encoder.queries[0].queries.size(0), encoder.queries[1].queries.size(0)));
  const auto eps = encoder.config.rms_norm_eps;
  auto x = at::cat({image, queries.queries.expand({image.size(0), n, image.size(2)})}, 1);
  for (std::size_t i = 0; i < encoder.layers.size(); ++i) {
    const auto& layer = encoder.layers[i];
    // What becomes of the image tokens in the last layer, nobody asks (but a probe).
    const auto first = i + 1 == encoder.layers.size() && !probe ? n : 0;
    const auto seen =
        attention(encoder.config, layer, queries, rms_norm(x, layer.norm_1, eps), first);
    x = x.narrow(1, first, 2 * n - first) + seen;
    x.add_(swiglu(rms_norm(x, layer.norm_2, eps), layer.gate, layer.up, layer.down));
    if (probe) probe("enc.layer" + std::to_string(i), x);
  }
  const auto out = rms_norm(x.narrow(1, x.size(1) - n, n), encoder.norm, eps);
  if (probe) probe("enc.out", out);
  return out;
}

}  // namespace pecia::engine::deepseek
