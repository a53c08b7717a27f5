#include "engine/deepseek/golden.hpp"

#include <gtest/gtest-spi.h>

namespace pecia::engine::deepseek::test {
namespace golden_test {

TEST(Golden, ConfigurationAndPrompt) {
  const Golden golden{"a"};
  const auto config = golden_config(golden);
  EXPECT_EQ(config.encoder.tile_queries, 9);
  EXPECT_EQ(config.encoder.base_queries, 16);
  EXPECT_EQ(config.decoder.head_dim, 8);
  const auto& page = golden.find("t6");
  EXPECT_EQ(prompt_ids(page).size(), page.at("prompt_len").get<std::size_t>());
  EXPECT_THROW((void)golden.find("t9"), std::runtime_error);
}

// The file with every stage and the sums in the JSON were written of the same run.
TEST(Golden, StagesInFullAgreeWithTheirSums) {
  const Golden golden{"a"};
  const auto full = read_safetensors(golden_path("a_t2_stages.safetensors"));
  const auto& stages = golden.find("t2").at("stages");
  int compared = 0;
  for (const auto& [name, stage] : full) {
    if (!stages.contains(name)) continue;
    expect_stage(stage, stages.at(name), 1e-6, name);
    ++compared;
  }
  EXPECT_GE(compared, 20);
}

at::Tensor wrong;
Json right;

TEST(Golden, StageNoticesOneWrongElement) {
  const auto full = read_safetensors(golden_path("a_t2_stages.safetensors"));
  right = Golden{"a"}.find("t2").at("stages").at("global.proj");
  wrong = full.at("global.proj").clone();
  wrong[7][7].neg_();  // seen in the sum alone
  EXPECT_NONFATAL_FAILURE(expect_stage(wrong, right, 5e-5, "stage"), "stage");
  wrong = full.at("global.proj").clone();
  wrong[15][31] += 1e-3;
  EXPECT_NONFATAL_FAILURE(expect_stage(wrong, right, 5e-5, "stage"), "element -1");
}

}  // namespace golden_test
}  // namespace pecia::engine::deepseek::test
