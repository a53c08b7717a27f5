#pragma once

#include <optional>

#include "leptonica_image.hpp"
#include "tesseract/paper.hpp"

namespace pecia::engine {

/// Heights of marks that may be letters, on a page reduced to about 150 dots an inch.
inline constexpr int least_letter_px = 6, largest_letter_px = 160;

/// Connected dark pixels of the size of a letter.
struct Mark {
  int x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< [x0, x1) x [y0, y1)
  double fill = 0;                     ///< share of its box
  double stroke_px = 0;                ///< mean width of its lines
  [[nodiscard]] int height() const { return y1 - y0; }
};

/// What is darker than the paper by more than `contrast`, 1 bit a pixel. Throws `MemoryError`.
[[nodiscard]] PixPointer dark_of(const Gray& gray, const Paper& paper, double contrast);

/// The marks of an image, one after the other from its top.
class Marks {
 public:
  /// `dark`: 1 bit a pixel. Throws `MemoryError`, as does `next`.
  explicit Marks(PixPointer dark);
  ~Marks();
  Marks(const Marks&) = delete;
  Marks& operator=(const Marks&) = delete;

  /// The next one of the size of a letter that does not run out of the image.
  [[nodiscard]] std::optional<Mark> next();

 private:
  [[nodiscard]] Mark measured(int x, int y, int width, int height) const;

  PixPointer dark_, left_;
  L_Stack* stack_;
  l_int32 x_ = 0, y_ = 0;
};

}  // namespace pecia::engine
