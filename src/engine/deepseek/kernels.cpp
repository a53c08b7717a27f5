#include "kernels.hpp"

#include <ATen/Parallel.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/silu.h>
#include <omp.h>

#include "cpu_kernels.hpp"
#include "math.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::int64_t worth_a_thread = 60'000;  // operations: some 10 us

template <class T>
at::Tensor add_norm_cpu(at::Tensor& x, const std::optional<at::Tensor>& delta,
                        const at::Tensor& weight, double eps) {
  auto out = at::empty_like(x);
  const cpu::NormRows<T> work{x.mutable_data_ptr<T>(),
                              delta ? delta->const_data_ptr<T>() : nullptr,
                              weight.const_data_ptr<T>(),
                              out.mutable_data_ptr<T>(),
                              x.size(1),
                              static_cast<float>(eps)};
  over_rows(x.size(0), 4 * x.size(1),
            [&](auto begin, auto end) { cpu::norm_rows(work, begin, end); });
  return out;
}

template <class T>
at::Tensor gated_cpu(const at::Tensor& gate_up) {
  auto out = at::empty({gate_up.size(0), gate_up.size(1) / 2}, gate_up.options());
  const cpu::GateRows<T> work{gate_up.const_data_ptr<T>(), out.mutable_data_ptr<T>(), out.size(1)};
  over_rows(out.size(0), 20 * out.size(1),
            [&](auto begin, auto end) { cpu::gate_rows(work, begin, end); });
  return out;
}

}  // namespace

at::Tensor add_rms_norm(at::Tensor& x, const std::optional<at::Tensor>& delta,
                        const at::Tensor& weight, double eps) {
  if (x.is_cpu())
    return x.scalar_type() == at::kFloat ? add_norm_cpu<float>(x, delta, weight, eps)
                                         : add_norm_cpu<c10::BFloat16>(x, delta, weight, eps);
  if (delta) x += *delta;
  return rms_norm(x, weight, eps);
}

at::Tensor gated(const at::Tensor& gate_up) {
  if (gate_up.is_cpu())
    return gate_up.scalar_type() == at::kFloat ? gated_cpu<float>(gate_up)
                                               : gated_cpu<c10::BFloat16>(gate_up);
  const auto width = gate_up.size(1) / 2;
  return at::silu(gate_up.narrow(1, 0, width)) * gate_up.narrow(1, width, width);
}

OneThread::OneThread() : before_{at::get_num_threads()} { at::set_num_threads(1); }

OneThread::~OneThread() { at::set_num_threads(before_); }

int most_threads() { return omp_get_thread_limit(); }

void over_rows(std::int64_t rows, std::int64_t cost,
               const std::function<void(std::int64_t, std::int64_t)>& body) {
  const auto grain = std::max<std::int64_t>(1, worth_a_thread / std::max<std::int64_t>(1, cost));
  at::parallel_for(0, rows, grain, body);
}

}  // namespace pecia::engine::deepseek
