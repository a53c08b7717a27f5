#include "config.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "config_section.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/json.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr int most_width = 1 << 17, most_layers = 512, most_heads = 1024, most_experts = 4096;
constexpr int most_vocabulary = 1 << 23, most_positions = 1 << 24, most_px = 1 << 14;

/// Sides of tensors, by name.
class Shapes {
 public:
  explicit Shapes(const std::vector<TensorInfo>& tensors) {
    for (const auto& tensor : tensors) shapes_.emplace(tensor.name, &tensor.shape);
  }
  /// Leaves `into` as it is where there is no such tensor (which is told later, with all others).
  void side(const std::string& tensor, std::size_t dimension, int& into, int most) const {
    const auto at = shapes_.find(tensor);
    if (at == shapes_.end()) return;
    const auto& shape = *at->second;
    if (dimension >= shape.size() || shape[dimension] < 1 || shape[dimension] > most)
      throw Error{
          fmt::format("side {} of tensor '{}' is not within 1 to {}", dimension, tensor, most)};
    into = static_cast<int>(shape[dimension]);
  }

 private:
  std::unordered_map<std::string_view, const std::vector<std::int64_t>*> shapes_;
};

void check_kind(const Section& top, const Section& language, const Section& vision,
                const Section& projector) {
  top.only("model_type", "deepseek_vl_v2");
  top.only("architectures", Json{"DeepseekOCR2ForCausalLM"});
  if (!top.find("model_type") && !top.find("architectures"))
    throw Error{"names neither a model_type nor architectures"};
  top.only_absent("quantization_config");
  vision.only("model_name", "deepencoderv2");
  projector.only("projector_type", "linear");
  for (const auto* key :
       {"use_mla", "attention_bias", "mlp_bias", "tie_word_embeddings", "rm_head"})
    language.only(key, false);
  for (const auto* key : {"kv_lora_rank", "q_lora_rank", "rope_scaling"}) language.only_absent(key);
  for (const auto* key : {"qk_nope_head_dim", "qk_rope_head_dim", "v_head_dim"})
    language.only(key, 0);
  for (const auto* key : {"n_group", "topk_group", "moe_layer_freq"}) language.only(key, 1);
  language.only("scoring_func", "softmax");
  language.only("topk_method", "greedy");
  language.only("hidden_act", "silu");
  language.only("lm_head", true);
}

ImageConfig image_config(const Section& vision, const Section& processor) {
  ImageConfig image;
  vision.whole("image_size", image.base_px, 1, most_px);
  vision.whole("tile_size", image.tile_px, 1, most_px);
  constexpr int most_tiles = 64;
  vision.whole("min_tiles", image.min_tiles, 2, most_tiles);
  vision.whole("max_tiles", image.max_tiles, 2, most_tiles);
  if (image.min_tiles > image.max_tiles) vision.refuse("min_tiles", "is more than max_tiles");
  const auto same_everywhere = [&](const char* key, double& into, double least) {
    const auto* values = processor.find(key);
    if (!values) return;
    if (!values->is_array() || values->size() != 3)
      processor.refuse(key, "is no list of three numbers");
    for (const auto& value : *values)
      if (!value.is_number() || value != values->front())
        processor.refuse(key, "differs between channels; this engine knows one value for all");
    into = values->front().get<double>();
    if (!(into >= least && into <= 1)) processor.refuse(key, "is not within 0 to 1");
  };
  same_everywhere("image_mean", image.mean, 0);
  same_everywhere("image_std", image.std, 1e-6);
  image.pad_level = static_cast<int>(image.mean * 255);
  return image;
}

