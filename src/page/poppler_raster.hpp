#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "raster.hpp"

namespace pecia::page {

/// A word of a page as Poppler takes it from the text there, visible or not; in points, from the top left corner of the crop
/// box after /Rotate, y down.
struct PopplerWord {
  struct Glyph {
    char32_t character = 0;
    double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  };
  std::vector<Glyph> glyphs;  ///< along the direction of writing, from left to right where that is from right to left
  int quarter_turns = 0;      ///< clockwise, as the word stands on the page
  bool vertical = false;      ///< writing mode
  bool space_after = false;   ///< a gap, and another word of its line behind it
  double size_pt = 0;         ///< of its font
};

/// A PDF in Poppler's hands: rasterises whatever a viewer would show, finds the text, and counts the pages of
/// documents that PoDoFo refuses.
class PopplerPdf {
 public:
  /// Throws PageError(encrypted) or (unreadable).
  PopplerPdf(std::span<const std::byte> bytes, const std::string& password);
  ~PopplerPdf();

  /// What its page tree says.
  [[nodiscard]] std::size_t claimed_pages() const;
  /// Pages that are really there: /Count may claim more.
  [[nodiscard]] std::uint32_t pages();
  struct Size {
    double width_pt = 0, height_pt = 0;  ///< crop box after /Rotate
  };
  /// Throws PageError(unreadable) if there is no such page. `page` counts from 1.
  [[nodiscard]] Size size(std::uint32_t page);
  /// Lines from top to bottom, column by column, words of a line from left to right.
  [[nodiscard]] std::vector<PopplerWord> words(std::uint32_t page);
  /// The whole crop box at these resolutions. `smooth` false: for bilevel images on their own grid.
  [[nodiscard]] Raster render(std::uint32_t page, double x_dpi, double y_dpi, bool color, bool smooth, std::uint64_t max_pixels);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::page
