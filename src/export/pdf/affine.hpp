#pragma once

namespace pecia::exporting::pdf {

/// x' = a x + c y + e, y' = b x + d y + f, as PDF writes matrices.
struct Affine {
  double a = 1, b = 0, c = 0, d = 1, e = 0, f = 0;
};

/// First `one`, then `two`.
[[nodiscard]] constexpr Affine operator*(const Affine& one, const Affine& two) {
  return {one.a * two.a + one.b * two.c, one.a * two.b + one.b * two.d,         one.c * two.a + one.d * two.c,
          one.c * two.b + one.d * two.d, one.e * two.a + one.f * two.c + two.e, one.e * two.b + one.f * two.d + two.f};
}

/// Of a matrix whose determinant is not 0.
[[nodiscard]] constexpr Affine inverse(const Affine& m) {
  const double det = m.a * m.d - m.b * m.c;
  return {m.d / det, -m.b / det, -m.c / det, m.a / det, (m.c * m.f - m.d * m.e) / det, (m.b * m.e - m.a * m.f) / det};
}

}  // namespace pecia::exporting::pdf
