#include "jpeg2000.hpp"

#include <openjpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "document.hpp"

namespace pecia::page {
namespace {

/// A read-only stream over memory for OpenJPEG.
struct Memory {
  std::span<const std::byte> bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_memory(void* buffer, OPJ_SIZE_T wanted, void* data) {
  auto& memory = *static_cast<Memory*>(data);
  const auto size = std::min(wanted, memory.bytes.size() - memory.at);
  if (size == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(buffer, memory.bytes.data() + memory.at, size);
  memory.at += size;
  return size;
}

OPJ_OFF_T skip_memory(OPJ_OFF_T wanted, void* data) {
  auto& memory = *static_cast<Memory*>(data);
  const auto left = static_cast<OPJ_OFF_T>(memory.bytes.size() - memory.at);
  const auto skip = std::clamp<OPJ_OFF_T>(wanted, 0, left);
  memory.at += static_cast<std::size_t>(skip);
  return skip;
}

OPJ_BOOL seek_memory(OPJ_OFF_T to, void* data) {
  auto& memory = *static_cast<Memory*>(data);
  if (to < 0 || static_cast<std::size_t>(to) > memory.bytes.size()) return OPJ_FALSE;
  memory.at = static_cast<std::size_t>(to);
  return OPJ_TRUE;
}

struct FreeStream {
  void operator()(opj_stream_t* stream) const { opj_stream_destroy(stream); }
};
struct FreeCodec {
  void operator()(opj_codec_t* codec) const { opj_destroy_codec(codec); }
};
struct FreeImage {
  void operator()(opj_image_t* image) const { opj_image_destroy(image); }
};
using ImagePointer = std::unique_ptr<opj_image_t, FreeImage>;

class Decoder {
 public:
  explicit Decoder(std::span<const std::byte> bytes) : memory_{bytes} {
    const bool raw = bytes.size() > 1 && bytes[0] == std::byte{0xFF};  // a codestream without the JP2 box
    stream_.reset(opj_stream_default_create(OPJ_TRUE));
    codec_.reset(opj_create_decompress(raw ? OPJ_CODEC_J2K : OPJ_CODEC_JP2));
    opj_stream_set_user_data(stream_.get(), &memory_, nullptr);
    opj_stream_set_user_data_length(stream_.get(), bytes.size());
    opj_stream_set_read_function(stream_.get(), read_memory);
    opj_stream_set_skip_function(stream_.get(), skip_memory);
    opj_stream_set_seek_function(stream_.get(), seek_memory);
    opj_set_error_handler(codec_.get(), [](const char* text, void* last) { *static_cast<std::string*>(last) = text; }, &last_);
    opj_dparameters_t parameters;
    opj_set_default_decoder_parameters(&parameters);
    opj_image_t* image = nullptr;
    const bool good = opj_setup_decoder(codec_.get(), &parameters) &&
                      opj_read_header(stream_.get(), codec_.get(), &image);
    image_.reset(image);
    if (!good || !image_) fail();
    opj_decoder_set_strict_mode(codec_.get(), OPJ_TRUE);
  }
  [[nodiscard]] const opj_image_t& header() const { return *image_; }
  /// Leaves the finest resolution out, which most of the work is for; false if there is but one.
  bool halve() { return opj_set_decoded_resolution_factor(codec_.get(), 1) != OPJ_FALSE; }
  const opj_image_t& decode() {
    if (!opj_decode(codec_.get(), stream_.get(), image_.get()) || !opj_end_decompress(codec_.get(), stream_.get())) fail();
    return *image_;
  }

 private:
  [[noreturn]] void fail() const {
    auto text = last_;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    throw PageError{Reason::unreadable, "damaged JPEG 2000: " + text};
  }
  Memory memory_;
  std::string last_;
  std::unique_ptr<opj_stream_t, FreeStream> stream_;
  std::unique_ptr<opj_codec_t, FreeCodec> codec_;
  ImagePointer image_;
};

bool is_decoded(const opj_image_comp_t& component) {
  return component.data && component.w > 0 && component.h > 0 && component.prec > 0 && component.prec <= 31;
}

/// Component value at image position (x, y) as 8 bits: subsampled components repeat.
int sample(const opj_image_comp_t& component, int x, int y) {
  const auto cx = std::min(static_cast<OPJ_UINT32>(x) / component.dx, component.w - 1);
  const auto cy = std::min(static_cast<OPJ_UINT32>(y) / component.dy, component.h - 1);
  auto value = static_cast<std::int64_t>(component.data[static_cast<std::size_t>(cy) * component.w + cx]);
  if (component.sgnd) value += std::int64_t{1} << (component.prec - 1);
  const auto most = (std::int64_t{1} << component.prec) - 1;
  return static_cast<int>(std::clamp<std::int64_t>(value, 0, most) * 255 / most);
}

std::byte clamped(double value) { return static_cast<std::byte>(std::clamp(value + 0.5, 0.0, 255.0)); }

void put_rgb(const opj_image_t& image, int x, int y, std::byte* rgb) {
  const int a = sample(image.comps[0], x, y), b = sample(image.comps[1], x, y), c = sample(image.comps[2], x, y);
  if (image.color_space != OPJ_CLRSPC_SYCC) {
    rgb[0] = static_cast<std::byte>(a);
    rgb[1] = static_cast<std::byte>(b);
    rgb[2] = static_cast<std::byte>(c);
    return;
  }
  rgb[0] = clamped(a + 1.402 * (c - 128));
  rgb[1] = clamped(a - 0.344136 * (b - 128) - 0.714136 * (c - 128));
  rgb[2] = clamped(a + 1.772 * (b - 128));
}

void put_over_white(const opj_image_t& image, Raster& raster) {
  const auto& alpha = image.comps[image.numcomps - 1];
  if (alpha.alpha == 0 || image.numcomps % 2 != 0 || !is_decoded(alpha)) return;  // gray or colour without one
  const std::size_t channels = raster.format == PixelFormat::rgb8 ? 3 : 1;
  for (int y = 0; y < raster.height_px; ++y) {
    for (int x = 0; x < raster.width_px; ++x) {
      const int share = sample(alpha, x, y);
      auto* pixel = raster.row(y) + static_cast<std::size_t>(x) * channels;
      for (std::size_t n = 0; n < channels; ++n)
        pixel[n] = static_cast<std::byte>((std::to_integer<int>(pixel[n]) * share + 255 * (255 - share)) / 255);
    }
  }
}

class Jpeg2000File final : public SingleImage {
 public:
  Jpeg2000File(std::span<const std::byte> bytes, const Jpeg2000Header& header)
      : SingleImage{bytes, {header.width_px, header.height_px, 1, 0, corpus::Coding::jpeg2000}} {}

 private:
  Raster decode(const ImageRequest& request, std::uint64_t max_pixels) override {
    return decode_jpeg2000(bytes_, max_pixels, true, request.exact);
  }
};

}  // namespace

Jpeg2000Header read_jpeg2000_header(std::span<const std::byte> bytes) {
  const Decoder decoder{bytes};
  const auto& image = decoder.header();
  return {static_cast<int>(image.x1 - image.x0), static_cast<int>(image.y1 - image.y0), static_cast<int>(image.numcomps)};
}

Raster decode_jpeg2000(std::span<const std::byte> bytes, std::uint64_t max_pixels, bool use_alpha, bool exact) {
  Decoder decoder{bytes};
  const auto& header = decoder.header();
  check_size(header.x1 - header.x0, header.y1 - header.y0, max_pixels);
  const int reduction = !exact && decoder.halve() ? 2 : 1;
  const auto& image = decoder.decode();
  const bool color = image.numcomps >= 3;
  if (image.numcomps == 0 || image.color_space == OPJ_CLRSPC_CMYK || image.color_space == OPJ_CLRSPC_EYCC)
    throw PageError{Reason::unsupported, "JPEG 2000 in a colour space that is not read"};
  for (OPJ_UINT32 n = 0; n < (color ? 3U : 1U); ++n) {
    if (!is_decoded(image.comps[n])) throw PageError{Reason::unreadable, "damaged JPEG 2000: a component has no data"};
  }
  const auto size = [&](OPJ_UINT32 whole) { return (static_cast<int>(whole) + reduction - 1) / reduction; };
  auto raster = make_raster(size(image.x1 - image.x0), size(image.y1 - image.y0),
                            color ? PixelFormat::rgb8 : PixelFormat::gray8, max_pixels);
  raster.reduction = reduction;
  for (int y = 0; y < raster.height_px; ++y) {
    auto* row = raster.row(y);
    for (int x = 0; x < raster.width_px; ++x) {
      if (color)
        put_rgb(image, x, y, row + 3 * x);
      else
        row[x] = static_cast<std::byte>(sample(image.comps[0], x, y));
    }
  }
  if (use_alpha) put_over_white(image, raster);
  return raster;
}

std::unique_ptr<Document> open_jpeg2000(std::span<const std::byte> bytes) {
  return std::make_unique<Jpeg2000File>(bytes, read_jpeg2000_header(bytes));
}

}  // namespace pecia::page
