#pragma once

#include <podofo/podofo.h>
#include <zlib.h>

#include <cstddef>
#include <span>
#include <vector>

// Inside pecia-page only.
namespace pecia::page {

/// A number of a filter's /DecodeParms; nullptr has none.
[[nodiscard]] double parameter(PoDoFo::PdfObject* parameters, const char* key, double otherwise);

/// What /Predictor does to rows: PNG's (PNG specification, 9.2) or TIFF's. In place of the filter
/// library, which fails below 8 bits a pixel.
struct Predictor {
  int kind =
      1;  ///< 1: none; 2: TIFF's; else PNG's, where each row begins with a byte for its filter
  std::size_t pixel_bytes = 1, row_bytes = 0;

  /// Throws PageError(unsupported).
  explicit Predictor(PoDoFo::PdfObject* parameters);
  /// Undoes it in `row`, where `above` is the row before, undone.
  void undo(int filter, std::span<std::byte> row, std::span<const std::byte> above) const;
};

/// The bytes of a FlateDecode stream as they are asked for: an image is never inflated as a whole.
class FlateBytes {
 public:
  FlateBytes(std::vector<std::byte> bytes, PoDoFo::PdfObject* parameters);
  ~FlateBytes() { inflateEnd(&stream_); }
  FlateBytes(const FlateBytes&) = delete;
  FlateBytes& operator=(const FlateBytes&) = delete;

  /// How many there were: fewer at the end of the stream, or where it is damaged.
  std::size_t read(std::span<std::byte> out);

 private:
  std::size_t inflate_into(std::span<std::byte> out);
  bool next_row();

  std::vector<std::byte> bytes_;
  Predictor predictor_;
  z_stream stream_{};
  int status_ = Z_OK;
  std::vector<std::byte> row_, above_;
  std::size_t in_row_ = 0, at_ = 0;
};

/// All of a stream that is another one inside, at most `most_bytes`.
[[nodiscard]] std::vector<std::byte> inflated(std::vector<std::byte> bytes,
                                              PoDoFo::PdfObject* parameters,
                                              std::size_t most_bytes);

}  // namespace pecia::page
