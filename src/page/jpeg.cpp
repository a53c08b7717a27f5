#include "jpeg.hpp"

#include <cstdio>  // jpeglib.h needs FILE

#include <fmt/format.h>
#include <jerror.h>
#include <jpeglib.h>

#include <string>

#include "document.hpp"
#include "exif.hpp"

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

/// libjpeg's state. Its errors leave by a C++ exception: the library is built with unwind tables.
class Decompressor {
 public:
  explicit Decompressor(std::span<const std::byte> bytes) {
    info_.err = jpeg_std_error(&errors_);
    errors_.error_exit = [](j_common_ptr info) {
      throw PageError{Reason::unreadable, "damaged JPEG: " + message_of(info)};
    };
    errors_.emit_message = [](j_common_ptr info, int level) {
      const bool ends = info->err->msg_code == JWRN_JPEG_EOF && !only_end_mark_may_lack(*reinterpret_cast<j_decompress_ptr>(info));
      if (level < 0 && (ends || info->err->msg_code == JWRN_HIT_MARKER))
        throw PageError{Reason::unreadable, "the JPEG is cut off or damaged: " + message_of(info)};
    };
    jpeg_create_decompress(&info_);
    jpeg_save_markers(&info_, JPEG_APP0 + 1, marker_bytes);
    jpeg_mem_src(&info_, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
    jpeg_read_header(&info_, TRUE);
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

/// One row of CMYK to RGB. Adobe's files hold the inverse of ink.
void cmyk_to_rgb(const std::vector<std::byte>& cmyk, bool inverted, std::byte* rgb, int width_px) {
  for (int x = 0; x < width_px; ++x) {
    const auto ink = [&](int n) {
      const auto value = std::to_integer<int>(cmyk[static_cast<std::size_t>(4 * x + n)]);
      return inverted ? value : 255 - value;  // of light that is left
    };
    for (int n = 0; n < 3; ++n) rgb[3 * x + n] = static_cast<std::byte>(ink(n) * ink(3) / 255);
  }
}

class JpegFile final : public SingleImage {
 public:
  JpegFile(std::span<const std::byte> bytes, const JpegHeader& header)
      : SingleImage{bytes,
                    {header.width_px, header.height_px, header.orientation, header.dpi, corpus::Coding::jpeg}} {}

 private:
  Raster decode(const ImageRequest& request, std::uint64_t max_pixels) override {
    return decode_jpeg(bytes_, request.pixels == ImageRequest::Pixels::gray, max_pixels, request.exact);
  }
};

}  // namespace

JpegHeader read_jpeg_header(std::span<const std::byte> bytes) {
  Decompressor jpeg{bytes};
  JpegHeader header;
  header.width_px = static_cast<int>(jpeg->image_width);
  header.height_px = static_cast<int>(jpeg->image_height);
  header.components = jpeg->num_components;
  if (jpeg->saw_JFIF_marker && jpeg->density_unit != 0)
    header.dpi = jpeg->X_density * (jpeg->density_unit == 2 ? 2.54 : 1.0);
  for (auto* marker = jpeg->marker_list; marker; marker = marker->next) {
    const auto exif = read_exif(std::as_bytes(std::span{marker->data, marker->data_length}));
    if (exif.orientation != 1) header.orientation = exif.orientation;
    if (plausible_dpi(header.dpi) == 0) header.dpi = exif.dpi;
  }
  header.dpi = plausible_dpi(header.dpi);
  return header;
}

Raster decode_jpeg(std::span<const std::byte> bytes, bool gray, std::uint64_t max_pixels, bool exact) {
  Decompressor jpeg{bytes};
  const bool four = jpeg->num_components == 4;
  const bool has_luminance = jpeg->jpeg_color_space == JCS_GRAYSCALE || jpeg->jpeg_color_space == JCS_YCbCr;
  const bool as_gray = has_luminance && (gray || !exact || jpeg->num_components == 1);
  jpeg->out_color_space = four ? JCS_CMYK : as_gray ? JCS_GRAYSCALE : JCS_RGB;
  check_size(jpeg->image_width, jpeg->image_height, max_pixels);
  if (!exact) jpeg->scale_denom = 2 * jpeg->scale_num;
  jpeg_start_decompress(&*jpeg);
  auto raster = make_raster(static_cast<int>(jpeg->output_width), static_cast<int>(jpeg->output_height),
                            as_gray ? PixelFormat::gray8 : PixelFormat::rgb8, max_pixels);
  raster.reduction = exact ? 1 : 2;
  std::vector<std::byte> cmyk(four ? 4 * static_cast<std::size_t>(raster.width_px) : 0);
  while (jpeg->output_scanline < jpeg->output_height) {
    const auto y = static_cast<int>(jpeg->output_scanline);
    auto* row = reinterpret_cast<JSAMPROW>(four ? cmyk.data() : raster.row(y));
    jpeg_read_scanlines(&*jpeg, &row, 1);
    if (four) cmyk_to_rgb(cmyk, jpeg->saw_Adobe_marker, raster.row(y), raster.width_px);
  }
  jpeg_finish_decompress(&*jpeg);
  return gray ? to_gray(std::move(raster)) : raster;
}

std::unique_ptr<Document> open_jpeg(std::span<const std::byte> bytes) {
  return std::make_unique<JpegFile>(bytes, read_jpeg_header(bytes));
}

}  // namespace pecia::page
