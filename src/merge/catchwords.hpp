#pragma once

#include <span>
#include <vector>

#include "layout.hpp"

namespace pecia::merge {

/// Finds catchwords (at the foot, the first words of the next page) and signatures (A2, B iij, "Tome I. C") among the lines
/// at the foot of pages. Of `edges`, in which running heads and page numbers are known already, one a page.
void find_catchwords(std::span<const PageModel> pages, std::span<PageEdges> edges);

}  // namespace pecia::merge
