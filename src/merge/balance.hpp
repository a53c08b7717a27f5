#pragma once

#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// Marks every character of every page that a unit or a change accounts for, and counts the others: those that nothing has, and those
/// that stand in two places.
[[nodiscard]] Balance balance_of(const Book& book);

}  // namespace pecia::merge
