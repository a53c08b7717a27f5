#pragma once

#include <c10/core/DeviceGuard.h>

#include <optional>
#include <string>

#include "pecia/engine/deepseek_settings.hpp"

// Which of its host's GPUs a rank computes on, and what that is.
namespace pecia::engine::deepseek {

/// Makes the GPU of a rank this thread's current one, as long as the guard lives; nothing where the
/// settings want none or LibTorch can use none.
[[nodiscard]] std::optional<c10::DeviceGuard> use_gpu_of_rank(const DeepseekSettings& settings,
                                                              int local_rank);

/// One line for `pecia doctor`: device, numbers that it computes in, versions. Throws `UsageError`
/// where the settings ask for a GPU and there is none.
[[nodiscard]] std::string describe(const DeepseekSettings& settings, int local_rank);

}  // namespace pecia::engine::deepseek
