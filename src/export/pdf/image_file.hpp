#pragma once

#include <cstdint>
#include <memory>
#include <qpdf/QPDF.hh>
#include <string>
#include <vector>

#include "source_file.hpp"

namespace pecia::exporting::pdf {

/// An image as it is stored, and how it is to be held.
struct StoredImage {
  QPDFObjectHandle object;
  std::uint32_t width_px = 0, height_px = 0;  ///< as stored
  int orientation = 1;                        ///< as of EXIF and TIFF, 1 to 8
  std::string obstacle{};                     ///< to PDF/A, that its object does not show
  bool jpeg_decoded = false;                  ///< it was a JPEG, which is larger without being one
  double dpi = 0;                             ///< as the file says, by the rule of `pecia-page`; 0: it says none
  std::string lost{};                         ///< why there is no `object`, where its pixels cannot be had
};

/// Pages whose pixels could not be decoded when the PDF was written, and are white in it; ascending.
struct LostPixels {
  std::vector<std::uint32_t> whole, in_part;
};

/// A file of one image or several.
class ImageFile {
 public:
  virtual ~ImageFile() = default;
  [[nodiscard]] virtual std::uint32_t pages() { return 1; }
  /// `page` counts from 0; they are asked for in their order. Its data are read when the PDF is written, from the file that
  /// this object keeps open.
  [[nodiscard]] virtual StoredImage image(QPDF& pdf, std::uint32_t page) = 0;
  /// Known when the PDF is written.
  [[nodiscard]] virtual LostPixels lost() const { return {}; }
};

[[nodiscard]] std::unique_ptr<ImageFile> open_jpeg(std::shared_ptr<const SourceFile> file);
[[nodiscard]] std::unique_ptr<ImageFile> open_jpeg2000(std::shared_ptr<const SourceFile> file);
[[nodiscard]] std::unique_ptr<ImageFile> open_png(std::shared_ptr<const SourceFile> file);
[[nodiscard]] std::unique_ptr<ImageFile> open_tiff(std::shared_ptr<const SourceFile> file);

/// "/Type/XObject/Subtype/Image/Width .../Height .../BitsPerComponent ..."
[[nodiscard]] std::string image_keys(std::uint32_t width_px, std::uint32_t height_px, int bits);
/// Of images without a profile: /DeviceGray, /DeviceRGB, /DeviceCMYK; [/ICCBased ...] where `icc` is a profile of so many
/// components.
[[nodiscard]] QPDFObjectHandle color_space(QPDF& pdf, int components, const std::string& icc);

}  // namespace pecia::exporting::pdf
