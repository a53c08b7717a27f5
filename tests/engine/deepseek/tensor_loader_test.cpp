#include "tensor_loader.hpp"

#include <ATen/ops/equal.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "file_weight_source.hpp"
#include "pecia/base/error.hpp"

namespace pecia::engine::deepseek {
namespace {

const auto golden = std::filesystem::path{PECIA_TEST_DATA} / "deepseek/golden/ckpt";

TEST(TensorLoader, HandsOutEveryTensorOnceInItsShapeAndTheTypeAskedFor) {
  FileWeights weights{golden / "b"};
  TensorLoader wide{weights, at::kCPU, at::kFloat};
  TensorLoader same{weights, at::kCPU, at::kBFloat16};
  for (const auto& info : weights.tensors()) {
    const auto tensor = wide.take(info.name);
    EXPECT_EQ(tensor.sizes().vec(), info.shape);
    EXPECT_EQ(tensor.scalar_type(), at::kFloat);
    EXPECT_TRUE(at::equal(tensor, same.take(info.name).to(at::kFloat))) << info.name;
    EXPECT_THROW((void)wide.take(info.name), Error);
  }
}

TEST(TensorLoader, KeepsTheValuesOfTheFile) {
  FileWeights weights{golden / "a"};
  TensorLoader loader{weights, at::kCPU, at::kFloat};
  for (const auto& info : weights.tensors()) {
    std::vector<float> values(info.elements());
    weights.read(info.name, 0, std::as_writable_bytes(std::span{values}));
    const auto tensor = loader.take(info.name);
    const auto* first = tensor.const_data_ptr<float>();
    EXPECT_TRUE(std::equal(values.begin(), values.end(), first)) << info.name;
  }
}

}  // namespace
}  // namespace pecia::engine::deepseek
