#pragma once

#include <ATen/TensorOperators.h>
#include <ATen/core/Tensor.h>
#include <ATen/ops/empty.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "config.hpp"

// What the golden set (tests/data/deepseek/golden, its README tells what is in it) expects, and how
// tensors are compared with it.
namespace pecia::engine::deepseek::test {

using Json = nlohmann::json;
using Tensors = std::map<std::string, at::Tensor>;

inline std::filesystem::path golden_path(const std::string& file) {
  return std::filesystem::path{PECIA_TEST_DATA} / "deepseek" / "golden" / file;
}

inline Json read_json(const std::filesystem::path& file) {
  std::ifstream in{file};
  if (!in) throw std::runtime_error{"cannot open " + file.string()};
  return Json::parse(in);
}

/// All tensors of a file, on the CPU in the file's types. Written apart from the engine's own
/// reader, which it helps to judge.
inline Tensors read_safetensors(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  std::uint64_t header_bytes = 0;
  in.read(reinterpret_cast<char*>(&header_bytes), sizeof header_bytes);
  if (!in) throw std::runtime_error{"cannot read " + file.string()};
  std::string header(header_bytes, '\0');
  in.read(header.data(), static_cast<std::streamsize>(header_bytes));
  const std::map<std::string, at::ScalarType> types{
      {"F32", at::kFloat}, {"BF16", at::kBFloat16}, {"F16", at::kHalf}, {"U8", at::kByte}};
  Tensors tensors;
  const auto entries = Json::parse(header);
  for (const auto& [name, entry] : entries.items()) {
    if (name == "__metadata__") continue;
    auto tensor = at::empty(entry.at("shape").get<std::vector<std::int64_t>>(),
                            types.at(entry.at("dtype").get<std::string>()));
    in.seekg(static_cast<std::streamoff>(sizeof header_bytes + header_bytes +
                                         entry.at("data_offsets").at(0).get<std::uint64_t>()));
    in.read(static_cast<char*>(tensor.data_ptr()), static_cast<std::streamsize>(tensor.nbytes()));
    if (!in) throw std::runtime_error{"cannot read " + name + " of " + file.string()};
    tensors.emplace(name, tensor);
  }
  return tensors;
}

/// A configuration of the golden set: "a", "b" or "c".
struct Golden {
  explicit Golden(const std::string& configuration)
      : name{configuration},
        json(read_json(golden_path(configuration + ".json"))) {}  // braces would make an array
  std::string name;
  Json json;

