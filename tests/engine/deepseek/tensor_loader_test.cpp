#include "tensor_loader.hpp"

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "checkpoint.hpp"
#include "checkpoint_copy.hpp"

namespace pecia::engine::deepseek {
namespace tensor_loader_test {

using testing::AllOf;
using testing::HasSubstr;

std::vector<float> values_of(const at::Tensor& tensor) {
  const auto* first = tensor.const_data_ptr<float>();
  return {first, first + tensor.numel()};
}

TEST(TensorLoader, HandsOutEveryTensorOnceInItsShapeAndTheTypeAskedFor) {
  FileWeights weights{checkpoint("b")};
  TensorLoader wide{weights, at::kCPU, at::kFloat};
  TensorLoader same{weights, at::kCPU, at::kBFloat16};
  EXPECT_EQ(wide.hash(), same.hash()) << "it is of what is stored";
  for (const auto& info : weights.tensors()) {
    const auto tensor = wide.take(info.name);
    EXPECT_EQ(tensor.sizes().vec(), info.shape);
    EXPECT_EQ(tensor.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(tensor, same.take(info.name).to(at::kFloat))) << info.name;
    EXPECT_THROW((void)wide.take(info.name), Error);
  }
}

TEST(TensorLoader, KeepsTheValuesOfTheFile) {
  FileWeights weights{checkpoint("c")};
  TensorLoader loader{weights, at::kCPU, at::kFloat};
  for (const auto& info : weights.tensors()) {
    std::vector<float> values(info.elements());
    weights.read(info.name, 0, std::as_writable_bytes(std::span{values}));
    EXPECT_EQ(values_of(loader.take(info.name)), values) << info.name;
  }
}

/// One tensor of the given bytes.
class OneTensor final : public WeightSource {
 public:
  OneTensor(TensorType type, std::string bytes)
      : bytes_{std::move(bytes)},
        tensors_{{"x", type, {static_cast<std::int64_t>(bytes_.size() / bytes_of(type))}}} {}
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  void read(std::string_view, std::uint64_t offset, std::span<std::byte> into) override {
    largest_ = std::max(largest_, into.size());
    std::memcpy(into.data(), bytes_.data() + offset, into.size());
  }
  [[nodiscard]] std::size_t largest() const { return largest_; }

 private:
  std::string bytes_;
  std::vector<TensorInfo> tensors_;
  std::size_t largest_ = 0;
};

template <class Element>
std::string as_bytes(const std::vector<Element>& elements) {
  return {reinterpret_cast<const char*>(elements.data()), elements.size() * sizeof(Element)};
}

TEST(TensorLoader, ConvertsBetweenAllTypes) {
  OneTensor half{TensorType::f16, as_bytes<std::uint16_t>({0x3C00, 0xC100, 0x3555})};
  EXPECT_THAT(values_of(TensorLoader(half, at::kCPU, at::kFloat).take("x")),
              testing::ElementsAre(1.0F, -2.5F, 0.333251953125F));
  OneTensor brain{TensorType::bf16, as_bytes<std::uint16_t>({0x3F80, 0xC020, 0x3EAB})};
  EXPECT_THAT(values_of(TensorLoader(brain, at::kCPU, at::kFloat).take("x")),
              testing::ElementsAre(1.0F, -2.5F, 0.333984375F));
  OneTensor wide{TensorType::f32, as_bytes<float>({1.0F, -2.5F, 1.0F / 3})};
  EXPECT_THAT(values_of(TensorLoader(wide, at::kCPU, at::kBFloat16).take("x").to(at::kFloat)),
              testing::ElementsAre(1.0F, -2.5F, 0.333984375F));
}

TEST(TensorLoader, ReadsLargeTensorsInBlocks) {
  std::vector<float> values(5'000'000);
  for (std::size_t n = 0; n < values.size(); ++n) values[n] = static_cast<float>(n % 1000);
  for (const auto type : {at::kFloat, at::kBFloat16}) {
    OneTensor source{TensorType::f32, as_bytes(values)};
    const auto tensor =
        TensorLoader(source, at::kCPU, type).take("x").to(at::kBFloat16).to(at::kFloat);
    EXPECT_LE(source.largest(), std::size_t{16} << 20);
    const auto* got = tensor.const_data_ptr<float>();
    for (std::size_t n = 0; n < values.size(); n += 999)
      ASSERT_NEAR(got[n], values[n], values[n] / 128) << n;
  }
}

TEST(TensorLoader, ValuesThatAreNotFiniteAreToldByTensor) {
  const CheckpointCopy copy{"a"};
  copy.change([](Shard& shard) {
    const auto& offsets = shard.header["model.layers.1.mlp.gate.weight"]["data_offsets"];
    for (auto n = offsets[0].get<std::size_t>(); n < offsets[1].get<std::size_t>(); ++n)
      shard.data[n] = static_cast<char>(0xFF);
  });
  const auto model = open_model(copy.folder().string());
  EXPECT_THAT(
      message_of([&] { const TensorLoader loader(*model.source, at::kCPU, at::kFloat); }),
      AllOf(HasSubstr("model.layers.1.mlp.gate.weight"), HasSubstr("not finite (element 0)")));
}

}  // namespace tensor_loader_test
}  // namespace pecia::engine::deepseek
