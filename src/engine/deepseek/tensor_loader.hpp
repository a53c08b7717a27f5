#pragma once

#include <ATen/core/Tensor.h>

#include <string>
#include <unordered_map>

#include "weight_source.hpp"
#include "weights_hash.hpp"

namespace pecia::engine::deepseek {

/// All tensors of a source on one device, in one type; `take` hands them out, each once.
class TensorLoader {
 public:
  /// Reads everything in the source's order, in blocks, converting to `type` (relative positions
  /// and the like are made from it later, in fp32). Throws `Error` with file and offset; on a GPU
  /// through one pinned buffer.
  TensorLoader(WeightSource& source, at::Device device, at::ScalarType type);
  /// Throws `Error` if it is not there or was taken.
  [[nodiscard]] at::Tensor take(const std::string& name);
  /// `WeightsHash` of all that was read.
  [[nodiscard]] std::uint64_t hash() const noexcept { return hash_.value(); }
  [[nodiscard]] at::Device device() const noexcept { return device_; }
  [[nodiscard]] at::ScalarType type() const noexcept { return type_; }

 private:
  at::Device device_;
  at::ScalarType type_;
  WeightsHash hash_;
  std::unordered_map<std::string, at::Tensor> tensors_;
};

}  // namespace pecia::engine::deepseek
