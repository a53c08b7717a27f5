#pragma once

#include <string>
#include <string_view>

namespace pecia::merge {

/// What is wrong with a formula in LaTeX: braces, \left and \right, environments, delimiters. Empty: nothing that shows without
/// knowing its macros. One pass; nesting costs memory in proportion, no stack.
[[nodiscard]] std::string problem_of_formula(std::string_view latex);

/// The same for the formulas in a text: \( \), \[ \], $$ $$. A single '$' in a text is a sign for money and is not judged.
[[nodiscard]] std::string problem_of_math(std::string_view text);

}  // namespace pecia::merge
