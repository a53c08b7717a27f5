#include "decoder.hpp"

#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include "decoder_model.hpp"
#include "devices.hpp"
#include "golden.hpp"

namespace pecia::engine::deepseek::test {
namespace {

class DecoderTest : public DeviceTest {
 protected:
  c10::InferenceMode mode_;
};

TEST_P(DecoderTest, gives_the_golden_stages_and_logits) {
  const Model model{"a", device(), at::kFloat};
  const auto stages = read_safetensors(golden_path("a_t2_stages.safetensors"));
  Alone sequence{*model.decoder};
  std::vector<Routing> routings;
  const auto hidden = sequence.feed(stages.at("dec.embed"), &routings);
  expect_close(hidden, stages.at("dec.norm"), 5e-5, "dec.norm");
  expect_close(logits_of(*model.decoder, hidden), model.golden.logits().at("t2.logits"), 5e-5, "logits");
  for (std::size_t layer = 0; layer < routings.size(); ++layer) {
    const auto& experts = stages.at("dec.experts" + std::to_string(layer + 1));
    const auto& weights = stages.at("dec.weights" + std::to_string(layer + 1));
    ASSERT_EQ(experts.numel(), static_cast<std::int64_t>(routings[layer].experts.size()));
    for (std::size_t i = 0; i < routings[layer].experts.size(); ++i) {
      EXPECT_EQ(routings[layer].experts[i], experts.const_data_ptr<std::uint8_t>()[i]) << layer << " " << i;
      EXPECT_NEAR(routings[layer].weights[i], weights.const_data_ptr<float>()[i], 1e-5) << layer << " " << i;
    }
  }
}

TEST_P(DecoderTest, a_row_does_not_depend_on_how_its_sequence_is_cut) {
  const Model model{"b", device(), at::kFloat};
  const auto x = at::rand({90, model.config.decoder.width}, model.decoder->norm.options()) - 0.5;
  Alone whole{*model.decoder}, parts{*model.decoder};
  const auto want = whole.feed(x);
  std::int64_t row = 0;
  for (const std::int64_t count : {1, 32, 7, 40, 1, 9}) {
    const auto got = parts.feed(x.narrow(0, row, count));
    if (device().is_cpu())
      EXPECT_TRUE(equal_bits(got, want.narrow(0, row, count))) << count << " rows from " << row;
    else
      expect_close(got, want.narrow(0, row, count), 1e-4, "rows");
    row += count;
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, DecoderTest, testing::ValuesIn(devices()), device_name);

}  // namespace
}  // namespace pecia::engine::deepseek::test
