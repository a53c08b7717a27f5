#pragma once

#include <optional>
#include <string>

#include "leptonica_image.hpp"

// Where on an image the page is, or the pages. All in the image's pixels.
namespace pecia::engine {

/// [x0, x1) x [y0, y1).
struct Area {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  friend bool operator==(const Area&, const Area&) = default;
};

/// The image without the dark borders that a scanner or a photograph of a book leaves around the
/// page. A side whose border is not plainly one keeps it, and where ink begins nothing is cut off.
[[nodiscard]] Area page_area(Pix* gray);

/// The gutter between the two pages of a two-up scan.
struct Gutter {
  int x = 0;             ///< where to cut
  std::string evidence;  ///< for a person
};

/// Nothing where the image may be one page: it is upright, one side is empty or has no lines, or
/// what parts the sides is not clearly wider than what parts columns. `scanned`: false for pages
/// that were rasterised from a document; these are two pages only where a fold shows.
[[nodiscard]] std::optional<Gutter> gutter_of(Pix* gray, const Area& area, bool scanned);

}  // namespace pecia::engine
