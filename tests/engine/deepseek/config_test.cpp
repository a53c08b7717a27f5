#include "config.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint_copy.hpp"
#include "file_weight_source.hpp"

namespace pecia::engine::deepseek {
namespace config_test {

using Json = nlohmann::json;
using testing::AllOf;
using testing::HasSubstr;

Config config_of(const std::string& name) {
  return read_config(checkpoint(name), FileWeights{checkpoint(name)}.tensors());
}

/// What is said of config a with a change.
std::string said(const std::function<void(Json&)>& change, const std::string& processor = {}) {
  static const auto text = read_file(checkpoint("a") / "config.json");
  static const auto tensors = FileWeights{checkpoint("a")}.tensors();
  auto json = Json::parse(text);
  change(json);
  return message_of([&] { (void)parse_config(json.dump(), processor, tensors, "config.json"); });
}

std::string with_language(const std::string& key, const Json& value) {
  return said([&](Json& json) { json["language_config"][key] = value; });
}

TEST(Config, ShapesDecideWhereTheFileIsWrongOrSilent) {
  const auto a = config_of("a");
  EXPECT_EQ(a.image.base_px, 64);
  EXPECT_EQ(a.image.tile_px, 48);
  EXPECT_EQ(a.sam.patch_px, 4);
  EXPECT_EQ(a.sam.net_2, 12);
  EXPECT_EQ(a.sam.mlp, 64) << "mlp_ratio says 60";
  EXPECT_EQ(a.sam.position_grid, 16);
  EXPECT_EQ(a.sam.global_blocks, std::vector<int>{1});
  EXPECT_EQ(a.encoder.tile_queries, 9);
  EXPECT_EQ(a.encoder.base_queries, 16);
  EXPECT_EQ(a.decoder.head_dim, 8);
  EXPECT_EQ(a.image_id, 374);
  EXPECT_DOUBLE_EQ(a.decoder.rope_theta, 1e4) << "the default";
}

TEST(Config, ReadsTheKeysThatThePublishedFileLacks) {
  const auto b = config_of("b");
  EXPECT_EQ(b.encoder.kv_heads, 1);
  EXPECT_EQ(b.decoder.kv_heads, 3);
  EXPECT_EQ(b.decoder.dense_layers, 2);
  EXPECT_EQ(b.sam.window, 7);
  EXPECT_EQ(b.sam.global_blocks, (std::vector<int>{0, 3}));
  EXPECT_DOUBLE_EQ(b.decoder.rope_theta, 5e3);
  EXPECT_DOUBLE_EQ(b.encoder.rope_theta, 5e4);
  EXPECT_DOUBLE_EQ(b.decoder.routed_scale, 1.5);
}

/// The keys of the published config.json, as the specification lists them.
constexpr std::string_view published = R"({
  "architectures": ["DeepseekOCR2ForCausalLM"], "candidate_resolutions": [[1024, 1024]], "global_view_pos": "head",
  "model_type": "deepseek_vl_v2", "tile_tag": "2D",
  "language_config": {"architectures": ["DeepseekV2ForCausalLM"], "bos_token_id": 0, "eos_token_id": 1,
    "first_k_dense_replace": 1, "hidden_size": 1280, "intermediate_size": 6848, "kv_lora_rank": null,
    "lm_head": true, "max_position_embeddings": 8192, "moe_intermediate_size": 896, "n_group": 1,
    "n_routed_experts": 64, "n_shared_experts": 2, "num_attention_heads": 10, "num_experts_per_tok": 6,
    "num_hidden_layers": 12, "num_key_value_heads": 10, "q_lora_rank": null, "qk_nope_head_dim": 0,
    "qk_rope_head_dim": 0, "rm_head": false, "topk_group": 1, "topk_method": "greedy", "use_mla": false,
    "v_head_dim": 0, "vocab_size": 129280},
  "projector_config": {"input_dim": 896, "model_type": "mlp_projector", "n_embed": 1280, "projector_type": "linear"},
  "vision_config": {"image_size": 1024, "mlp_ratio": 3.7362, "model_name": "deepencoderv2", "model_type": "vision",
    "width": {"qwen2-0-5b": {"dim": 896}, "sam_vit_b": {"downsample_channels": [512, 1024],
      "global_attn_indexes": [2, 5, 8, 11], "heads": 12, "layers": 12, "width": 768}}}})";

TEST(Config, OfThePublishedModelIsTheDefault) {
  const auto config = parse_config(published, "", {}, "config.json");
  const Config expected;
  EXPECT_EQ(config.image.tile_px, expected.image.tile_px);
  EXPECT_EQ(config.image.pad_level, 127);
  EXPECT_EQ(config.sam.mlp, expected.sam.mlp);
  EXPECT_EQ(config.sam.net_2, expected.sam.net_2);
  EXPECT_EQ(config.sam.position_grid, 64);
  EXPECT_EQ(config.encoder.layers, 24);
  EXPECT_EQ(config.encoder.ffn, 4864);
  EXPECT_EQ(config.encoder.tile_queries, 144);
  EXPECT_EQ(config.encoder.base_queries, 256);
  EXPECT_EQ(config.decoder.head_dim, 128);
  EXPECT_EQ(config.decoder.experts, 64);
  EXPECT_FALSE(config.decoder.norm_top_k);
  EXPECT_EQ(config.image_id, 128815);
}