  [[nodiscard]] const Json& cases() const { return json.at("cases"); }
  [[nodiscard]] const Json& find(const std::string& case_name) const {
    for (const auto& one : cases())
      if (one.at("case") == case_name) return one;
    throw std::runtime_error{"no case " + case_name + " in golden " + name};
  }
  [[nodiscard]] std::filesystem::path checkpoint() const {
    return golden_path(json.at("checkpoint").get<std::string>());
  }
  [[nodiscard]] Tensors logits() const {
    return read_safetensors(golden_path(name + "_logits.safetensors"));
  }
  /// Largest difference that the README allows: of logits; of stages see `expect_stage`.
  [[nodiscard]] double tolerance() const { return name == "c" ? 1e-4 : 5e-5; }
};

inline std::vector<std::int32_t> prompt_ids(const Json& golden_case) {
  std::vector<std::int32_t> ids;
  for (const auto& run : golden_case.at("prompt_runs"))
    ids.insert(ids.end(), run.at(1).get<std::size_t>(), run.at(0).get<std::int32_t>());
  return ids;
}

/// The golden's own numbers, not those of its config.json: what the loader makes of the latter is
/// compared elsewhere.
inline Config golden_config(const Golden& golden) {
  const auto& json = golden.json.at("config");
  const auto whole = [&](const char* key) { return json.at(key).get<int>(); };
  const auto real = [&](const char* key) { return json.at(key).get<double>(); };
  Config config;
  config.image = {.base_px = whole("base_size"),
                  .tile_px = whole("tile_size"),
                  .min_tiles = whole("min_tiles"),
                  .max_tiles = whole("max_tiles")};
  config.sam = {.patch_px = whole("patch"),
                .channels = whole("in_ch"),
                .width = whole("sam_dim"),
                .depth = whole("sam_depth"),
                .heads = whole("sam_heads"),
                .mlp = whole("sam_mlp"),
                .window = whole("sam_window"),
                .global_blocks = json.at("sam_global").get<std::vector<int>>(),
                .layer_norm_eps = real("sam_eps"),
                .neck = whole("neck"),
                .net_2 = whole("net2"),
                .position_grid = whole("base_size") / whole("patch")};
  const auto queries = [&](const char* side) {
    const auto n = whole(side) / whole("patch") / 4;
    return n * n;
  };
  config.encoder = {.width = whole("enc_dim"),
                    .layers = whole("enc_layers"),
                    .heads = whole("enc_heads"),
                    .kv_heads = whole("enc_kv"),
                    .ffn = whole("enc_ffn"),
                    .rope_theta = real("enc_theta"),
                    .rms_norm_eps = real("enc_eps"),
                    .tile_queries = queries("tile_size"),
                    .base_queries = queries("base_size")};
  auto& decoder = config.decoder;
  decoder.width = whole("dim");
  decoder.layers = whole("layers");
  decoder.heads = whole("heads");
  decoder.kv_heads = whole("kv_heads");
  decoder.head_dim = whole("dim") / whole("heads");
  decoder.dense_ffn = whole("ffn");
  decoder.dense_layers = whole("first_dense");
  decoder.moe_ffn = whole("moe_ffn");
  decoder.experts = whole("experts");
  decoder.shared_experts = whole("shared");
  decoder.top_k = whole("topk");
  decoder.routed_scale = real("scale");
  decoder.rope_theta = real("theta");
  decoder.rms_norm_eps = real("eps");
  decoder.vocabulary = whole("vocab");
  decoder.max_positions = whole("max_pos");
  config.bos_id = whole("bos");
  config.eos_id = whole("eos");
  config.image_id = whole("image_id");
  return config;
}

/// Every element within `tolerance`, absolutely; not a number is never near.
inline void expect_close(const at::Tensor& got, const at::Tensor& want, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(got.sizes(), want.sizes()) << what;
  const auto difference = (got.to(at::kCPU, at::kDouble) - want.to(at::kCPU, at::kDouble)).abs();
  EXPECT_LE(difference.max().item<double>(), tolerance) << what;
  EXPECT_TRUE(difference.isfinite().all().item<bool>()) << what;
}

inline bool equal_bits(const at::Tensor& a, const at::Tensor& b) {
  const auto left = a.cpu().contiguous(), right = b.cpu().contiguous();
  return left.sizes() == right.sizes() && left.scalar_type() == right.scalar_type() &&
         std::memcmp(left.const_data_ptr(), right.const_data_ptr(), left.nbytes()) == 0;
}

/// Shape, first and last elements and sums of a stage as the golden tells them.
///
/// `tolerance` is that of one element of the size of one; larger elements have rounding errors in
/// proportion. Errors of elements add up in a sum as a random walk does at best and all alike at
/// worst; between the two lies `tolerance` x mean magnitude x n^(3/4).
inline void expect_stage(const at::Tensor& stage, const Json& want, double tolerance,
                         const std::string& what) {
  ASSERT_EQ(stage.sizes().vec(), want.at("shape").get<std::vector<std::int64_t>>()) << what;
  const auto flat = stage.to(at::kCPU, at::kDouble).contiguous().view({-1});
  const auto n = static_cast<double>(flat.numel());
  const auto magnitude = std::max(1.0, want.at("abs_sum").get<double>() / n);
  const auto of_sum = tolerance * magnitude * std::pow(n, 0.75);
  EXPECT_NEAR(flat.sum().item<double>(), want.at("sum").get<double>(), of_sum) << what;
  EXPECT_NEAR(flat.abs().sum().item<double>(), want.at("abs_sum").get<double>(), of_sum) << what;
  for (std::int64_t i = 0; i < 4; ++i) {
    const auto first = want.at("first4").at(static_cast<std::size_t>(i)).get<double>();
    const auto last = want.at("last4").at(static_cast<std::size_t>(i)).get<double>();
    EXPECT_NEAR(flat[i].item<double>(), first, tolerance * std::max(1.0, std::abs(first)))
        << what << " element " << i;
    EXPECT_NEAR(flat[flat.numel() - 4 + i].item<double>(), last,
                tolerance * std::max(1.0, std::abs(last)))
        << what << " element " << i - 4;
  }
}

}  // namespace pecia::engine::deepseek::test
