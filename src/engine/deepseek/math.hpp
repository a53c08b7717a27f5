#pragma once

#include <ATen/core/Tensor.h>

#include <optional>

// The few functions that all parts of the model share.
namespace pecia::engine::deepseek {

/// On a CPU no matrix product has fewer rows: MKL's results for a row are the same in every product
/// of at least so many rows, and differ below (measured from 12 on; `deepseek/math_test` checks the
/// machine at hand).
inline constexpr std::int64_t least_rows = 16;
/// Off only in benchmarks, for what the above costs.
inline bool pad_rows = true;

/// x: (..., in), weight: (out, in), bias: (out) -> (..., out). A row's result does not depend on
/// the other rows.
[[nodiscard]] at::Tensor apply_linear(const at::Tensor& x, const at::Tensor& weight,
                                      const std::optional<at::Tensor>& bias = std::nullopt);
/// x: (..., width). Squares and root in fp32, cast back, times weight (section 4.1).
[[nodiscard]] at::Tensor rms_norm(const at::Tensor& x, const at::Tensor& weight, double eps);
/// silu(gate x) * (up x), then down.
[[nodiscard]] at::Tensor swiglu(const at::Tensor& x, const at::Tensor& gate, const at::Tensor& up,
                                const at::Tensor& down);

/// cos and sin of position x frequency, (positions, dim) each, dim doubled as half-split rotation
/// wants it.
struct RopeTable {
  at::Tensor cos, sin;
};
[[nodiscard]] RopeTable rope_table(std::int64_t positions, std::int64_t dim, double theta,
                                   at::Device device, at::ScalarType type);
/// x: (..., rows, dim); cos, sin: (rows, dim). Half-split (NeoX) rotation.
[[nodiscard]] at::Tensor rotate(const at::Tensor& x, const at::Tensor& cos, const at::Tensor& sin);

}  // namespace pecia::engine::deepseek
