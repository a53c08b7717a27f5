#pragma once

#include <cstddef>

#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// Findings of a document are at most these, and one that says how many more there are.
inline constexpr std::size_t most_findings = 1000;

/// Fills `book.findings`, worst first within a page, and does the repairs that are safe where `settings.repair` allows; each is in
/// `book.changes`. Computes `book.balance` anew. docs/checks.md says what each finding means. Runs last: roles, units and
/// `PageModel::printed_number` are what it judges by. Time grows with the text, not with its square.
void check(Book& book, const MergeSettings& settings);

}  // namespace pecia::merge
