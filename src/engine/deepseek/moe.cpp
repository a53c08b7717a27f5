#include "moe.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/mm.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu_kernels.hpp"
#include "kernels.hpp"
#include "math.hpp"

namespace pecia::engine::deepseek {
namespace {

/// Rows sorted by expert. Each expert's part begins at a multiple of `least_rows` and has that many
/// rows at least, so that its products are those of any other batch.
struct Sorted {
  std::vector<std::int64_t> begin, count;  ///< per expert; count with padding
  std::vector<std::int32_t> slots;         ///< of row r's j-th choice, [r * top_k + j]
  std::int64_t total = 0;
};

Sorted sort_by_expert(const Routing& routing, int experts) {
  Sorted sorted;
  sorted.begin.resize(static_cast<std::size_t>(experts));
  sorted.count.resize(static_cast<std::size_t>(experts));
  for (const auto expert : routing.experts) ++sorted.count[static_cast<std::size_t>(expert)];
  const std::int64_t unit = pad_rows ? least_rows : 1;
  for (std::size_t e = 0; e < sorted.count.size(); ++e) {
    sorted.begin[e] = sorted.total;
    sorted.count[e] = (sorted.count[e] + unit - 1) / unit * unit;
    sorted.total += sorted.count[e];
  }
  auto next = sorted.begin;
  for (const auto expert : routing.experts)
    sorted.slots.push_back(static_cast<std::int32_t>(next[static_cast<std::size_t>(expert)]++));
  return sorted;
}

template <class T>
at::Tensor gather(const at::Tensor& x, const Sorted& sorted, std::int64_t top_k) {
  const auto width = static_cast<std::size_t>(x.size(1));
  auto into = at::empty({sorted.total, x.size(1)}, x.options());
  auto* const to = into.mutable_data_ptr<T>();
  const auto* const from = x.const_data_ptr<T>();
  std::memset(to, 0, static_cast<std::size_t>(sorted.total) * width * sizeof(T));
  for (std::size_t i = 0; i < sorted.slots.size(); ++i)
    std::memcpy(to + static_cast<std::size_t>(sorted.slots[i]) * width,
                from + i / static_cast<std::size_t>(top_k) * width, width * sizeof(T));
  return into;
}

template <class T>
at::Tensor combine(const at::Tensor& experts, const at::Tensor& shared, const Sorted& sorted,
                   const Routing& routing, std::int64_t rows, std::int64_t top_k) {
  auto out = at::empty_like(shared);
  const cpu::CombineRows<T> work{experts.const_data_ptr<T>(),
                                 shared.const_data_ptr<T>(),
                                 sorted.slots.data(),
                                 routing.weights.data(),
                                 out.mutable_data_ptr<T>(),
                                 shared.size(1),
                                 top_k};
  over_rows(rows, 2 * top_k * shared.size(1),
            [&](auto begin, auto end) { cpu::combine_rows(work, begin, end); });
  if (shared.size(0) > rows) out.narrow(0, rows, shared.size(0) - rows).zero_();
  return out;
}

template <class T>
at::Tensor routed_cpu(const Moe& moe, const at::Tensor& x, const Routing& routing,
                      std::int64_t rows, std::int64_t top_k) {
  const auto sorted = sort_by_expert(routing, static_cast<int>(moe.experts.size()));
  const auto in = gather<T>(x, sorted, top_k);
  auto gate_up = at::empty({sorted.total, moe.experts[0].gate_up.size(0)}, x.options());
  auto out = at::empty_like(in);
  for (std::size_t e = 0; e < moe.experts.size(); ++e) {
    if (sorted.count[e] == 0) continue;
    auto into = gate_up.narrow(0, sorted.begin[e], sorted.count[e]);
    at::mm_out(into, in.narrow(0, sorted.begin[e], sorted.count[e]), moe.experts[e].gate_up.t());
  }
  const auto inner = gated(gate_up);
  for (std::size_t e = 0; e < moe.experts.size(); ++e) {
    if (sorted.count[e] == 0) continue;
    auto into = out.narrow(0, sorted.begin[e], sorted.count[e]);
    at::mm_out(into, inner.narrow(0, sorted.begin[e], sorted.count[e]), moe.experts[e].down.t());
  }
  return combine<T>(out, apply_ffn(moe.shared, x), sorted, routing, rows, top_k);
}

at::Tensor routed_elsewhere(const Moe& moe, const at::Tensor& x, const Routing& routing,
                            std::int64_t rows, std::int64_t top_k) {
  auto sorted = sort_by_expert(routing, static_cast<int>(moe.experts.size()));
  std::vector<std::int64_t> sources(static_cast<std::size_t>(sorted.total), 0), slots;
  for (std::size_t i = 0; i < sorted.slots.size(); ++i) {
    sources[static_cast<std::size_t>(sorted.slots[i])] = static_cast<std::int64_t>(i) / top_k;
    slots.push_back(sorted.slots[i]);
  }
  const auto on_device = [&](auto& numbers, at::ScalarType type) {
    return at::from_blob(numbers.data(), {static_cast<std::int64_t>(numbers.size())},
                         at::TensorOptions{}.dtype(type))
        .to(x.device(), type, /*non_blocking=*/false, /*copy=*/true);
  };
  const auto in = x.index_select(0, on_device(sources, at::kLong));
  std::vector<at::Tensor> parts;
  for (std::size_t e = 0; e < moe.experts.size(); ++e)
    if (sorted.count[e] > 0)
      parts.push_back(apply_ffn(moe.experts[e], in.narrow(0, sorted.begin[e], sorted.count[e])));
  auto weights = routing.weights;
  const auto chosen = at::cat(parts).index_select(0, on_device(slots, at::kLong)).to(at::kFloat);
  const auto weighted =
      chosen.view({rows, top_k, -1}) * on_device(weights, at::kFloat).view({rows, top_k, 1});
  auto out = apply_ffn(moe.shared, x);
  out.narrow(0, 0, rows) += weighted.sum(1).to(x.scalar_type());
  return out;
}

}  // namespace

Ffn load_ffn(TensorLoader& weights, const std::string& prefix) {
  const auto gate = weights.take(prefix + "gate_proj.weight");
  const auto up = weights.take(prefix + "up_proj.weight");
  return {at::cat(std::vector<at::Tensor>{gate, up}), weights.take(prefix + "down_proj.weight")};
}

at::Tensor apply_ffn(const Ffn& ffn, const at::Tensor& x) {
  return apply_linear(gated(apply_linear(x, ffn.gate_up)), ffn.down);
}

Moe load_moe(TensorLoader& weights, const DecoderConfig& config, const std::string& prefix) {
  Moe moe;
  moe.router = weights.take(prefix + "gate.weight").to(at::kFloat);
  for (int e = 0; e < config.experts; ++e)
    moe.experts.push_back(load_ffn(weights, fmt::format("{}experts.{}.", prefix, e)));
  moe.shared = load_ffn(weights, prefix + "shared_experts.");
  return moe;
}

Routing route(const at::Tensor& logits, std::int64_t rows, const DecoderConfig& config) {
  const auto experts = static_cast<std::size_t>(config.experts);
  Routing routing;
  std::vector<float> p(experts);
  for (std::int64_t row = 0; row < rows; ++row) {
    const float* const from = logits.const_data_ptr<float>() + row * config.experts;
    const float greatest = *std::max_element(from, from + experts);
    float sum = 0;
    for (std::size_t e = 0; e < experts; ++e) sum += p[e] = std::exp(from[e] - greatest);
    for (auto& x : p) x /= sum;
    float chosen = 0;
    const auto first = routing.weights.size();
    for (int k = 0; k < config.top_k; ++k) {
      const auto best = std::max_element(p.begin(), p.end());
      routing.experts.push_back(static_cast<std::int32_t>(best - p.begin()));
      routing.weights.push_back(*best);
      chosen += *best;
      *best = -1;
    }
    const auto scale =
        static_cast<float>(config.routed_scale) / (config.norm_top_k ? chosen + 1e-20F : 1.F);
    for (auto i = first; i < routing.weights.size(); ++i) routing.weights[i] *= scale;
  }
  return routing;
}

at::Tensor apply_moe(const Moe& moe, const DecoderConfig& config, const at::Tensor& x,
                     std::int64_t rows, std::vector<Routing>* routings) {
  auto routing = route(apply_linear(x.to(at::kFloat), moe.router).cpu(), rows, config);
  auto out = !x.is_cpu() ? routed_elsewhere(moe, x, routing, rows, config.top_k)
             : x.scalar_type() == at::kFloat
                 ? routed_cpu<float>(moe, x, routing, rows, config.top_k)
                 : routed_cpu<c10::BFloat16>(moe, x, routing, rows, config.top_k);
  if (routings != nullptr) routings->push_back(std::move(routing));
  return out;
}

}  // namespace pecia::engine::deepseek
