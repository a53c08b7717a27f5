#pragma once

#include "pecia/page/reader.hpp"
#include "raster.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// gray8 to gray1: black is what is clearly darker than the paper around it, so that stains,
/// shadows and show-through do not count as ink.
[[nodiscard]] Raster ink_of(const Raster& gray);

/// Counts on a page as a decoder gave it. They are taken at half the size at which an engine reads,
/// so that one page counts the same in every coding: `raster.reduction` says whether it has that
/// size. The same sheet scanned at twice the resolution has about twice the transitions (twice the
/// rows), and costs more to read, too; letters are counted alike from 100 to 600 dpi.
[[nodiscard]] Density measure(Raster raster);

}  // namespace pecia::page
