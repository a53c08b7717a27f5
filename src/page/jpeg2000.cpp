#include "jpeg2000.hpp"

#include <fmt/format.h>
#include <openjpeg.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <new>
#include <optional>

#include "document.hpp"

namespace pecia::page {
namespace {

/// OpenJPEG decodes into 32 bits a sample, and holds some of it twice.
constexpr std::uint64_t most_component_bytes = std::uint64_t{800} << 20;

/// A read-only stream over memory for OpenJPEG.
struct Jpeg2000Memory {
  std::span<const std::byte> bytes;
  std::size_t at = 0;
};

OPJ_SIZE_T read_jpeg2000(void* buffer, OPJ_SIZE_T wanted, void* data) {
  auto& memory = *static_cast<Jpeg2000Memory*>(data);
  const auto size = std::min(wanted, memory.bytes.size() - memory.at);
  if (size == 0) return static_cast<OPJ_SIZE_T>(-1);
  std::memcpy(buffer, memory.bytes.data() + memory.at, size);
  memory.at += size;
  return size;
}

OPJ_OFF_T skip_jpeg2000(OPJ_OFF_T wanted, void* data) {
  auto& memory = *static_cast<Jpeg2000Memory*>(data);
  const auto left = static_cast<OPJ_OFF_T>(memory.bytes.size() - memory.at);
  const auto skip = std::clamp<OPJ_OFF_T>(wanted, 0, left);
  memory.at += static_cast<std::size_t>(skip);
  return skip;
}

OPJ_BOOL seek_jpeg2000(OPJ_OFF_T to, void* data) {
  auto& memory = *static_cast<Jpeg2000Memory*>(data);
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
    opj_stream_set_read_function(stream_.get(), read_jpeg2000);
    opj_stream_set_skip_function(stream_.get(), skip_jpeg2000);
    opj_stream_set_seek_function(stream_.get(), seek_jpeg2000);
    opj_set_error_handler(codec_.get(), [](const char* text, void* said) { static_cast<Said*>(said)->add(text); }, &said_);
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
  /// How often the image can be halved by leaving its finest resolution out, which most of the work is for.
  [[nodiscard]] unsigned most_halvings() const {
    unsigned most = 0;
    if (auto* info = opj_get_cstr_info(codec_.get())) {
      const auto& tile = info->m_default_tile_info;
      for (OPJ_UINT32 n = 0; tile.tccp_info && n < info->nbcomps; ++n) {
        const auto halvings = std::max(1U, tile.tccp_info[n].numresolutions) - 1;
        most = n == 0 ? halvings : std::min(most, halvings);
      }
      opj_destroy_cstr_info(&info);
    }
    return most;
  }
  bool halve(unsigned times) { return opj_set_decoded_resolution_factor(codec_.get(), times) != OPJ_FALSE; }
  const opj_image_t& decode() {
    if (!opj_decode(codec_.get(), stream_.get(), image_.get()) || !opj_end_decompress(codec_.get(), stream_.get())) fail();
    return *image_;
  }

 private:
  struct Said {
    std::string last;
    bool memory_lacks = false;
    void add(const char* text) {
      last = text;
      memory_lacks = memory_lacks || last.find("memory") != std::string::npos;
    }
  };
  [[noreturn]] void fail() const {
    if (said_.memory_lacks) throw std::bad_alloc{};
    auto text = said_.last;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    throw PageError{Reason::unreadable, "damaged JPEG 2000: " + text};
  }
  Jpeg2000Memory memory_;
  Said said_;
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

/// A row of RGB, from RGB, YCC (sYCC and e-sYCC: ITU-R BT.601) or CMYK.
void put_color_row(const opj_image_t& image, int y, int width_px, std::byte* rgb) {
  const bool ycc = image.color_space == OPJ_CLRSPC_SYCC || image.color_space == OPJ_CLRSPC_EYCC;
  const bool cmyk = image.color_space == OPJ_CLRSPC_CMYK;
  for (int x = 0; x < width_px; ++x, rgb += 3) {
    const int a = sample(image.comps[0], x, y), b = sample(image.comps[1], x, y), c = sample(image.comps[2], x, y);
    const auto byte = [](int value) { return static_cast<std::byte>(value); };
    if (ycc) {
      rgb[0] = clamped(a + 1.402 * (c - 128));
      rgb[1] = clamped(a - 0.344136 * (b - 128) - 0.714136 * (c - 128));
      rgb[2] = clamped(a + 1.772 * (b - 128));
    } else if (cmyk) {
      const std::array ink{byte(a), byte(b), byte(c), byte(sample(image.comps[3], x, y))};
      rgb_of_cmyk(ink.data(), rgb, 1);
    } else {
      rgb[0] = byte(a);
      rgb[1] = byte(b);
      rgb[2] = byte(c);
    }
  }
}

/// What a channel is for (Typ of the box cdef: ISO/IEC 15444-1, I.5.3.6), as OpenJPEG hands it on; 65535 is nothing known.
constexpr int opacity = 1, premultiplied_opacity = 2;

/// The component that says how much of the white below is covered, if there is one.
const opj_image_comp_t* alpha_of(const opj_image_t& image) {
  if (image.numcomps % 2 != 0) return nullptr;
  const auto& last = image.comps[image.numcomps - 1];
  return (last.alpha == opacity || last.alpha == premultiplied_opacity) && is_decoded(last) ? &last : nullptr;
}

void put_over_white(const opj_image_comp_t& alpha, int y, int width_px, std::size_t channels, std::byte* pixel) {
  for (int x = 0; x < width_px; ++x) {
    const int share = sample(alpha, x, y);
    for (std::size_t n = 0; n < channels; ++n, ++pixel) {
      const int value = std::to_integer<int>(*pixel);
      const int covered = alpha.alpha == premultiplied_opacity ? value : value * share / 255;
      *pixel = static_cast<std::byte>(std::min(255, covered + 255 - share));
    }
  }
}

int reduced(OPJ_UINT32 whole, unsigned halvings) {
  return static_cast<int>((std::uint64_t{whole} + (std::uint64_t{1} << halvings) - 1) >> halvings);
}

/// What the components take that are decoded.
std::uint64_t component_bytes(const opj_image_t& header, unsigned halvings) {
  return std::uint64_t{sizeof(OPJ_INT32)} * header.numcomps * static_cast<std::uint64_t>(reduced(header.x1 - header.x0, halvings)) *
         static_cast<std::uint64_t>(reduced(header.y1 - header.y0, halvings));
}

/// As often as can be without falling below what is wanted; more often where its components would not
/// fit into memory else.
unsigned halvings_for(const opj_image_t& header, unsigned most, const Decoding& wanted) {
  const auto width = header.x1 - header.x0, height = header.y1 - header.y0;
  const auto target = fitted(width, height, wanted);
  unsigned times = !wanted.exact && most > 0 ? 1 : 0;
  while (times < most && reduced(width, times + 1) >= target.width_px && reduced(height, times + 1) >= target.height_px) ++times;
  while (times < most && component_bytes(header, times) > most_component_bytes) ++times;
  if (const auto bytes = component_bytes(header, times); bytes > most_component_bytes)
    throw PageError{Reason::too_large, fmt::format("the JPEG 2000 image has {} x {} pixels in {} components, which take {} MB, and too few "
                                                   "resolutions to be decoded smaller",
                                                   width, height, header.numcomps, bytes / 1'000'000)};
  return times;
}

/// The decoded image's pixels.
Raster raster_of(const opj_image_t& image, Size full, unsigned halvings, const Decoding& wanted, bool use_alpha) {
  const bool cmyk = image.color_space == OPJ_CLRSPC_CMYK;
  const bool color = image.numcomps >= 3;
  const OPJ_UINT32 needed = cmyk ? 4 : color ? 3 : 1;
  if (image.numcomps < needed) throw PageError{Reason::unsupported, "JPEG 2000 with fewer components than its colour space has"};
  for (OPJ_UINT32 n = 0; n < needed; ++n) {
    if (!is_decoded(image.comps[n])) throw PageError{Reason::unreadable, "damaged JPEG 2000: a component has no data"};
  }
  const int width = reduced(static_cast<OPJ_UINT32>(full.width_px), halvings), height = reduced(static_cast<OPJ_UINT32>(full.height_px), halvings);
  RowSink sink{width, height, color ? PixelFormat::rgb8 : PixelFormat::gray8, wanted, full};
  const auto* alpha = use_alpha && !cmyk ? alpha_of(image) : nullptr;
  for (int y = 0; y < height; ++y) {
    auto* row = sink.row();
    if (color)
      put_color_row(image, y, width, row);
    else
      for (int x = 0; x < width; ++x) row[x] = static_cast<std::byte>(sample(image.comps[0], x, y));
    if (alpha) put_over_white(*alpha, y, width, color ? 3 : 1, row);
    sink.next();
  }
  auto raster = sink.finish();
  raster.reduction = !wanted.exact && halvings > 0 ? 2 : 1;
  return raster;
}

Size size_of(const opj_image_t& header) {
  const auto width = header.x1 - header.x0, height = header.y1 - header.y0;
  if (std::max(width, height) > static_cast<OPJ_UINT32>(most_side_px))
    throw PageError{Reason::too_large, fmt::format("the JPEG 2000 image has {} x {} pixels, and more than {} have no place on a side", width, height, most_side_px)};
  return {static_cast<int>(width), static_cast<int>(height)};
}

class Jpeg2000File final : public SingleImage {
 public:
  Jpeg2000File(std::span<const std::byte> bytes, const Jpeg2000Header& header)
      : SingleImage{bytes, {header.width_px, header.height_px, 1, 0, corpus::Coding::jpeg2000}} {}

 private:
  Raster decode(const Decoding& wanted) override { return decode_jpeg2000(bytes_, wanted, true); }
};

}  // namespace

Jpeg2000Header read_jpeg2000_header(std::span<const std::byte> bytes) {
  const Decoder decoder{bytes};
  const auto size = size_of(decoder.header());
  return {size.width_px, size.height_px, static_cast<int>(decoder.header().numcomps)};
}

Raster decode_jpeg2000(std::span<const std::byte> bytes, const Decoding& wanted, bool use_alpha) {
  std::optional<Decoder> decoder{std::in_place, bytes};
  const auto& header = decoder->header();
  const auto full = size_of(header);
  auto halvings = halvings_for(header, decoder->most_halvings(), wanted);
  const bool fits = component_bytes(header, 0) <= most_component_bytes;
  if (halvings > 0 && !decoder->halve(halvings)) halvings = 0;
  try {
    return raster_of(decoder->decode(), full, halvings, wanted, use_alpha);
  } catch (const PageError&) {
    if (halvings == 0 || !fits) throw;  // else a tile may have fewer resolutions than the header says
  }
  decoder.emplace(bytes);
  return raster_of(decoder->decode(), full, 0, wanted, use_alpha);
}

std::unique_ptr<Document> open_jpeg2000(std::span<const std::byte> bytes) {
  return std::make_unique<Jpeg2000File>(bytes, read_jpeg2000_header(bytes));
}

}  // namespace pecia::page
