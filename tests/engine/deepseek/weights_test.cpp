#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config.hpp"
#include "file_weight_source.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

namespace fs = std::filesystem;

fs::path checkpoint(const std::string& name) {
  const auto data = fs::path{PECIA_TEST_DATA} / "deepseek";
  return name == "reader" ? data / "reader/checkpoint" : data / "golden/ckpt" / name;
}

TEST(Weights, OfEveryGoldenCheckpointAreFound) {
  const std::vector<std::pair<std::string, std::size_t>> expected{
      {"a", 163}, {"b", 215}, {"c", 197}, {"reader", 175}};
  for (const auto& [name, count] : expected) {
    FileWeights weights{checkpoint(name)};
    EXPECT_EQ(weights.tensors().size(), count) << name;
    EXPECT_EQ(weights.files().size(), name == "c" ? 3U : 1U);
    EXPECT_TRUE(weights.foreign().empty());
  }
}

TEST(Config, OfTheGoldenIsReadWithShapesOverWhatIsWrongInTheFile) {
  const auto a = read_config(checkpoint("a"), FileWeights{checkpoint("a")}.tensors());
  EXPECT_EQ(a.image.base_px, 64);
  EXPECT_EQ(a.image.tile_px, 48);
  EXPECT_EQ(a.sam.patch_px, 4);
  EXPECT_EQ(a.sam.net_2, 12);
  EXPECT_EQ(a.sam.mlp, 64);
  EXPECT_EQ(a.sam.position_grid, 16);
  EXPECT_EQ(a.sam.global_blocks, std::vector<int>{1});
  EXPECT_EQ(a.encoder.tile_queries, 9);
  EXPECT_EQ(a.encoder.base_queries, 16);
  EXPECT_EQ(a.decoder.head_dim, 8);
  EXPECT_EQ(a.image_id, 374);
  EXPECT_DOUBLE_EQ(a.decoder.rope_theta, 1e4);
  const auto b = read_config(checkpoint("b"), FileWeights{checkpoint("b")}.tensors());
  EXPECT_EQ(b.encoder.kv_heads, 1);
  EXPECT_EQ(b.decoder.kv_heads, 3);
  EXPECT_EQ(b.decoder.dense_layers, 2);
  EXPECT_DOUBLE_EQ(b.decoder.rope_theta, 5e3);
  EXPECT_DOUBLE_EQ(b.encoder.rope_theta, 5e4);
  EXPECT_DOUBLE_EQ(b.decoder.routed_scale, 1.5);
  const auto c = read_config(checkpoint("c"), FileWeights{checkpoint("c")}.tensors());
  EXPECT_EQ(c.image.base_px, 1024);
  EXPECT_EQ(c.encoder.base_queries, 256);
}

}  // namespace
}  // namespace pecia::engine::deepseek
