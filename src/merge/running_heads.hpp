#pragma once

#include <span>
#include <string>

#include "layout.hpp"

namespace pecia::merge {

/// Finds running heads and feet and page numbers among the lines at the edges of pages, which it compares with those of
/// pages nearby: text that comes again, numbers that count on with the pages, places where neighbours have theirs.
/// `labels` are the pages' names in a PDF, or nothing. With `numbers_only` text stays (forms have it as a part).
void find_running_heads(std::span<PageEdges> pages, std::span<const std::string> labels, bool numbers_only);

}  // namespace pecia::merge
