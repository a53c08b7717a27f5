#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "weight_source.hpp"

namespace pecia::engine::deepseek {

/// The first element of `values` (little-endian, whole elements) that is infinite or no number.
[[nodiscard]] std::optional<std::size_t> first_not_finite(std::span<const std::byte> values,
                                                          TensorType type) noexcept;

}  // namespace pecia::engine::deepseek
