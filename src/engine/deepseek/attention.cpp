#include "attention.hpp"

#include <ATen/ops/arange.h>
#include <ATen/TensorOperators.h>
#include <ATen/ops/empty.h>
#include <ATen/ops/from_blob.h>
#include <ATen/ops/index_put.h>
#include <ATen/ops/index_select.h>
#include <ATen/ops/repeat_interleave.h>
#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/zeros.h>

#include <cmath>

#include "kernels.hpp"

namespace pecia::engine::deepseek {
namespace {

at::Tensor to_device(std::vector<std::int64_t>& numbers, at::Device device) {
  return at::from_blob(numbers.data(), {static_cast<std::int64_t>(numbers.size())},
                       at::TensorOptions{}.dtype(at::kLong))
      .to(device, at::kLong, /*non_blocking=*/false, /*copy=*/true);
}

template <class T>
at::Tensor attend_cpu(const at::Tensor& qkv, const std::vector<cpu::RowPlace>& places,
                      const RopeTable& rope, KvCache::Layer& cache, const DecoderConfig& config) {
  const auto rows = static_cast<std::int64_t>(places.size());
  auto out = at::empty({qkv.size(0), config.heads * config.head_dim}, qkv.options());
  if (out.size(0) > rows) out.narrow(0, rows, out.size(0) - rows).zero_();
  const cpu::AttendRows<T> work{
      qkv.mutable_data_ptr<T>(),
      places.data(),
      rope.cos.const_data_ptr<T>(),
      rope.sin.const_data_ptr<T>(),
      cache.keys.mutable_data_ptr<T>(),
      cache.values.mutable_data_ptr<T>(),
      out.mutable_data_ptr<T>(),
      config.heads,
      config.kv_heads,
      config.head_dim,
      static_cast<float>(1 / std::sqrt(static_cast<double>(config.head_dim)))};
  over_rows(rows, 4 * (config.heads + 2 * config.kv_heads) * config.head_dim,
            [&](auto begin, auto end) { cpu::place_rows(work, begin, end); });
  std::int64_t keys = 0;
  for (const auto& place : places) keys += place.position + 1;
  over_rows(rows * config.heads, keys / rows * (2 * config.head_dim + 10) / 4,
            [&](auto begin, auto end) { cpu::attend_units(work, begin, end); });
  return out;
}

}  // namespace

RowPlaces::RowPlaces(std::span<const Slice> slices, at::Device device) {
  if (device.is_cpu()) {
    for (const auto& slice : slices)
      for (int i = 0; i < slice.count; ++i)
        places_.push_back({slice.begin + i, slice.blocks->data()});
    rows_ = static_cast<std::int64_t>(places_.size());
    return;
  }
  std::vector<std::int64_t> position, block, slot;
  for (const auto& slice : slices) {
    const auto length = slice.begin + slice.count;
    std::vector<std::int64_t> blocks{slice.blocks->begin(),
                                     slice.blocks->begin() + blocks_for(length)};
    for (int p = slice.begin; p < length; ++p) {
      position.push_back(p);
      block.push_back((*slice.blocks)[static_cast<std::size_t>(p / block_tokens)]);
      slot.push_back(p % block_tokens);
    }
    Sequence sequence{rows_, slice.count, length, to_device(blocks, device), {}};
    if (slice.count > 1) {
      const auto options = at::TensorOptions{}.dtype(at::kLong).device(device);
      sequence.mask =
          at::arange(slice.begin, length, options).unsqueeze(1) >= at::arange(length, options);
    }
    sequences_.push_back(std::move(sequence));
    rows_ += slice.count;
  }
  position_ = to_device(position, device);
  block_ = to_device(block, device);
  slot_ = to_device(slot, device);
}

/// By operations of LibTorch, one sequence after the other.
at::Tensor attend_elsewhere(const at::Tensor& qkv, const RowPlaces& places, const RopeTable& rope,
                            KvCache::Layer& cache, const DecoderConfig& config) {
  const std::int64_t heads = config.heads, kv_heads = config.kv_heads, dim = config.head_dim;
  const auto rows = places.rows_;
  const auto all = qkv.narrow(0, 0, rows).view({rows, heads + 2 * kv_heads, dim});
  const auto cos = rope.cos.index_select(0, places.position_).unsqueeze(1);
  const auto sin = rope.sin.index_select(0, places.position_).unsqueeze(1);
  const auto turned = rotate(all.narrow(1, 0, heads + kv_heads), cos, sin);
  using Index = std::optional<at::Tensor>;
  const c10::List<Index> key_places{{places.block_, Index{}, Index{}, places.slot_}};
  const c10::List<Index> value_places{{places.block_, Index{}, places.slot_}};
  cache.keys.index_put_(key_places, turned.narrow(1, heads, kv_heads));
  cache.values.index_put_(value_places, all.narrow(1, heads + kv_heads, kv_heads));

  auto out = at::zeros({qkv.size(0), heads * dim}, qkv.options());
  for (const auto& sequence : places.sequences_) {
    // (blocks, kv heads, dim, tokens) -> (kv heads, length, dim)
    auto keys = cache.keys.index_select(0, sequence.blocks)
                    .permute({1, 0, 3, 2})
                    .reshape({kv_heads, -1, dim});
    auto values = cache.values.index_select(0, sequence.blocks)
                      .permute({1, 0, 2, 3})
                      .reshape({kv_heads, -1, dim});
    keys = keys.narrow(1, 0, sequence.length);
    values = values.narrow(1, 0, sequence.length);
    if (kv_heads != heads) {
      keys = keys.repeat_interleave(heads / kv_heads, 0);
      values = values.repeat_interleave(heads / kv_heads, 0);
    }
    const auto q =
        turned.narrow(0, sequence.row, sequence.count).narrow(1, 0, heads).transpose(0, 1);
    const auto mask = sequence.mask.defined() ? Index{sequence.mask} : Index{};
    const auto seen = at::scaled_dot_product_attention(q.unsqueeze(0), keys.unsqueeze(0),
                                                       values.unsqueeze(0), mask);
    out.narrow(0, sequence.row, sequence.count)
        .copy_(seen.squeeze(0).transpose(0, 1).reshape({sequence.count, heads * dim}));
  }
  return out;
}

at::Tensor attend(const at::Tensor& qkv, const RowPlaces& places, const RopeTable& rope,
                  KvCache::Layer& cache, const DecoderConfig& config) {
  if (!qkv.is_cpu()) return attend_elsewhere(qkv, places, rope, cache, config);
  return qkv.scalar_type() == at::kFloat
             ? attend_cpu<float>(qkv, places.places_, rope, cache, config)
             : attend_cpu<c10::BFloat16>(qkv, places.places_, rope, cache, config);
}

}  // namespace pecia::engine::deepseek
