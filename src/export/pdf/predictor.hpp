#pragma once

#include <zlib.h>

#include <cstddef>
#include <cstdint>
#include <qpdf/Pipeline.hh>
#include <span>
#include <vector>

namespace pecia::exporting::pdf {

/// Rows of samples, Flate-coded behind the PNG filter that suits each row best (PNG specification, 9 and 12.8: the least sum
/// of differences); for PDF's /Predictor 15.
///
/// By zlib's level 6: what is left of paper is noise, on which 9 takes ten times as long for 4 to 13 % fewer bytes.
class PredictedRows {
 public:
  /// `pixel_bytes`: of a whole pixel, 1 where pixels share bytes.
  PredictedRows(Pipeline& to, std::size_t row_bytes, std::size_t pixel_bytes);
  ~PredictedRows();
  PredictedRows(const PredictedRows&) = delete;
  PredictedRows& operator=(const PredictedRows&) = delete;
  void row(std::span<const std::uint8_t> samples);
  void finish();

 private:
  void deflate(int flush);

  Pipeline& to_;
  z_stream stream_{};
  std::size_t pixel_bytes_;
  std::vector<std::uint8_t> before_, best_, candidate_, coded_;
};

}  // namespace pecia::exporting::pdf
