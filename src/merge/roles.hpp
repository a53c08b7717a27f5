#pragma once

#include <vector>

#include "layout.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// Finds what the lines and blocks of all pages are, splits blocks that hold several things, sets printed page numbers, and
/// puts columns in order. Blocks say why in `evidence`; moves are added to the book's changes. Returns what was measured, a
/// page each.
[[nodiscard]] std::vector<PageLayout> find_roles(Book& book, const MergeSettings& settings, const Outline& outline);

}  // namespace pecia::merge
