#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "config.hpp"
#include "weight_source.hpp"

namespace pecia::engine::deepseek {

/// The small model of section 10, with its own weights.
[[nodiscard]] Config tiny_config();

/// Weights that mean nothing, a pure function of name and position, for tests and benchmarks.
class RandomWeights final : public WeightSource {
 public:
  enum class Kind : std::uint8_t {
    exact,  ///< section 10: a hash per element, f32
    fast,   ///< bf16; four elements share a hash, 16 bits each. The same ranges; under 2 s for 6.8
            ///< GB
  };
  RandomWeights(const Config& config, Kind kind);
  [[nodiscard]] const std::vector<TensorInfo>& tensors() const override { return tensors_; }
  void read(std::string_view name, std::uint64_t offset, std::span<std::byte> into) override;

 private:
  Kind kind_;
  std::vector<TensorInfo> tensors_;
  std::unordered_map<std::string, std::size_t> places_;
};

}  // namespace pecia::engine::deepseek
