#include "sampling.hpp"

#include <ATen/TensorOperators.h>
#include <ATen/ops/argmax.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/logsumexp.h>
#include <ATen/ops/scalar_tensor.h>
#include <ATen/ops/stack.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "cpu_kernels.hpp"
#include "kernels.hpp"

namespace pecia::engine::deepseek {
namespace {

Choice choose_one(const float* logits, std::int64_t count, std::span<const std::int32_t> banned) {
  const auto whole = cpu::log_sum_exp(logits, count);
  if (std::isnan(whole)) return {};
  const auto* best = std::max_element(logits, logits + count);
  if (std::binary_search(banned.begin(), banned.end(), best - logits) &&
      static_cast<std::int64_t>(banned.size()) < count) {
    best = nullptr;
    auto next = banned.begin();
    for (std::int64_t id = 0; id < count; ++id) {
      if (next != banned.end() && *next == id)
        ++next;
      else if (best == nullptr || logits[id] > *best)
        best = logits + id;
    }
  }
  return {static_cast<std::int32_t>(best - logits), *best - whole};
}

/// Fills (row, id) of what is banned with -inf, in a copy.
at::Tensor without_banned(const at::Tensor& logits,
                          std::span<const std::vector<std::int32_t>> banned) {
  std::vector<std::int64_t> rows, ids;
  for (std::size_t row = 0; row < banned.size(); ++row) {
    if (static_cast<std::int64_t>(banned[row].size()) >= logits.size(1)) continue;
    for (const auto id : banned[row]) {
      rows.push_back(static_cast<std::int64_t>(row));
      ids.push_back(id);
    }
  }
  if (rows.empty()) return logits;
  const auto index = [&](std::vector<std::int64_t>& numbers) {
    return std::optional{
        at::from_blob(numbers.data(), {static_cast<std::int64_t>(numbers.size())},
                      at::TensorOptions{}.dtype(at::kLong))
            .to(logits.device(), at::kLong, /*non_blocking=*/false, /*copy=*/true)};
  };
  const c10::List<std::optional<at::Tensor>> places{{index(rows), index(ids)}};
  return at::index_put(
      logits, places, at::scalar_tensor(-std::numeric_limits<float>::infinity(), logits.options()));
}

}  // namespace

std::vector<Choice> choose(const at::Tensor& logits,
                           std::span<const std::vector<std::int32_t>> banned) {
  std::vector<Choice> choices(banned.size());
  if (logits.is_cpu()) {
    const auto all = logits.contiguous();
    const auto* const first = all.const_data_ptr<float>();
    const auto count = all.size(1);
    over_rows(all.size(0), 12 * count, [&](auto begin, auto end) {
      for (auto row = begin; row < end; ++row) {
        const auto i = static_cast<std::size_t>(row);
        choices[i] = choose_one(first + row * count, count, banned[i]);
      }
    });
    return choices;
  }
  const auto whole = at::logsumexp(logits, {1});
  const auto ids = at::argmax(without_banned(logits, banned), 1);
  const auto chosen = logits.gather(1, ids.unsqueeze(1)).squeeze(1) - whole;
  // One copy for both, exact: ids are below 2^24.
  const auto both = at::stack(std::vector<at::Tensor>{ids.to(at::kFloat), chosen}).cpu();
  const auto* const numbers = both.const_data_ptr<float>();
  for (std::size_t i = 0; i < choices.size(); ++i)
    if (std::isfinite(numbers[choices.size() + i]))
      choices[i] = {static_cast<std::int32_t>(numbers[i]), numbers[choices.size() + i]};
  return choices;
}

}  // namespace pecia::engine::deepseek
