#include "math.hpp"

#include <ATen/ops/randn.h>
#include <c10/core/InferenceMode.h>
#include <gtest/gtest.h>

#include <cstring>
#include <string>

namespace pecia::engine::deepseek {
namespace math_test {

std::string shape_of(std::int64_t rows, std::int64_t in, std::int64_t out, at::ScalarType type) {
  return std::to_string(rows) + " x " + std::to_string(in) + " times " + std::to_string(in) +
         " x " + std::to_string(out) + (type == at::kFloat ? " in fp32" : " in bf16");
}

/// The first row whose bits are others than in a product of all rows; -1: none.
std::int64_t first_other_row(const at::Tensor& part, const at::Tensor& whole, std::int64_t from) {
  const auto bytes = static_cast<std::size_t>(part.size(1) * part.element_size());
  const auto* const a = static_cast<const char*>(part.const_data_ptr());
  const auto* const b =
      static_cast<const char*>(whole.const_data_ptr()) + static_cast<std::size_t>(from) * bytes;
  for (std::int64_t row = 0; row < part.size(0); ++row)
    if (std::memcmp(a + static_cast<std::size_t>(row) * bytes,
                    b + static_cast<std::size_t>(row) * bytes, bytes) != 0)
      return row;
  return -1;
}

/// The promise on which "a page's text does not depend on its neighbours" rests, on this machine.
TEST(ApplyLinear, a_row_is_the_same_in_products_of_16_to_1200_rows) {
  const c10::InferenceMode mode;
  // (in, out) of the golden and the reader's decoder, of the real one's attention, expert and
  // vision.
  const std::pair<std::int64_t, std::int64_t> shapes[] = {
      {32, 96}, {48, 96}, {20, 48}, {128, 384}, {48, 128}, {128, 352}, {896, 1280}, {1280, 1792}};
  for (const auto& [in, out] : shapes) {
    const auto x = at::randn({1200, in}), weight = at::randn({out, in});
    const auto whole = apply_linear(x, weight);
    for (const std::int64_t rows :
         {1, 2, 15, 16, 17, 23, 31, 32, 48, 64, 100, 257, 555, 1131, 1199}) {
      for (const std::int64_t from :
           {std::int64_t{0}, std::min<std::int64_t>(7, 1200 - rows), 1200 - rows}) {
        const auto part = apply_linear(x.narrow(0, from, rows).clone(), weight);
        const auto other = first_other_row(part, whole, from);
        EXPECT_EQ(other, -1) << "apply_linear " << shape_of(rows, in, out, at::kFloat) << ", row "
                             << other;
      }
    }
  }
}

TEST(ApplyLinear, pads_no_more_than_it_gives) {
  const c10::InferenceMode mode;
  const auto x = at::randn({2, 1, 24}), weight = at::randn({5, 24}), bias = at::randn({5});
  const auto y = apply_linear(x, weight, bias);
  EXPECT_EQ(y.sizes(), (at::IntArrayRef{2, 1, 5}));
}

}  // namespace math_test
}  // namespace pecia::engine::deepseek
