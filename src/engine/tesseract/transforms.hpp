#pragma once

#include "pecia/page/image.hpp"

// Where pixels of a changed image were: maps from its pixels to those of the image it was made of.
namespace pecia::engine {

/// First `inner`, then `outer`.
[[nodiscard]] constexpr page::Affine composed(const page::Affine& outer,
                                              const page::Affine& inner) {
  const auto& o = outer.m;
  const auto& i = inner.m;
  return {{o[0] * i[0] + o[2] * i[1], o[1] * i[0] + o[3] * i[1], o[0] * i[2] + o[2] * i[3],
           o[1] * i[2] + o[3] * i[3], o[0] * i[4] + o[2] * i[5] + o[4],
           o[1] * i[4] + o[3] * i[5] + o[5]}};
}

[[nodiscard]] constexpr page::Affine moved_by(double x, double y) { return {{1, 0, 0, 1, x, y}}; }

/// Of an image turned clockwise by so many quarters; width and height are those before.
[[nodiscard]] constexpr page::Affine turned_by(int quarters, double width, double height) {
  switch (quarters & 3) {
    case 1:
      return {{0, -1, 1, 0, 0, height}};
    case 2:
      return {{-1, 0, 0, -1, width, height}};
    case 3:
      return {{0, 1, -1, 0, width, 0}};
    default:
      return {};
  }
}

}  // namespace pecia::engine
