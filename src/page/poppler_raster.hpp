#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "raster.hpp"

namespace pecia::page {

/// A PDF in Poppler's hands: rasterises whatever a viewer would show, and counts the pages of
/// documents that PoDoFo refuses.
class PopplerPdf {
 public:
  /// Throws PageError(encrypted) or (unreadable).
  PopplerPdf(std::span<const std::byte> bytes, const std::string& password);
  ~PopplerPdf();

  /// Pages that are really there: /Count may claim more.
  [[nodiscard]] std::uint32_t pages();
  struct Size {
    double width_pt = 0, height_pt = 0;  ///< crop box after /Rotate
  };
  /// Throws PageError(unreadable) if there is no such page. `page` counts from 1.
  [[nodiscard]] Size size(std::uint32_t page);
  /// The whole crop box at these resolutions. `smooth` false: for bilevel images on their own grid.
  [[nodiscard]] Raster render(std::uint32_t page, double x_dpi, double y_dpi, bool color, bool smooth, std::uint64_t max_pixels);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace pecia::page
