#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "checkpoint.hpp"

namespace pecia::engine::deepseek {
namespace {

using Shape = std::vector<std::int64_t>;

constexpr std::string_view sam_part = "SAM", encoder_part = "encoder", projector_part = "projector",
                           embeddings_part = "embeddings", attention_part = "attention",
                           dense_part = "dense layers", shared_part = "shared experts",
                           router_part = "routers", experts_part = "experts", norms_part = "norms",
                           head_part = "lm_head";
constexpr std::array all_parts{sam_part,       encoder_part, projector_part, embeddings_part,
                               attention_part, dense_part,   shared_part,    router_part,
                               experts_part,   norms_part,   head_part};

/// Collects tensors of one part below a prefix.
class Adding {
 public:
  Adding(std::vector<ExpectedTensor>& into, std::string_view part, std::string prefix)
      : into_{into}, part_{part}, prefix_{std::move(prefix)} {}
  void operator()(std::string_view name, Shape shape) const {
    into_.push_back({prefix_ + std::string{name}, std::move(shape), part_});
  }
  /// A weight and a bias of as many elements as the weight's first side.
  void both(std::string_view name, Shape shape) const {
    (*this)(fmt::format("{}.bias", name), {shape.front()});
    (*this)(fmt::format("{}.weight", name), std::move(shape));
  }
  /// gate, up and down.
  void swiglu(std::int64_t width, std::int64_t ffn) const {
    (*this)("gate_proj.weight", {ffn, width});
    (*this)("up_proj.weight", {ffn, width});
    (*this)("down_proj.weight", {width, ffn});
  }

 private:
  std::vector<ExpectedTensor>& into_;
  std::string_view part_;
  std::string prefix_;
};

void add_sam_block(std::vector<ExpectedTensor>& into, const SamConfig& sam, int block) {
  const Adding add{into, sam_part, fmt::format("model.sam_model.blocks.{}.", block)};
  const std::int64_t width = sam.width;
  const bool global = std::find(sam.global_blocks.begin(), sam.global_blocks.end(), block) !=
                      sam.global_blocks.end();
  const std::int64_t positions = 2 * (global ? sam.position_grid : sam.window) - 1;
  add.both("norm1", {width});
  add.both("norm2", {width});
  add("attn.rel_pos_h", {positions, width / sam.heads});
  add("attn.rel_pos_w", {positions, width / sam.heads});
  add.both("attn.qkv", {3 * width, width});
  add.both("attn.proj", {width, width});
  add.both("mlp.lin1", {sam.mlp, width});
  add.both("mlp.lin2", {width, sam.mlp});
}

void add_sam(std::vector<ExpectedTensor>& into, const Config& config) {
  const auto& sam = config.sam;
  const Adding add{into, sam_part, "model.sam_model."};
  add("pos_embed", {1, sam.position_grid, sam.position_grid, sam.width});
  add.both("patch_embed.proj", {sam.width, sam.channels, sam.patch_px, sam.patch_px});
  for (int block = 0; block < sam.depth; ++block) add_sam_block(into, sam, block);
  add("neck.0.weight", {sam.neck, sam.width, 1, 1});
  add.both("neck.1", {sam.neck});
  add("neck.2.weight", {sam.neck, sam.neck, 3, 3});
  add.both("neck.3", {sam.neck});
  add("net_2.weight", {sam.net_2, sam.neck, 3, 3});
  add("net_3.weight", {config.encoder.width, sam.net_2, 3, 3});
}

void add_encoder(std::vector<ExpectedTensor>& into, const EncoderConfig& encoder) {
  const std::int64_t width = encoder.width, kv_width = width / encoder.heads * encoder.kv_heads;
  for (int layer = 0; layer < encoder.layers; ++layer) {
    const auto prefix = fmt::format("model.qwen2_model.model.model.layers.{}.", layer);
    const Adding add{into, encoder_part, prefix};
    add("input_layernorm.weight", {width});
    add("post_attention_layernorm.weight", {width});
    add.both("self_attn.q_proj", {width, width});
    add.both("self_attn.k_proj", {kv_width, width});
    add.both("self_attn.v_proj", {kv_width, width});
    add("self_attn.o_proj.weight", {width, width});
    Adding{into, encoder_part, prefix + "mlp."}.swiglu(width, encoder.ffn);
  }
  const Adding add{into, encoder_part, "model.qwen2_model."};
  add("model.model.norm.weight", {width});
  add("query_768.weight", {encoder.tile_queries, width});
  add("query_1024.weight", {encoder.base_queries, width});
}

void add_decoder_layer(std::vector<ExpectedTensor>& into, const DecoderConfig& decoder, int layer) {
  const std::int64_t width = decoder.width;
  const auto prefix = fmt::format("model.layers.{}.", layer);
  const Adding norm{into, norms_part, prefix};
  norm("input_layernorm.weight", {width});
  norm("post_attention_layernorm.weight", {width});
  const Adding attention{into, attention_part, prefix + "self_attn."};
  const std::int64_t q = decoder.heads * decoder.head_dim, kv = decoder.kv_heads * decoder.head_dim;
  attention("q_proj.weight", {q, width});
  attention("k_proj.weight", {kv, width});
  attention("v_proj.weight", {kv, width});
  attention("o_proj.weight", {width, q});
  if (layer < decoder.dense_layers) {
    Adding{into, dense_part, prefix + "mlp."}.swiglu(width, decoder.dense_ffn);
    return;
  }
  Adding{into, router_part, prefix}("mlp.gate.weight", {decoder.experts, width});
  Adding{into, shared_part, prefix + "mlp.shared_experts."}.swiglu(
      width, std::int64_t{decoder.shared_experts} * decoder.moe_ffn);
  for (int expert = 0; expert < decoder.experts; ++expert)
    Adding{into, experts_part, fmt::format("{}mlp.experts.{}.", prefix, expert)}.swiglu(
        width, decoder.moe_ffn);
}

}  // namespace

std::vector<ExpectedTensor> expected_tensors(const Config& config) {
  const auto& decoder = config.decoder;
  std::vector<ExpectedTensor> tensors;
  add_sam(tensors, config);
  add_encoder(tensors, config.encoder);
  const Adding projector{tensors, projector_part, "model."};
  projector.both("projector.layers", {decoder.width, config.encoder.width});
  projector("view_seperator", {decoder.width});
  Adding{tensors, embeddings_part, "model."}("embed_tokens.weight",
                                             {decoder.vocabulary, decoder.width});
  for (int layer = 0; layer < decoder.layers; ++layer) add_decoder_layer(tensors, decoder, layer);
  Adding{tensors, norms_part, "model."}("norm.weight", {decoder.width});
  Adding{tensors, head_part, ""}("lm_head.weight", {decoder.vocabulary, decoder.width});
  return tensors;
}

std::vector<PartBytes> bytes_per_part(const std::vector<TensorInfo>& tensors,
                                      const Config& config) {
  std::map<std::string_view, std::uint64_t> stored;
  for (const auto& tensor : tensors) stored.emplace(tensor.name, tensor.bytes());
  std::vector<PartBytes> parts;
  for (const auto part : all_parts) parts.push_back({part, 0});
  for (const auto& tensor : expected_tensors(config)) {
    const auto at = stored.find(tensor.name);
    if (at == stored.end()) continue;
    std::find_if(parts.begin(), parts.end(), [&](const auto& p) {
      return p.part == tensor.part;
    })->bytes += at->second;
  }
  return parts;
}

}  // namespace pecia::engine::deepseek
