#include "sam.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <cstring>

#include "encoder.hpp"
#include "engine/deepseek/devices.hpp"
#include "engine/deepseek/golden.hpp"
#include "engine/deepseek/vision_models.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek::test {
namespace sam_test {

class SamTest : public DeviceTest {};
INSTANTIATE_TEST_SUITE_P(Devices, SamTest, testing::ValuesIn(devices()), device_name);

TEST_P(SamTest, PixelsBecomeTheReferencesNumbers) {
  const c10::InferenceMode mode;
  FileWeights source{Golden{"a"}.checkpoint()};
  TensorLoader loader{source, device(), at::kFloat};
  const auto config = golden_config(Golden{"a"});
  const auto levels = load_sam(loader, config.sam, config.image).levels.cpu();
  const auto want = read_json(golden_path("image_cases.json")).at("normalise").at("bits");
  ASSERT_EQ(want.size(), 256U);
  for (std::size_t i = 0; i < 256; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, levels.const_data_ptr<float>() + i, sizeof bits);
    EXPECT_EQ(bits, want.at(i).get<std::uint32_t>()) << "level " << i;
  }
}

// Section 3.1's formula, token by token, in float64.
TEST_P(SamTest, AttentionAddsItsRelativePositions) {
  const c10::InferenceMode mode;
  constexpr std::int64_t batch = 2, side = 3, heads = 2, head = 4, tokens = side * side;
  const auto options = at::TensorOptions{}.dtype(at::kFloat).device(device());
  const auto qkv = at::randn({batch, side, side, 3, heads, head}, options);
  const auto rows = at::randn({2 * side - 1, head}, options);
  const auto columns = at::randn({2 * side - 1, head}, options);
  const auto got = attend(qkv, make_relative(rows, columns, side), make_places(side, options));

  const auto by_head = qkv.cpu().to(at::kDouble).view({batch, tokens, 3, heads, head});
  const auto of_rows = rows.cpu().to(at::kDouble), of_columns = columns.cpu().to(at::kDouble);
  for (std::int64_t b = 0; b < batch; ++b)
    for (std::int64_t h = 0; h < heads; ++h) {
      const auto q = by_head[b].select(1, 0).select(1, h), k = by_head[b].select(1, 1).select(1, h);
      auto logits = at::matmul(q, k.t()) / std::sqrt(static_cast<double>(head));
      for (std::int64_t i = 0; i < tokens; ++i)
        for (std::int64_t j = 0; j < tokens; ++j)
          logits[i][j] += q[i].dot(of_rows[i / side - j / side + side - 1]) +
                          q[i].dot(of_columns[i % side - j % side + side - 1]);
      const auto want = at::matmul(at::softmax(logits, -1), by_head[b].select(1, 2).select(1, h));
      expect_close(got[b].select(1, h), want, 1e-5, "head");
    }
}

TEST(Sam, TablesOfAnotherSideAreInterpolated) {
  const c10::InferenceMode mode;
  const auto table = at::randn({7, 4}, at::kFloat);
  EXPECT_TRUE(equal_bits(fit_relative(table, 4), table));
  // 5 rows of 7, pixel centres: row 1 lies at (1 + 0.5) x 7 / 5 - 0.5 = 1.6.
  expect_close(fit_relative(table, 3)[1], table[1] * 0.4 + table[2] * 0.6, 1e-6, "row");
  const auto positions = at::randn({1, 4, 4, 3}, at::kFloat);
  EXPECT_TRUE(equal_bits(fit_positions(positions, 4), positions[0]));
  EXPECT_EQ(fit_positions(positions, 3).sizes(), (at::IntArrayRef{3, 3, 3}));
}

TEST(Encoder, MaskOfTwoTokensAndTwoQueries) {
  const c10::InferenceMode mode;
  const auto sees = mixed_mask(2, at::TensorOptions{}.dtype(at::kFloat)).eq(0).to(at::kLong);
  EXPECT_TRUE(equal_bits(
      sees, at::tensor({1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1, 0, 1, 1, 1, 1}, at::kLong).view({4, 4})));
}

TEST(Encoder, RefusesTokensItHasNoQueriesFor) {
  const c10::InferenceMode mode;
  const Golden golden{"a"};
  FileWeights source{golden.checkpoint()};
  TensorLoader loader{source, at::kCPU, at::kFloat};
  auto config = golden_config(golden).encoder;
  const auto encoder = load_encoder(loader, config);
  EXPECT_EQ(run_encoder(encoder, at::zeros({1, 9, config.width}), {}).size(1), 9);
  EXPECT_THROW((void)run_encoder(encoder, at::zeros({1, 10, config.width}), {}), Error);
  EXPECT_THROW((void)run_encoder(encoder, at::zeros({1, 4, config.width}), {}), Error);
  TensorLoader again{source, at::kCPU, at::kFloat};
  config.tile_queries = 10;
  EXPECT_THROW((void)load_encoder(again, config), Error);
}

}  // namespace sam_test
}  // namespace pecia::engine::deepseek::test
