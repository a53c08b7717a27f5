#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "config.hpp"
#include "probe.hpp"
#include "tensor_loader.hpp"

namespace pecia::engine::deepseek {

/// Section 3: SAM, encoder, projector, separator. What is constant per resolution is made when it
/// is loaded.
struct Vision;
[[nodiscard]] std::shared_ptr<const Vision> load_vision(TensorLoader& weights,
                                                        const Config& config);

/// views: (N, S, S, 3) uint8 on any device, S = tile_px or base_px, of any pages together.
/// Result: (N, queries of S, decoder width) in the weights' type on their device. A view's rows do
/// not depend on the others. A probe sees the stages of some views at a time, (n, ...), in order.
[[nodiscard]] at::Tensor see(const Vision& vision, const at::Tensor& views,
                             const Probe& probe = {});
/// (decoder width)
[[nodiscard]] const at::Tensor& separator(const Vision& vision);

}  // namespace pecia::engine::deepseek
