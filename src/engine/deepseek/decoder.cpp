#include "decoder.hpp"

#include <ATen/ops/cat.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include "kernels.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

DecoderLayer load_layer(TensorLoader& weights, const DecoderConfig& config, int index) {
  const auto prefix = fmt::format("model.layers.{}.", index);
  const auto attention = prefix + "self_attn.";
  DecoderLayer layer;
  layer.attention_norm = weights.take(prefix + "input_layernorm.weight");
  const auto q = weights.take(attention + "q_proj.weight");
  const auto k = weights.take(attention + "k_proj.weight");
  const auto v = weights.take(attention + "v_proj.weight");
  layer.qkv = at::cat(std::vector<at::Tensor>{q, k, v});
  layer.out = weights.take(attention + "o_proj.weight");
  layer.ffn_norm = weights.take(prefix + "post_attention_layernorm.weight");
  if (index < config.dense_layers)
    layer.dense = load_ffn(weights, prefix + "mlp.");
  else
    layer.moe = load_moe(weights, config, prefix + "mlp.");
  return layer;
}

/// A copy, since layers add to it in place; with rows of zeros behind where a CPU's products need
/// them.
at::Tensor rows_to_work_on(const at::Tensor& x) {
  if (!x.is_cpu() || !pad_rows || x.size(0) >= least_rows)
    return x.clone(at::MemoryFormat::Contiguous);
  auto padded = at::zeros({least_rows, x.size(1)}, x.options());
  padded.narrow(0, 0, x.size(0)).copy_(x);
  return padded;
}

}  // namespace

std::shared_ptr<const Decoder> load_decoder(TensorLoader& weights, const DecoderConfig& config) {
  auto decoder = std::make_shared<Decoder>();
  decoder->config = config;
  decoder->embed_tokens = weights.take("model.embed_tokens.weight");
  for (int i = 0; i < config.layers; ++i) decoder->layers.push_back(load_layer(weights, config, i));
  decoder->norm = weights.take("model.norm.weight");
  decoder->lm_head = weights.take("lm_head.weight");
  decoder->rope = rope_table(config.max_positions, config.head_dim, config.rope_theta,
                             weights.device(), weights.type());
  return decoder;
}

at::Tensor embed(const Decoder& decoder, std::span<const std::int32_t> ids) {
  std::vector<std::int64_t> rows{ids.begin(), ids.end()};
  const auto index = at::from_blob(rows.data(), {static_cast<std::int64_t>(rows.size())},
                                   at::TensorOptions{}.dtype(at::kLong));
  return decoder.embed_tokens.index_select(0, index.to(decoder.embed_tokens.device()));
}

at::Tensor decode(const Decoder& decoder, KvCache& cache, const at::Tensor& x,
                  std::span<const Slice> slices, std::vector<Routing>* routings) {
  const auto& config = decoder.config;
  const RowPlaces places{slices, x.device()};
  require(places.rows() == x.size(0), "the decoder was given other rows than its slices say");
  auto state = rows_to_work_on(x);
  std::optional<at::Tensor> delta;
  for (std::size_t i = 0; i < decoder.layers.size(); ++i) {
    const auto& layer = decoder.layers[i];
    auto normed = add_rms_norm(state, delta, layer.attention_norm, config.rms_norm_eps);
    const auto qkv = apply_linear(normed, layer.qkv);
    delta = apply_linear(attend(qkv, places, decoder.rope, cache.layers[i], config), layer.out);
    normed = add_rms_norm(state, delta, layer.ffn_norm, config.rms_norm_eps);
    delta = layer.dense ? apply_ffn(*layer.dense, normed)
                        : apply_moe(*layer.moe, config, normed, places.rows(), routings);
  }
  return add_rms_norm(state, delta, decoder.norm, config.rms_norm_eps).narrow(0, 0, x.size(0));
}

at::Tensor logits_of(const Decoder& decoder, const at::Tensor& hidden) {
  return apply_linear(hidden, decoder.lm_head).to(at::kFloat);
}

}  // namespace pecia::engine::deepseek
