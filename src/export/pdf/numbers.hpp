#pragma once

#include <string>

#include "affine.hpp"

namespace pecia::exporting::pdf {

/// As PDF writes numbers: no exponent, at most `decimals` of them, no trailing zeros.
[[nodiscard]] std::string number(double value, int decimals);
/// "a b c d e f", precise enough for a page of 14,400 units in 1/1000 of a unit.
[[nodiscard]] std::string numbers(const Affine& matrix);

}  // namespace pecia::exporting::pdf
