#pragma once

#include "resize_kernels.hpp"

namespace pecia::engine::deepseek {

/// Null where the processor does not have AVX2.
[[nodiscard]] const ResizeKernels* avx2_kernels() noexcept;

}  // namespace pecia::engine::deepseek
