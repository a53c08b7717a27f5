#include "math.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/outer.h>
#include <ATen/ops/pow.h>
#include <ATen/ops/reciprocal.h>
#include <ATen/ops/rsqrt.h>
#include <ATen/ops/silu.h>
#include <ATen/ops/zeros.h>

namespace pecia::engine::deepseek {

at::Tensor apply_linear(const at::Tensor& x, const at::Tensor& weight,
                        const std::optional<at::Tensor>& bias) {
  const auto in = x.size(-1);
  const auto rows = in == 0 ? 0 : x.numel() / in;
  if (!pad_rows || !x.is_cpu() || rows >= least_rows) return at::linear(x, weight, bias);
  auto padded = at::zeros({least_rows, in}, x.options());
  padded.narrow(0, 0, rows).copy_(x.reshape({rows, in}));
  auto shape = x.sizes().vec();
  shape.back() = weight.size(0);
  return at::linear(padded, weight, bias).narrow(0, 0, rows).reshape(shape);
}

at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps) {
  const auto wide = x.to(at::kFloat);
  const auto mean = wide.pow(2).mean(-1, /*keepdim=*/true);
  return weight * (wide * at::rsqrt(mean + eps)).to(x.scalar_type());
}

at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up,
                  const at::Tensor& down) {
  return apply_linear(at::silu(apply_linear(x, gate)) * apply_linear(x, up), down);
}

RopeTable rope_table(std::int64_t positions, std::int64_t dim, double theta, at::Device device,
                     at::ScalarType type) {
  const auto options = at::TensorOptions{}.dtype(at::kFloat).device(device);
  // As the reference computes them: powers in fp32.
  const auto exponents = at::arange(0, dim, 2, options) / static_cast<double>(dim);
  const auto frequencies = at::reciprocal(at::pow(theta, exponents));
  const auto angles = at::outer(at::arange(positions, options), frequencies);
  const auto both = at::cat(std::vector<at::Tensor>{angles, angles}, -1);
  return {both.cos().to(type), both.sin().to(type)};
}

at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin) {
  const auto half = x.size(-1) / 2;
  const auto turned =
      at::cat(std::vector<at::Tensor>{-x.narrow(-1, half, half), x.narrow(-1, 0, half)}, -1);
  return x * cos + turned * sin;
}

}  // namespace pecia::engine::deepseek
