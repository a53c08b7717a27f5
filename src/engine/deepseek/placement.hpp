#pragma once

#include <ATen/core/Tensor.h>

#include <cstddef>

#include "config.hpp"
#include "pecia/engine/deepseek_settings.hpp"

// Where a model computes, in what, and with how much memory.
namespace pecia::engine::deepseek {

struct Placement {
  at::Device device = at::kCPU;
  at::ScalarType type = at::kFloat;
};
/// The GPU is the thread's current one. Throws `UsageError` if one is asked for and there is none.
[[nodiscard]] Placement choose_placement(const DeepseekSettings& settings);

/// Of a device's memory, or what a process may still have of the host's.
[[nodiscard]] std::size_t free_bytes(at::Device device);

/// Until all that was asked of a GPU is done; nothing on a CPU.
void wait_for(at::Device device);

struct Budget {
  int sequences = 1;  ///< generated together
  int blocks = 0;     ///< of the KV cache
};
/// `kv_bytes` for the KV cache. Throws `UsageError` if one page of the model's usual size does not
/// fit.
[[nodiscard]] Budget choose_budget(const DecoderConfig& config, int usual_prompt_tokens,
                                   std::size_t kv_bytes, int max_batch_pages,
                                   const Placement& placement);

}  // namespace pecia::engine::deepseek
