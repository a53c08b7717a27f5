#include "jpeg.hpp"

#include <cstdio>  // jpeglib.h needs FILE

#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <algorithm>
#include <new>
#include <string>
#include <vector>

#include "document.hpp"
#include "pecia/corpus/image_header.hpp"

namespace pecia::page {
namespace {

constexpr unsigned marker_bytes = 0xFFFF;

std::string message_of(j_common_ptr info) {
  char text[JMSG_LENGTH_MAX];
  info->err->format_message(info, text);
  return text;
}

/// Where one Huffman-coded scan holds all, the decoder itself says (JWRN_HIT_MARKER) when pixels lack;
/// the end of the file alone means that the two bytes of the end mark do.
bool only_end_mark_may_lack(const jpeg_decompress_struct& info) {
  return info.comps_in_scan > 0 && info.comps_in_scan == info.num_components && !info.progressive_mode && !info.arith_code;
}

/// Sound as it may be: 12 bits, lossless, arithmetically coded.
bool is_other_kind(int message) {
  return message == JERR_BAD_PRECISION || message == JERR_SOF_UNSUPPORTED || message == JERR_ARITH_NOTIMPL ||
         message == JERR_CONVERSION_NOTIMPL;
}

/// libjpeg's state. Its errors leave by a C++ exception: the library is built with unwind tables.
class Decompressor {
 public:
  explicit Decompressor(std::span<const std::byte> bytes) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr info) {
      if (info->err->msg_code == JERR_OUT_OF_MEMORY) throw std::bad_alloc{};
      throw PageError{is_other_kind(info->err->msg_code) ? Reason::unsupported : Reason::unreadable,
                      (is_other_kind(info->err->msg_code) ? "a JPEG of a kind that is not read: " : "damaged JPEG: ") + message_of(info)};
    };
    errors_.emit_message = [](j_common_ptr info, int level) {
      const bool ends = info->err->msg_code == JWRN_JPEG_EOF && !only_end_mark_may_lack(*reinterpret_cast<j_decompress_ptr>(info));
      if (level < 0 && (ends || info->err->msg_code == JWRN_HIT_MARKER))
        throw PageError{Reason::unreadable, "the JPEG is cut off or damaged: " + message_of(info)};
    };
    try {
      jpeg_create_decompress(&info_);
      jpeg_save_markers(&info_, JPEG_APP0 + 1, marker_bytes);
      jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
      jpeg_read_header(&info_, TRUE);
    } catch (...) {
      jpeg_destroy_decompress(&info_);
      throw;
    }
  }
  ~Decompressor() { jpeg_destroy_decompress(&info_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  jpeg_decompress_struct& operator*() { return info_; }
  jpeg_decompress_struct* operator->() { return &info_; }

 private:
  jpeg_decompress_struct info_{};
  jpeg_error_mgr errors_{};
};

constexpr unsigned whole_scale = 8;  ///< of libjpeg-turbo's n/8
/// What the coefficients of a progressive file, which it needs all at once, may take.
constexpr std::uint64_t most_coefficient_bytes = std::uint64_t{1} << 30;

/// The smallest n/8 that does not fall below what is wanted.
unsigned scale_for(const jpeg_decompress_struct& info, const Decoding& wanted) {
  const auto target = fitted(info.image_width, info.image_height, wanted);
  const auto enough = [](std::uint64_t side, std::uint64_t n, int least) {
    return (side * n + whole_scale - 1) / whole_scale >= static_cast<std::uint64_t>(least);
  };
  unsigned n = wanted.exact ? whole_scale : whole_scale / 2;
  while (n > 1 && enough(info.image_width, n - 1, target.width_px) && enough(info.image_height, n - 1, target.height_px)) --n;
  return n;
}

void check_progressive(jpeg_decompress_struct& info) {
  if (!jpeg_has_multiple_scans(&info)) return;
  std::uint64_t coefficients = 0;
  for (int n = 0; n < info.num_components; ++n) {
    const auto& component = info.comp_info[n];
    coefficients += std::uint64_t{component.width_in_blocks} * component.height_in_blocks * DCTSIZE2;
  }
  if (coefficients * sizeof(JCOEF) > most_coefficient_bytes)
    throw PageError{Reason::too_large, fmt::format("a progressive JPEG of {} x {} pixels has to be in memory as a whole, which takes {} MB. "
                                                   "Saved as a baseline JPEG it can be read",
                                                   info.image_width, info.image_height, coefficients * sizeof(JCOEF) / 1'000'000)};
}

/// One row of CMYK to RGB, in its place. Adobe's files hold the inverse of ink.
void rgb_of_row(std::vector<std::byte>& cmyk, bool inverted, std::byte* rgb) {
  if (inverted) std::ranges::transform(cmyk, cmyk.begin(), [](std::byte b) { return ~b; });
  rgb_of_cmyk(cmyk.data(), rgb, cmyk.size() / 4);
}

class JpegFile final : public SingleImage {
 public:
  JpegFile(std::span<const std::byte> bytes, const JpegHeader& header)
      : SingleImage{bytes,
                    {header.width_px, header.height_px, header.orientation, header.dpi, corpus::Coding::jpeg}} {}

 private:
  Raster decode(const Decoding& wanted) override { return decode_jpeg(bytes_, wanted); }
};

}  // namespace

JpegHeader read_jpeg_header(std::span<const std::byte> bytes) {
  Decompressor jpeg{bytes};
  JpegHeader header;
  header.width_px = static_cast<int>(jpeg->image_width);
  header.height_px = static_cast<int>(jpeg->image_height);
  header.components = jpeg->num_components;
  corpus::JpegClaims claims;
  if (jpeg->saw_JFIF_marker) claims.add_jfif(jpeg->density_unit, jpeg->X_density);
  for (auto* marker = jpeg->marker_list; marker; marker = marker->next)
    claims.add_exif(std::as_bytes(std::span{marker->data, marker->data_length}));
  header.orientation = claims.orientation();
  header.dpi = claims.dpi();
  return header;
}

Raster decode_jpeg(std::span<const std::byte> bytes, const Decoding& wanted) {
  Decompressor jpeg{bytes};
  const bool four = jpeg->num_components == 4;
  // libjpeg-turbo makes gray of RGB row by row; of YCbCr it decodes the luminance alone.
  const bool as_gray = !four && (wanted.gray() || !wanted.exact || jpeg->num_components == 1);
  jpeg->out_color_space = four ? JCS_CMYK : as_gray ? JCS_GRAYSCALE : JCS_RGB;
  check_progressive(*jpeg);
  jpeg->scale_num = scale_for(*jpeg, wanted);
  jpeg->scale_denom = whole_scale;
  jpeg_start_decompress(&*jpeg);
  const int width = static_cast<int>(jpeg->output_width), height = static_cast<int>(jpeg->output_height);
  RowSink sink{width, height, as_gray ? PixelFormat::gray8 : PixelFormat::rgb8, wanted,
               {static_cast<int>(jpeg->image_width), static_cast<int>(jpeg->image_height)}};
  std::vector<std::byte> cmyk(four ? 4 * static_cast<std::size_t>(width) : 0);
  while (jpeg->output_scanline < jpeg->output_height) {
    auto* row = reinterpret_cast<JSAMPROW>(four ? cmyk.data() : sink.row());
    jpeg_read_scanlines(&*jpeg, &row, 1);
    if (four) rgb_of_row(cmyk, jpeg->saw_Adobe_marker, sink.row());
    sink.next();
  }
  jpeg_finish_decompress(&*jpeg);
  auto raster = sink.finish();
  raster.reduction = wanted.exact ? 1 : 2;
  return raster;
}

std::unique_ptr<Document> open_jpeg(std::span<const std::byte> bytes) {
  return std::make_unique<JpegFile>(bytes, read_jpeg_header(bytes));
}

}  // namespace pecia::page
