#pragma once

#include <optional>
#include <string>

#include "pecia/device/device.hpp"
#include "pecia/engine/deepseek_settings.hpp"

// What the engine of a rank computes on, and in what.
namespace pecia::engine::deepseek {

/// The GPU of a rank; nothing: it computes on the CPU. Throws `UsageError` where the settings ask
/// for a GPU and there is none that LibTorch can use.
[[nodiscard]] std::optional<device::Gpu> gpu_of(const DeepseekSettings& settings, int local_rank);

/// bf16 or fp32, never automatic: bf16 on a GPU, and on a CPU that multiplies in it.
[[nodiscard]] DeepseekSettings::Dtype dtype_of(const DeepseekSettings& settings, bool on_gpu);

/// One line for `pecia doctor`: device, numbers, versions.
[[nodiscard]] std::string describe(const DeepseekSettings& settings, int local_rank);

}  // namespace pecia::engine::deepseek