SamConfig sam_config(const Section& vision, const Section& sam_section, const Shapes& shapes,
                     const ImageConfig& image) {
  SamConfig sam;
  const std::string prefix = "model.sam_model.";
  vision.whole("patch_size", sam.patch_px, 1, 256);
  sam_section.whole("width", sam.width, 1, most_width);
  sam_section.whole("layers", sam.depth, 1, most_layers);
  sam_section.whole("heads", sam.heads, 1, most_heads);
  sam_section.whole("window_size", sam.window, 1, most_px);
  // mlp_ratio and downsample_channels of the published file are wrong.
  sam.mlp = 4 * sam.width;
  shapes.side(prefix + "blocks.0.mlp.lin1.weight", 0, sam.mlp, most_width);
  sam_section.whole("mlp_dim", sam.mlp, 1, most_width);
  shapes.side(prefix + "neck.0.weight", 0, sam.neck, most_width);
  sam_section.whole("out_chans", sam.neck, 1, most_width);
  shapes.side(prefix + "net_2.weight", 0, sam.net_2, most_width);
  sam.position_grid = image.base_px / sam.patch_px;
  shapes.side(prefix + "pos_embed", 1, sam.position_grid, most_px);
  if (const auto* blocks = sam_section.find("global_attn_indexes")) {
    sam.global_blocks.clear();
    if (!blocks->is_array()) sam_section.refuse("global_attn_indexes", "is no list");
    for (const auto& block : *blocks) {
      if (!block.is_number_integer() || block < 0 || block >= sam.depth)
        sam_section.refuse("global_attn_indexes", "names a block that is not there");
      sam.global_blocks.push_back(whole_number<int>(block));
    }
  }
  std::sort(sam.global_blocks.begin(), sam.global_blocks.end());
  if (std::adjacent_find(sam.global_blocks.begin(), sam.global_blocks.end()) !=
      sam.global_blocks.end())
    sam_section.refuse("global_attn_indexes", "names a block twice");
  if (!sam.global_blocks.empty() && sam.global_blocks.back() >= sam.depth)
    sam_section.refuse("layers", "is less than the default of global_attn_indexes needs");
  if (sam.width % sam.heads != 0) sam_section.refuse("heads", "does not divide width");
  return sam;
}

EncoderConfig encoder_config(const Section& section, const Shapes& shapes, const ImageConfig& image,
                             int patch_px) {
  EncoderConfig encoder;
  section.whole("dim", encoder.width, 1, most_width);
  section.whole("layers", encoder.layers, 1, most_layers);
  section.whole("heads", encoder.heads, 1, most_heads);
  section.whole("kv_heads", encoder.kv_heads, 1, most_heads);
  const std::string prefix = "model.qwen2_model.";
  shapes.side(prefix + "model.model.layers.0.mlp.gate_proj.weight", 0, encoder.ffn, most_width);
  section.whole("intermediate_size", encoder.ffn, 1, most_width);
  section.real("rope_theta", encoder.rope_theta, 1, 1e12);
  section.real("rms_norm_eps", encoder.rms_norm_eps, 1e-12, 1);
  if (encoder.width % encoder.heads != 0 || encoder.width / encoder.heads % 2 != 0)
    section.refuse("heads", "does not divide dim into heads of even size");
  if (encoder.heads % encoder.kv_heads != 0) section.refuse("kv_heads", "does not divide heads");
  constexpr int downsample = 4;  // two convolutions of stride 2
  const auto queries = [&](int size_px, const char* table) {
    if (size_px % (downsample * patch_px) != 0)
      throw Error{
          fmt::format("a view of {} px cannot be cut into patches of {} px, 4 by 4 of them at a "
                      "time (image_size, tile_size, patch_size)",
                      size_px, patch_px)};
    const int side = size_px / patch_px / downsample;
    int rows = side * side;
    shapes.side(prefix + table, 0, rows, 1 << 24);
    if (rows != side * side)
      throw Error{
          fmt::format("a view of {} px gives {} image tokens, but tensor '{}{}' has {} rows "
                      "(image_size, tile_size, patch_size)",
                      size_px, side * side, prefix, table, rows)};
    return rows;
  };
  encoder.tile_queries = queries(image.tile_px, "query_768.weight");
  encoder.base_queries = queries(image.base_px, "query_1024.weight");
  return encoder;
}

void check_experts(const Section& language, const DecoderConfig& decoder) {
  if (decoder.top_k > decoder.experts)
    language.refuse("num_experts_per_tok", "is more than n_routed_experts");
  if (decoder.dense_layers > decoder.layers)
    language.refuse("first_k_dense_replace", "is more than num_hidden_layers");
  constexpr int most_experts_in_all = 1 << 17;
  if (decoder.layers * decoder.experts > most_experts_in_all)
    language.refuse("n_routed_experts", "times num_hidden_layers is too large");
  if (static_cast<std::int64_t>(decoder.shared_experts) * decoder.moe_ffn > most_width)
    language.refuse("n_shared_experts", "times moe_intermediate_size is too large");
}

