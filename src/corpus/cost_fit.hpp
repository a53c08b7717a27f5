#pragma once

#include <span>
#include <vector>

#include "cost_features.hpp"

namespace pecia::corpus {

struct FitPage {
  Features features{};
  float seconds = 0;
  float weight = 1;  ///< 1: a page that says as much as one of a document of its own
};

/// Rates that are not negative, for the least squares of ln(taken / predicted), by Tukey's
/// biweight: a page that takes thirty times what pages like it take has no say.
///
/// `before` counts like `before_weight` pages that it predicts to the second, up to a factor common
/// to all rates: that another processor is twice as fast is learned from few pages, that it is so
/// for photographs only, from many.
[[nodiscard]] Rates fit_rates(std::span<const FitPage> pages, const Rates& before,
                              double before_weight);

}  // namespace pecia::corpus
