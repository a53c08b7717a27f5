#pragma once

#include "pecia/page/reader.hpp"

namespace pecia::engine {

/// Tesseract counts pixels of a side in 16 bits.
inline constexpr int tesseract_longest_side_px = 32767;

/// What Tesseract wants of every page, in this process or another.
[[nodiscard]] inline page::ImageRequest tesseract_request() {
  page::ImageRequest request;
  request.pixels = page::ImageRequest::Pixels::gray;  // it would make gray of colour itself
  request.dpi = 300;
  request.longest_side_px = tesseract_longest_side_px;
  // It takes some 18 bytes a pixel: a page of these takes a gigabyte. A broadsheet at 350 dpi has
  // as many.
  request.most_pixels = 50'000'000;
  return request;
}

}  // namespace pecia::engine