DecoderConfig decoder_config(const Section& language) {
  DecoderConfig decoder;
  language.whole("hidden_size", decoder.width, 1, most_width);
  language.whole("num_hidden_layers", decoder.layers, 1, most_layers);
  language.whole("num_attention_heads", decoder.heads, 1, most_heads);
  decoder.kv_heads = decoder.heads;
  language.whole("num_key_value_heads", decoder.kv_heads, 1, most_heads);
  if (decoder.width % decoder.heads != 0 || decoder.width / decoder.heads % 2 != 0)
    language.refuse("num_attention_heads", "does not divide hidden_size into heads of even size");
  if (decoder.heads % decoder.kv_heads != 0)
    language.refuse("num_key_value_heads", "does not divide num_attention_heads");
  decoder.head_dim = decoder.width / decoder.heads;
  language.only("head_dim", decoder.head_dim);
  language.whole("intermediate_size", decoder.dense_ffn, 1, most_width);
  language.whole("first_k_dense_replace", decoder.dense_layers, 0, most_layers);
  language.whole("moe_intermediate_size", decoder.moe_ffn, 1, most_width);
  language.whole("n_routed_experts", decoder.experts, 1, most_experts);
  language.whole("n_shared_experts", decoder.shared_experts, 1, most_experts);
  language.whole("num_experts_per_tok", decoder.top_k, 1, most_experts);
  check_experts(language, decoder);
  if (const auto* norm = language.find("norm_topk_prob")) {
    if (!norm->is_boolean()) language.refuse("norm_topk_prob", "is neither true nor false");
    decoder.norm_top_k = norm->get<bool>();
  }
  language.real("routed_scaling_factor", decoder.routed_scale, 1e-6, 1e6);
  language.real("rope_theta", decoder.rope_theta, 1, 1e12);
  language.real("rms_norm_eps", decoder.rms_norm_eps, 1e-12, 1);
  language.whole("vocab_size", decoder.vocabulary, 1, most_vocabulary);
  language.whole("max_position_embeddings", decoder.max_positions, 1, most_positions);
  return decoder;
}

Config checked(const Json& json, const Json& processor, const std::vector<TensorInfo>& tensors) {
  if (!json.is_object()) throw Error{"is no JSON object"};
  const Shapes shapes{tensors};
  const Section top{"", &json};
  const auto only_language = top.inside("language_config");  // checks that it is an object
  const Section language{"language_config", top.find("language_config"), &json};
  const auto vision = top.inside("vision_config");
  const auto widths = vision.inside("width");
  const auto encoder_section = widths.inside("qwen2-0-5b");
  const auto projector = top.inside("projector_config");
  check_kind(top, language, vision, projector);
  only_language.only("architectures", Json{"DeepseekV2ForCausalLM"});

  Config config;
  config.image = image_config(vision, Section{"processor_config.json:", &processor});
  config.sam = sam_config(vision, widths.inside("sam_vit_b"), shapes, config.image);
  config.encoder = encoder_config(encoder_section, shapes, config.image, config.sam.patch_px);
  config.decoder = decoder_config(language);
  projector.only("input_dim", config.encoder.width);
  projector.only("n_embed", config.decoder.width);
  const int last_id = config.decoder.vocabulary - 1;
  language.whole("bos_token_id", config.bos_id, 0, last_id);
  language.whole("eos_token_id", config.eos_id, 0, last_id);
  language.whole("pad_token_id", config.pad_id, 0, last_id);
  top.whole("image_token_id", config.image_id, 0, last_id);
  if (std::max({config.bos_id, config.eos_id, config.pad_id, config.image_id}) > last_id)
    language.refuse("vocab_size", "is less than the ids of special tokens need");
  return config;
}

}  // namespace

Config parse_config(std::string_view json, std::string_view processor,
                    const std::vector<TensorInfo>& tensors, const std::string& file) {
  try {
    const auto processor_json = processor.empty() ? Json::object() : Json::parse(processor);
    if (!processor_json.is_object()) throw Error{"processor_config.json is no JSON object"};
    return checked(Json::parse(json), processor_json, tensors);
  } catch (const std::exception& error) {  // Error, and nlohmann's
    throw Error{fmt::format("'{}': {}. Is it the config.json of DeepSeek-OCR-2 (docs/deepseek.md)?",
                            file, to_utf8(error.what()))};
  }
}

Config read_config(const std::filesystem::path& folder, const std::vector<TensorInfo>& tensors) {
  const auto processor = folder / "processor_config.json";
  std::error_code ignored;
  return parse_config(
      read_file(folder / "config.json"),
      std::filesystem::exists(processor, ignored) ? read_file(processor) : std::string{}, tensors,
      printable((folder / "config.json").native()));
}

}  // namespace pecia::engine::deepseek
