#include "decoder.hpp"

#include <ATen/ops/linear.h>
#include <ATen/ops/rand.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "decoder_model.hpp"
#include "devices.hpp"
#include "golden.hpp"

namespace pecia::engine::deepseek::test {
namespace decoder_test {

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
  expect_close(logits_of(*model.decoder, hidden), model.golden.logits().at("t2.logits"), 5e-5,
               "logits");
  for (std::size_t layer = 0; layer < routings.size(); ++layer) {
    const auto& experts = stages.at("dec.experts" + std::to_string(layer + 1));
    const auto& weights = stages.at("dec.weights" + std::to_string(layer + 1));
    const auto top_k = static_cast<std::size_t>(experts.size(1));
    ASSERT_EQ(experts.numel(), static_cast<std::int64_t>(routings[layer].experts.size()));
    for (std::size_t i = 0; i < routings[layer].experts.size(); ++i) {
      // The reference does not sort them.
      std::size_t j = i / top_k * top_k;
      const auto end = j + top_k;
      while (j < end && experts.const_data_ptr<std::uint8_t>()[j] != routings[layer].experts[i])
        ++j;
      ASSERT_LT(j, end) << "layer " << layer << " row " << i / top_k;
      EXPECT_NEAR(routings[layer].weights[i], weights.const_data_ptr<float>()[j], 1e-5);
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
    if (device().is_cpu()) {
      EXPECT_TRUE(equal_bits(got, want.narrow(0, row, count))) << count << " rows from " << row;
    } else {
      expect_close(got, want.narrow(0, row, count), 1e-4, "rows");
    }
    row += count;
  }
}

/// Logits and experts of every position of the prompt, then of the first steps.
void meets_the_golden_logits(const std::string& configuration, at::Device device) {
  const Model model{configuration, device, at::kFloat};
  const auto golden = model.golden.logits();
  for (const auto& one : model.golden.cases()) {
    const auto name = one.at("case").get<std::string>();
    const auto what = configuration + "/" + name;
    Alone sequence{*model.decoder};
    std::vector<Routing> routings;
    const auto hidden = sequence.feed(model.prompt(one), &routings);
    const auto& want = golden.at(name + ".logits");
    const auto rows = want.size(0);
    expect_close(logits_of(*model.decoder, hidden.narrow(0, hidden.size(0) - rows, rows)), want,
                 model.golden.tolerance(), what);
    for (std::size_t layer = 0; layer < routings.size(); ++layer) {
      const auto& experts = golden.at(
          name + ".experts" +
          std::to_string(layer + static_cast<std::size_t>(model.config.decoder.dense_layers)));
      auto got = routings[layer].experts;
      for (auto row = got.begin(); row < got.end(); row += experts.size(1))
        std::sort(row, row + experts.size(1));
      EXPECT_TRUE(std::equal(got.begin(), got.end(), experts.const_data_ptr<std::uint8_t>(),
                             experts.const_data_ptr<std::uint8_t>() + experts.numel()))
          << what << " layer " << layer;
    }
    const auto& steps = golden.at(name + ".step_logits");
    const auto ids = one.at("greedy").at("off").at("ids").get<std::vector<std::int32_t>>();
    for (std::size_t step = 1; step < static_cast<std::size_t>(steps.size(0)); ++step) {
      const auto row = sequence.feed(embed(*model.decoder, std::span{&ids[step - 1], 1}));
      expect_close(logits_of(*model.decoder, row),
                   steps.narrow(0, static_cast<std::int64_t>(step), 1), model.golden.tolerance(),
                   what + " step " + std::to_string(step));
    }
  }
}

TEST_P(DecoderTest, gives_the_logits_of_a) { meets_the_golden_logits("a", device()); }
TEST_P(DecoderTest, gives_the_logits_of_b) { meets_the_golden_logits("b", device()); }
TEST_P(DecoderTest, gives_the_logits_of_c) { meets_the_golden_logits("c", device()); }

INSTANTIATE_TEST_SUITE_P(Devices, DecoderTest, testing::ValuesIn(devices()), device_name);

}  // namespace decoder_test
}  // namespace pecia::engine::deepseek::test