TEST(Config, TheTopLevelStandsInForLanguageConfig) {
  auto json = Json::parse(read_file(checkpoint("b") / "config.json"));
  json.erase("language_config");
  const auto tensors = FileWeights{checkpoint("b")}.tensors();
  EXPECT_EQ(parse_config(json.dump(), "", tensors, "config.json").decoder.kv_heads, 3);
  json["language_config"] = {{"num_key_value_heads", 6}};
  EXPECT_EQ(parse_config(json.dump(), "", tensors, "config.json").decoder.kv_heads, 6)
      << "which comes first";
}

TEST(Config, ArchitecturesThatAreNotImplementedAreRefusedByName) {
  EXPECT_EQ(said([](Json&) {}), "no error");
  const std::vector<std::pair<std::string, Json>> refused{{"use_mla", true},
                                                          {"kv_lora_rank", 512},
                                                          {"q_lora_rank", 1536},
                                                          {"n_group", 8},
                                                          {"topk_group", 3},
                                                          {"scoring_func", "sigmoid"},
                                                          {"topk_method", "noaux_tc"},
                                                          {"hidden_act", "gelu"},
                                                          {"rope_scaling", {{"type", "yarn"}}},
                                                          {"attention_bias", true},
                                                          {"tie_word_embeddings", true},
                                                          {"moe_layer_freq", 2},
                                                          {"head_dim", 64},
                                                          {"qk_rope_head_dim", 64},
                                                          {"architectures", {"LlamaForCausalLM"}}};
  for (const auto& [key, value] : refused)
    EXPECT_THAT(with_language(key, value), AllOf(HasSubstr(key), HasSubstr("this engine knows")))
        << key;
  EXPECT_THAT(said([](Json& json) { json["model_type"] = "deepseek_ocr2"; }),
              HasSubstr("model_type is \"deepseek_ocr2\""));
  EXPECT_THAT(said([](Json& json) { json["architectures"] = {"DeepseekOCRForCausalLM"}; }),
              HasSubstr("architectures"));
  EXPECT_THAT(said([](Json& json) { json["projector_config"]["projector_type"] = "mlp_gelu"; }),
              HasSubstr("projector_config.projector_type"));
  EXPECT_THAT(said([](Json& json) {
                json["quantization_config"] = {{"bits", 4}};
              }),
              HasSubstr("quantization_config"));
  auto deep = Json::parse(read_file(checkpoint("a") / "config.json")).dump();
  deep.insert(deep.size() - 1, ",\"quantization_config\":" + std::string(300'000, '[') + std::string(300'000, ']'));
  EXPECT_THROW((void)parse_config(deep, "", FileWeights{checkpoint("a")}.tensors(), "config.json"), Error)
      << "deeper than a stack";
  EXPECT_THAT(said([](Json& json) {
                json.erase("model_type");
                json.erase("architectures");
              }),
              HasSubstr("neither a model_type nor architectures"));
}

TEST(Config, ImpossibleValuesAreRefusedByName) {
  const std::vector<std::pair<std::string, Json>> refused{{"num_hidden_layers", 0},
                                                          {"num_hidden_layers", 1'000'000},
                                                          {"num_hidden_layers", -1},
                                                          {"hidden_size", 1e30},
                                                          {"hidden_size", "32"},
                                                          {"hidden_size", 32.5},
                                                          {"vocab_size", 18446744073709551615ULL},
                                                          {"num_experts_per_tok", 9},
                                                          {"num_attention_heads", 5},
                                                          {"num_key_value_heads", 3},
                                                          {"first_k_dense_replace", 4},
                                                          {"rms_norm_eps", 0},
                                                          {"rope_theta", -1},
                                                          {"norm_topk_prob", 1},
                                                          {"eos_token_id", 392},
                                                          {"eos_token_id", Json::array({1, 2})},
                                                          {"max_position_embeddings", 0},
                                                          {"pad_token_id", -1}};
  for (const auto& [key, value] : refused)
    EXPECT_THAT(with_language(key, value), HasSubstr(key)) << key << " " << value;
  EXPECT_THAT(with_language("vocab_size", 300),
              HasSubstr("image_token_id is 374, which is not within 0 to 299"));
  const auto with_vision = [](const std::string& key, const Json& value) {
    return said([&](Json& json) { json["vision_config"][key] = value; });
  };
  EXPECT_THAT(with_vision("image_size", 80), HasSubstr("query_1024.weight' has 16 rows"));
  EXPECT_THAT(with_vision("tile_size", 50), HasSubstr("tile_size"));
  EXPECT_THAT(with_vision("min_tiles", 7), HasSubstr("min_tiles"));
  EXPECT_THAT(said([](Json& json) {
                json["vision_config"]["width"]["sam_vit_b"]["global_attn_indexes"] = {3};
              }),
              HasSubstr("global_attn_indexes"));
  EXPECT_THAT(said([](Json& json) { json["vision_config"] = 3; }),
              HasSubstr("vision_config is no JSON object"));
  EXPECT_THAT(said([](Json&) {}, R"({"image_mean":[0.5,0.4,0.5]})"), HasSubstr("image_mean"));
  EXPECT_THAT(message_of([] { (void)parse_config("{", "", {}, "config.json"); }),
              HasSubstr("config.json"));
}

}  // namespace config_test
}  // namespace pecia::engine::deepseek
