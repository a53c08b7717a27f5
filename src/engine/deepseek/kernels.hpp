#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <functional>
#include <optional>

// What the decoder does to rows between its matrix products: loops of our own on a CPU, operations
// of LibTorch elsewhere.
namespace pecia::engine::deepseek {

/// x += delta, then as rms_norm. x: (rows, width), contiguous, changed in place.
[[nodiscard]] at::Tensor add_rms_norm(at::Tensor& x, const std::optional<at::Tensor>& delta,
                                      const at::Tensor& weight, double eps);
/// gate_up: (rows, 2 x width), gates in front -> silu(gate) * up, (rows, width).
[[nodiscard]] at::Tensor gated(const at::Tensor& gate_up);

/// Of a parallel region: OMP_THREAD_LIMIT.
[[nodiscard]] int most_threads();

/// body(begin, end) over [0, rows), by several threads where `cost` (multiplications and additions
/// per row) makes that worth while.
void over_rows(std::int64_t rows, std::int64_t cost,
               const std::function<void(std::int64_t, std::int64_t)>& body);

/// As long as it lives, this thread computes alone.
class OneThread {
 public:
  OneThread();
  ~OneThread();
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  int before_;
};

}  // namespace pecia::engine::deepseek
