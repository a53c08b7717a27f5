#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "pecia/corpus/document.hpp"

namespace pecia::corpus {

constexpr std::size_t features_count = 10;
using Features = std::array<float, features_count>;
using Rates = std::array<double, features_count>;  ///< seconds per unit of the feature

constexpr double largest_rate = 1000;  ///< no unit of any feature takes longer

/// In the order of `Features`; docs/formats.md says what they are.
extern const std::array<std::string_view, features_count> feature_names;

/// None is negative, infinite or absurdly large, whatever the evidence says. A page that was
/// measured has other features than one that was not.
[[nodiscard]] Features features_of(const PageEvidence& page) noexcept;

/// Always above 0.
[[nodiscard]] double seconds_of(const Features& features, const Rates& rates) noexcept;

/// A page of the document, given the measurements of its measured neighbours if it has none.
[[nodiscard]] PageEvidence with_measurements(const Document& document, std::uint32_t position);
/// The same for every page at once.
[[nodiscard]] std::vector<PageEvidence> with_measurements(const Document& document);

}  // namespace pecia::corpus
