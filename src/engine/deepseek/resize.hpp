#pragma once

#include <cstdint>
#include <functional>

#include "pecia/page/image.hpp"
#include "resize_kernels.hpp"

namespace pecia::engine::deepseek {

/// Pillow's bicubic resize of 8-bit images before version 13, bit by bit (section 2.5):
/// horizontally first, 8 bits between the passes. Calls put(y, row) for each row of the result from
/// top to bottom: three bytes a pixel of rgb8, one of gray1 and gray8 (0 = black).
void resize(const page::Image& image, int width_px, int height_px,
            const std::function<void(int, const std::uint8_t*)>& put,
            const ResizeKernels& kernels = best_kernels());

/// What each of `out` pixels along an axis takes of `in` pixels.
[[nodiscard]] Weights bicubic_weights(int in, int out);

}  // namespace pecia::engine::deepseek
