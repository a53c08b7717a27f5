#include "random_weights.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <chrono>
#include <cmath>

#include "checkpoint.hpp"
#include "finite.hpp"

namespace pecia::engine::deepseek {
namespace random_weights_test {

std::vector<float> first_values(WeightSource& source, std::string_view name, std::size_t count) {
  std::vector<float> values(count);
  source.read(name, 0, std::as_writable_bytes(std::span{values}));
  return values;
}

MATCHER_P3(Are, a, b, c, "") {
  return std::abs(arg[0] - a) < 1e-8 && std::abs(arg[1] - b) < 1e-8 && std::abs(arg[2] - c) < 1e-8;
}

TEST(RandomWeights, TinyOnesAreThoseOfTheSpecification) {
  const auto model = open_model("random:tiny");
  std::uint64_t parameters = 0;
  for (const auto& tensor : model.source->tensors()) parameters += tensor.elements();
  EXPECT_EQ(model.source->tensors().size(), 163U);
  EXPECT_EQ(parameters, 89'152U);
  const auto values = [&](std::string_view name) { return first_values(*model.source, name, 3); };
  EXPECT_THAT(values("model.sam_model.pos_embed"), Are(0.40965337F, 0.36806136F, 0.24551308F));
  EXPECT_THAT(values("model.sam_model.blocks.0.attn.qkv.weight"),
              Are(-0.05741369F, 0.42368063F, -0.12311613F));
  EXPECT_THAT(values("model.norm.weight"), Are(0.81947511F, 0.85512805F, 0.96082276F));
  EXPECT_THAT(values("lm_head.weight"), Are(0.30176491F, 0.29683891F, -0.28055888F));
}

TEST(RandomWeights, AreTheSameInAnyPieces) {
  for (const auto* which : {"random:tiny", "random:full"}) {
    const auto model = open_model(which);
    const std::string_view name = "model.sam_model.blocks.0.attn.qkv.weight";
    std::vector<std::byte> whole(6000), pieces(6000);
    model.source->read(name, 0, whole);
    std::size_t at = 0;
    for (std::size_t size = 1; at < whole.size(); at += size, size += 7) {
      size = std::min(size, whole.size() - at);
      model.source->read(name, at, std::span{pieces}.subspan(at, size));
    }
    EXPECT_EQ(whole, pieces) << which;
  }
}

TEST(RandomWeights, FullOnesHaveThePublishedSizesAndRanges) {
  const auto model = open_model("random:full");
  std::uint64_t bytes = 0;
  for (const auto& tensor : model.source->tensors()) bytes += tensor.bytes();
  EXPECT_EQ(bytes, 6'778'238'720U);
  std::vector<std::uint16_t> bits(1280 * 64);
  model.source->read("model.layers.1.self_attn.q_proj.weight", 0,
                     std::as_writable_bytes(std::span{bits}));
  EXPECT_FALSE(first_not_finite(std::as_bytes(std::span{bits}), TensorType::bf16));
  double sum = 0, squares = 0, most = 0;
  for (const auto value : bits) {
    const double x = std::bit_cast<float>(static_cast<std::uint32_t>(value) << 16);
    sum += x;
    squares += x * x;
    most = std::max(most, std::abs(x));
  }
  const auto count = static_cast<double>(bits.size());
  EXPECT_NEAR(sum / count, 0, 1e-3);
  EXPECT_NEAR(squares / count, 1.0 / 1280, 1e-5) << "so that a product keeps its variance";
  EXPECT_LE(most, std::sqrt(3.0 / 1280) * 1.004);
}

TEST(Finite, TheFirstValueThatIsNotIsFound) {
  std::vector<float> values(10'000, 1.0F);
  const auto found = [&] {
    return first_not_finite(std::as_bytes(std::span{values}), TensorType::f32);
  };
  EXPECT_EQ(found(), std::nullopt);
  values[9'999] = std::numeric_limits<float>::infinity();
  EXPECT_EQ(found(), 9'999U);
  values[4'096] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_EQ(found(), 4'096U);
  const std::vector<std::uint16_t> half{0x3C00, 0x7BFF, 0xFC00};
  EXPECT_EQ(first_not_finite(std::as_bytes(std::span{half}), TensorType::f16), 2U);
  EXPECT_EQ(first_not_finite(std::as_bytes(std::span{half}), TensorType::bf16), std::nullopt);
}

}  // namespace random_weights_test
}  // namespace pecia::engine::deepseek
