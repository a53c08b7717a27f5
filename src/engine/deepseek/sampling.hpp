#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <span>
#include <vector>

namespace pecia::engine::deepseek {

/// The next id of a sequence.
struct Choice {
  std::int32_t id = -1;       ///< -1: the logits are no numbers
  float log_probability = 0;  ///< the model's own, before anything was banned; natural logarithm
};

/// logits: (rows, vocabulary), fp32. The most likely id that is not banned, of equal ones the
/// lowest; where all are banned, the most likely one.
[[nodiscard]] std::vector<Choice> choose(const at::Tensor& logits,
                                         std::span<const std::vector<std::int32_t>> banned);

}  // namespace pecia::engine::deepseek
