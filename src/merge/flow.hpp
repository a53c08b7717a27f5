#pragma once

#include <vector>

#include "layout.hpp"
#include "pecia/merge/book.hpp"

namespace pecia::merge {

/// Makes the book's units of the blocks of its pages, and its changes of what is joined and taken out on the way.
void flow_units(Book& book, const MergeSettings& settings, const std::vector<PageLayout>& layouts);

}  // namespace pecia::merge
