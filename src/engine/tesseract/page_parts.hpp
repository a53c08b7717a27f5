#pragma once

#include <functional>
#include <vector>

#include "leptonica_image.hpp"
#include "pecia/engine/engine.hpp"
#include "tesseract/orientation.hpp"

namespace pecia::engine {

/// What of a page is read as if it were a page of its own: all of it, mostly.
struct PagePart {
  PixPointer pix;
  page::Affine to_page;  ///< pix's pixels -> page coordinates
  Steps steps;           ///< what was done to get it; of a page in two parts, the first has those of the whole page
  bool turned = false;   ///< upright, for another reading: that is what differs from the first one
};

/// The page turned upright (only in another reading, but not in one by rows), made level where its
/// lines are not, and, if `options.split`, without dark borders and as two parts if it is a two-up
/// scan, the left one first. At least one. `pix`: the pixels of `image`. Throws
/// `MemoryError`.
[[nodiscard]] std::vector<PagePart> parts_of(PixPointer pix, const page::Image& image,
                                             const ReadOptions& options, Orienting& orienting);

/// Readings of a page's parts as one, in their order: an empty line between them, their steps one
/// after the other.
[[nodiscard]] result::Reading joined(std::vector<result::Reading> readings);

/// Reads every part, and joins what was read.
using ReadPart = std::function<result::Reading(const PagePart&)>;
[[nodiscard]] result::Reading read_parts(std::vector<PagePart> parts, const ReadPart& read);

}  // namespace pecia::engine
