#pragma once

#include <cstddef>
#include <span>

// What headers of images say of how they are seen: one rule for reading them and for making PDFs of them.
namespace pecia::corpus {

/// `unit` as of the tag ResolutionUnit (TIFF 6.0, section 8): 1 none, 2 inch, 3 centimetre. 0 if it says none that can be true.
[[nodiscard]] double dpi_of_tiff(double resolution, int unit);
/// Of the chunk pHYs in metres; likewise.
[[nodiscard]] double dpi_of_png(double pixels_per_metre);

/// What the markers of a JPEG say in front of its scan; of several EXIF blocks (a program has added its own, say) together.
class JpegClaims {
 public:
  /// `unit` of the marker JFIF: 0 none, 1 inch, 2 centimetre.
  void add_jfif(int unit, int density);
  /// The contents of an APP1 marker; what is no EXIF block, or a damaged one, says nothing.
  void add_exif(std::span<const std::byte> block);

  /// 1 to 8; others, which mean nothing, as they stand. The last that is not 1.
  [[nodiscard]] int orientation() const { return orientation_; }
  /// JFIF's, or the first of an EXIF block that can be true; else 0.
  [[nodiscard]] double dpi() const { return jfif_dpi_ > 0 ? jfif_dpi_ : exif_dpi_; }

 private:
  int orientation_ = 1;
  double jfif_dpi_ = 0, exif_dpi_ = 0;
};

}  // namespace pecia::corpus
