#pragma once

#include "pecia/page/reader.hpp"

namespace pecia::engine::deepseek {

/// What the model wants of every page, in this process or another. At 200 dpi A4 has as many pixels as its six tiles.
[[nodiscard]] inline page::ImageRequest image_request() {
  page::ImageRequest request;
  request.pixels = page::ImageRequest::Pixels::rgb;
  request.dpi = 200;
  request.exact = true;
  return request;
}

}  // namespace pecia::engine::deepseek
