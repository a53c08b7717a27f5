#pragma once

#include <string>

#include "pecia/corpus/cost_model.hpp"

namespace pecia::report {

/// Two lines for each engine whose pages were predicted, empty if none were.
[[nodiscard]] std::string cost_model_text(const corpus::CostModel& model);

}  // namespace pecia::report
