#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "pecia/page/reader.hpp"
#include "raster.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// What is to be made of an image while it is decoded.
struct Decoding {
  ImageRequest::Pixels pixels = ImageRequest::Pixels::any;
  bool exact = true;               ///< false: half the size, in gray, will do where that is cheaper
  Orientation orientation;         ///< from the rows as stored to the page as seen
  int longest_side_px = 0;         ///< > 0: made smaller to this
  std::uint64_t most_pixels = 0;   ///< made smaller to this
  double most_decoded_pixels = 0;  ///< of what is made smaller
  [[nodiscard]] bool gray() const { return pixels == ImageRequest::Pixels::gray; }
};
/// `max_pixels`, the reader's limit, and `request.most_pixels` are one to a decoder.
[[nodiscard]] Decoding decoding_of(const ImageRequest& request, std::uint64_t max_pixels,
                                   Orientation orientation = {});

struct Size {
  int width_px = 0, height_px = 0;
  friend bool operator==(const Size&, const Size&) = default;
};
/// What an image of this size is made smaller to. Throws PageError: (unreadable) for sizes below 1,
/// (too_large) where going over all of its pixels would take longer than a page may.
[[nodiscard]] Size fitted(double width_px, double height_px, const Decoding& wanted);

/// Which limit it is that an image of this size is made smaller for: "150 million pixels".
[[nodiscard]] std::string limit_on(double width_px, double height_px, const Decoding& wanted);

/// Takes an image row by row, top to bottom as stored, and makes the page's raster of it: in the
/// pixels that are wanted, averaged down as rows come in, turned as it is seen. The image as it is
/// stored is never in memory as a whole; one that needs nothing of this is written where it is sent
/// from.
class RowSink {
 public:
  /// Rows of `width_px` x `height_px`, which are those of an image of size `full` that was decoded
  /// smaller.
  RowSink(int width_px, int height_px, PixelFormat format, const Decoding& wanted, Size full);
  RowSink(int width_px, int height_px, PixelFormat format, const Decoding& wanted)
      : RowSink{width_px, height_px, format, wanted, {width_px, height_px}} {}

  /// Where the next row is to be written: row_bytes(format, width_px), not cleared.
  [[nodiscard]] std::byte* row();
  /// The row is complete. Once for each of `height_px`.
  void next();
  [[nodiscard]] Raster finish();

 private:
  [[nodiscard]] const std::byte* converted(const std::byte* line);
  void average(const std::byte* line);
  void add(double weight);
  void put(const std::byte* line);
  void flush_columns();

  Decoding wanted_;
  Size from_;           ///< of the rows that come
  Size to_;             ///< of the rows that are kept, as stored
  PixelFormat format_;  ///< of the rows that come
  bool averages_ = false;
  bool direct_ = false;
  Raster raster_;  ///< as seen
  int came_ = 0, made_ = 0;
  std::vector<std::byte> line_, converted_;
  /// Column n averages the source's [first, last], the ends by these shares.
  struct Cell {
    int first = 0, last = 0;
    float first_share = 1, last_share = 0;
  };
  std::vector<Cell> cells_;
  std::vector<float> across_, sums_;
  std::vector<std::byte> block_;  ///< rows that become columns, written together
  int block_rows_ = 0;
};

/// What Decoding says, of a raster that is there as a whole (Poppler's).
[[nodiscard]] Raster made_to_order(Raster raster, const Decoding& wanted);

}  // namespace pecia::page
