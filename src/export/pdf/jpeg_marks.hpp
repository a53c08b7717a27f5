#pragma once

#include <cstdint>
#include <string>

#include "pecia/corpus/image_header.hpp"
#include "source_file.hpp"

namespace pecia::exporting::pdf {

/// What the marks of a JPEG say before its first scan (ITU-T T.81, annex B).
struct JpegMarks {
  int frame = 0;  ///< the mark of its frame: 0xC0 baseline, 0xC2 progressive, ...; 0: there is none
  std::uint32_t width_px = 0, height_px = 0;
  int components = 0, bits = 0;
  bool components_are_rgb = false;  ///< by their ids
  bool jfif = false, adobe = false;
  corpus::JpegClaims claims;  ///< orientation and resolution
  std::string icc;
};

/// What lies between segments, and is none, is passed over, as by libjpeg. Throws `std::runtime_error` where it is cut off.
[[nodiscard]] JpegMarks read_marks(const SourceFile& file, std::uint64_t offset, std::uint64_t size);

}  // namespace pecia::exporting::pdf
