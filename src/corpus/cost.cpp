#include <algorithm>

#include "pecia/corpus/manifest.hpp"

namespace pecia::corpus {
namespace {

// Seconds of one core for Tesseract: non-negative least squares, weighted for relative error, on
// 106 pages of 38 documents as `pecia-page` sees them (Spearman .77; .67 with whole documents held
// out). Bytes stand for text: a coding spends them on edges. The count of text operators adds
// nothing to the bytes of the contents, since some producers show a line with each and others a
// letter.
constexpr double base_s = 0.23;
constexpr double per_megapixel_s = 0.019;
constexpr double per_lossless_kilobyte_s = 0.0107;
constexpr double per_lossy_kilobyte_s = 0.0015;
constexpr double per_contents_kilobyte_s = 0.17;
constexpr double unknown_page_s = 1.2;
constexpr double longest_s = 30;

// Beyond these, bytes are photographs, noise and drawings, not more text.
constexpr double most_lossless_kilobytes = 120;
constexpr double most_lossy_kilobytes = 1000;
constexpr double most_contents_kilobytes = 10;
// The same page takes about a third of G4's bytes as JBIG2, and half of JPEG's as JPEG 2000.
constexpr double jbig2_to_g4 = 3;
constexpr double jpeg2000_to_jpeg = 2;

double text_s(Coding coding, double kilobytes) noexcept {
  switch (coding) {
    case Coding::drawn:
      return per_contents_kilobyte_s * std::min(kilobytes, most_contents_kilobytes);
    case Coding::jbig2:
      kilobytes *= jbig2_to_g4;
      [[fallthrough]];
    case Coding::g3:
    case Coding::g4:
    case Coding::none:
    case Coding::flate:
    case Coding::lzw:
      return per_lossless_kilobyte_s * std::min(kilobytes, most_lossless_kilobytes);
    case Coding::jpeg2000:
      kilobytes *= jpeg2000_to_jpeg;
      [[fallthrough]];
    case Coding::jpeg:
    case Coding::mixed:
    case Coding::unknown:
      break;
  }
  return per_lossy_kilobyte_s * std::min(kilobytes, most_lossy_kilobytes);
}

}  // namespace

double estimate_cost_s(const PageEvidence& page) noexcept {
  const double megapixels =
      static_cast<double>(page.width_px) * static_cast<double>(page.height_px) / 1e6;
  const bool unknown = page.coding == Coding::unknown && page.compressed_bytes == 0;
  if (!(megapixels > 0) || unknown) return unknown_page_s;
  const auto kilobytes = static_cast<double>(page.compressed_bytes) / 1000;
  return std::min(base_s + megapixels * per_megapixel_s + text_s(page.coding, kilobytes),
                  longest_s);
}

}  // namespace pecia::corpus
