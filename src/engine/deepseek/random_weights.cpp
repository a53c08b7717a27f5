#include "random_weights.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>

#include "checkpoint.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::engine::deepseek {
namespace {

constexpr std::uint64_t golden_ratio = 0x9E3779B97F4A7C15;

std::uint64_t fnv_1a(std::string_view text) noexcept {
  std::uint64_t hash = 0xCBF29CE484222325;
  for (const auto c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  return hash;
}

/// The finaliser of splitmix64 on a counter.
std::uint64_t mixed(std::uint64_t seed, std::uint64_t n) noexcept {
  auto z = seed + (n + 1) * golden_ratio;
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9;
  z = (z ^ z >> 27) * 0x94D049BB133111EB;
  return z ^ z >> 31;
}

/// Elements are centre + scale x u, u uniform in [-1, 1).
struct Range {
  double centre, scale;
};

Range range_of(const TensorInfo& tensor) {
  const auto& name = tensor.name;
  const auto has = [&](std::string_view part) { return name.find(part) != std::string::npos; };
  if (tensor.shape.size() == 1) return {name.ends_with(".weight") ? 1.0 : 0.0, 0.2};
  if (has("pos_embed") || has("rel_pos_") || has("query_") || has("embed_tokens")) return {0, 0.5};
  if (name.ends_with(".mlp.gate.weight")) return {0, 1};
  const auto fan_in = tensor.elements() / static_cast<std::uint64_t>(tensor.shape.front());
  return {0, std::sqrt(3.0 / static_cast<double>(fan_in))};
}

/// Fills `into`, the bytes from `offset` on of an endless array of `Unit`s, whose units
/// first..first
/// + n `make(first, units)` gives.
template <class Unit, class Make>
void fill(std::uint64_t offset, std::span<std::byte> into, const Make& make) {
  std::array<Unit, 512> units;
  while (!into.empty()) {
    const auto first = offset / sizeof(Unit), skipped = offset % sizeof(Unit);
    const auto wanted = std::min(into.size() + skipped, sizeof units);
    make(first, std::span{units}.first((wanted + sizeof(Unit) - 1) / sizeof(Unit)));
    std::memcpy(into.data(), reinterpret_cast<const std::byte*>(units.data()) + skipped,
                wanted - skipped);
    into = into.subspan(wanted - skipped);
    offset += wanted - skipped;
  }
}

void fill_exact(std::uint64_t seed, Range range, std::uint64_t offset, std::span<std::byte> into) {
  fill<float>(offset, into, [&](std::uint64_t first, std::span<float> values) {
    for (std::size_t n = 0; n < values.size(); ++n) {
      const auto u = static_cast<double>(mixed(seed, first + n) >> 40) / (1 << 23) - 1;
      values[n] = static_cast<float>(range.centre + range.scale * u);
    }
  });
}

void fill_fast(std::uint64_t seed, Range range, std::uint64_t offset, std::span<std::byte> into) {
  const auto centre = static_cast<float>(range.centre);
  const auto scale = static_cast<float>(range.scale / (1 << 15));
  fill<std::uint64_t>(offset, into, [&](std::uint64_t first, std::span<std::uint64_t> words) {
    for (std::size_t n = 0; n < words.size(); ++n) words[n] = mixed(seed, first + n);
    std::array<std::int16_t, 4 * 512> parts;
    std::memcpy(parts.data(), words.data(), words.size_bytes());
    for (std::size_t n = 0; n < 4 * words.size(); ++n) {
      const auto bits = std::bit_cast<std::uint32_t>(centre + scale * static_cast<float>(parts[n]));
      const auto rounded = (bits + 0x7FFF + (bits >> 16 & 1)) >> 16;  // to the nearest even
      parts[n] = static_cast<std::int16_t>(rounded);
    }
    std::memcpy(words.data(), parts.data(), words.size_bytes());
  });
}

}  // namespace

Config tiny_config() {
  Config config;
  config.image.base_px = 64;
  config.image.tile_px = 48;
  config.sam = {.patch_px = 4,
                .width = 16,
                .depth = 3,
                .heads = 2,
                .mlp = 64,
                .window = 5,
                .global_blocks = {1},
                .neck = 8,
                .net_2 = 12,
                .position_grid = 16};
  config.encoder = {.width = 24,
                    .layers = 2,
                    .heads = 4,
                    .kv_heads = 2,
                    .ffn = 40,
                    .tile_queries = 9,
                    .base_queries = 16};
  config.decoder = {.width = 32,
                    .layers = 3,
                    .heads = 4,
                    .kv_heads = 4,
                    .head_dim = 8,
                    .dense_ffn = 48,
                    .moe_ffn = 16,
                    .experts = 8,
                    .top_k = 3,
                    .vocabulary = 160};
  config.image_id = 150;
  return config;
}

RandomWeights::RandomWeights(const Config& config, Kind kind) : kind_{kind} {
  for (auto& expected : expected_tensors(config)) {
    places_.emplace(expected.name, tensors_.size());
    tensors_.push_back({std::move(expected.name),
                        kind == Kind::exact ? TensorType::f32 : TensorType::bf16,
                        std::move(expected.shape)});
  }
}

void RandomWeights::read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) {
  const auto at = places_.find(std::string{name});
  if (at == places_.end())
    throw Error{fmt::format("no tensor '{}' in the random weights", printable(name))};
  const auto& tensor = tensors_[at->second];
  (kind_ == Kind::exact ? fill_exact : fill_fast)(fnv_1a(name), range_of(tensor), offset, into);
}

}  // namespace pecia::engine::deepseek
