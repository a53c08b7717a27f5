#include <fmt/format.h>
#include <png.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <optional>
#include <string_view>
#include <vector>

#include "document.hpp"
#include "pecia/corpus/image_header.hpp"

namespace pecia::page {
namespace {

/// What an interlaced image, which is in memory as a whole, may take.
constexpr std::uint64_t most_interlaced_bytes = std::uint64_t{1} << 30;

/// A PNG in memory, row by row. libpng's errors leave by a C++ exception: the library is built with
/// unwind tables.
class PngReader {
 public:
  explicit PngReader(std::span<const std::byte> bytes) : rest_{bytes} {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, throw_error,
                                  [](png_structp, png_const_charp) {});
    if (png_) info_ = png_create_info_struct(png_);
    if (!info_) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw std::bad_alloc{};
    }
    try {
      read_header();
    } catch (...) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      throw;
    }
  }
  ~PngReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  PngReader(const PngReader&) = delete;
  PngReader& operator=(const PngReader&) = delete;

  [[nodiscard]] int width_px() const { return static_cast<int>(png_get_image_width(png_, info_)); }
  [[nodiscard]] int height_px() const {
    return static_cast<int>(png_get_image_height(png_, info_));
  }
  [[nodiscard]] double dpi() const {
    png_uint_32 x = 0, y = 0;
    int unit = 0;
    if (png_get_pHYs(png_, info_, &x, &y, &unit) == 0 || unit != PNG_RESOLUTION_METER) return 0;
    return corpus::dpi_of_png(x);
  }
  [[nodiscard]] Raster decode(const Decoding& wanted);

 private:
  static void throw_error(png_structp, png_const_charp text) {
    if (std::string_view{text}.find("memory") != std::string_view::npos) throw std::bad_alloc{};
    throw PageError{Reason::unreadable, fmt::format("damaged PNG: {}", text)};
  }
  static void read(png_structp png, png_bytep out, std::size_t size) {
    auto& rest = static_cast<PngReader*>(png_get_io_ptr(png))->rest_;
    if (size > rest.size()) png_error(png, "the file is cut off");
    std::memcpy(out, rest.data(), size);
    rest = rest.subspan(size);
  }
  void read_header() {
    png_set_read_fn(png_, this, read);
    png_set_user_limits(png_, most_side_px, most_side_px);
    // What pixels need nothing of: colour profiles, texts. A fault in them is no fault of the page.
    constexpr std::string_view ignored{"iCCP\0tEXt\0zTXt\0iTXt\0eXIf\0sPLT\0hIST\0tIME", 39};
    png_set_keep_unknown_chunks(png_, PNG_HANDLE_CHUNK_NEVER,
                                reinterpret_cast<png_const_bytep>(ignored.data()),
                                static_cast<int>((ignored.size() + 1) / 5));
    png_read_info(png_, info_);
  }
  [[nodiscard]] std::optional<bool> black_is_one() const;
  void set_transformations();
  template <typename Put>
  void each_row(Put put);

  std::span<const std::byte> rest_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
};

/// Of black and white alone in one bit, gray or by a palette: which of them 1 is.
std::optional<bool> PngReader::black_is_one() const {
  if (png_get_bit_depth(png_, info_) != 1 || png_get_valid(png_, info_, PNG_INFO_tRNS) != 0) return std::nullopt;
  if (png_get_color_type(png_, info_) == PNG_COLOR_TYPE_GRAY) return false;
  png_colorp colors = nullptr;
  int count = 0;
  if (png_get_PLTE(png_, info_, &colors, &count) == 0 || count != 2) return std::nullopt;
  const auto is = [&](int index, int level) {
    return colors[index].red == level && colors[index].green == level && colors[index].blue == level;
  };
  if (is(0, 255) && is(1, 0)) return true;
  return is(0, 0) && is(1, 255) ? std::optional{false} : std::nullopt;
}

/// Everything to 8 bits, with palettes and transparent colours undone; 16 bits without gamma are no
/// more linear than 8.
void PngReader::set_transformations() {
  png_set_expand(png_);
  png_set_scale_16(png_);
  int intent = 0;
  double gamma = 0;
  if (png_get_sRGB(png_, info_, &intent) == 0 && png_get_gAMA(png_, info_, &gamma) != 0)
    png_set_gamma(png_, PNG_DEFAULT_sRGB, gamma);
}

/// Calls `put` with each row as transformed.
template <typename Put>
void PngReader::each_row(Put put) {
  const auto stride = png_get_rowbytes(png_, info_);
  const auto height = static_cast<std::size_t>(height_px());
  if (png_get_interlace_type(png_, info_) == PNG_INTERLACE_NONE) {
    std::vector<png_byte> row(stride);
    for (std::size_t y = 0; y < height; ++y) {
      png_read_row(png_, row.data(), nullptr);
      put(reinterpret_cast<const std::byte*>(row.data()));
    }
    return;
  }
  if (std::uint64_t{stride} * height > most_interlaced_bytes)
    throw PageError{
        Reason::too_large,
        fmt::format(
            "an interlaced PNG of {} x {} pixels has to be in memory as a whole. Saved without "
            "interlacing it can be read",
            width_px(), height)};
  std::vector<png_byte> all(stride * height);
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = all.data() + y * stride;
  png_read_image(png_, rows.data());
  for (const auto* row : rows) put(reinterpret_cast<const std::byte*>(row));
}

Raster PngReader::decode(const Decoding& wanted) {
  const auto width = static_cast<std::size_t>(width_px());
  const auto bilevel = black_is_one();
  if (!bilevel) set_transformations();
  if (png_get_interlace_type(png_, info_) != PNG_INTERLACE_NONE) png_set_interlace_handling(png_);
  png_read_update_info(png_, info_);
  const std::size_t stored = png_get_channels(png_, info_);
  const bool alpha = stored == 2 || stored == 4;
  const std::size_t channels = stored - (alpha ? 1 : 0);
  RowSink sink{width_px(), height_px(),
               bilevel         ? PixelFormat::gray1
               : channels == 3 ? PixelFormat::rgb8
                               : PixelFormat::gray8,
               wanted};
  each_row([&](const std::byte* row) {
    auto* out = sink.row();
    if (bilevel) {
      std::transform(row, row + (width + 7) / 8, out, [&](std::byte b) { return *bilevel ? b : ~b; });
    } else if (!alpha) {
      std::memcpy(out, row, width * channels);
    } else {
      for (std::size_t x = 0; x < width; ++x, row += stored) {
        const unsigned share = std::to_integer<unsigned>(row[channels]);
        for (std::size_t n = 0; n < channels; ++n)
          *out++ = static_cast<std::byte>(
              (std::to_integer<unsigned>(row[n]) * share + 255 * (255 - share) + 127) / 255);
      }
    }
    sink.next();
  });
  return sink.finish();
}

class PngFile final : public SingleImage {
 public:
  PngFile(std::span<const std::byte> bytes, const PngReader& header)
      : SingleImage{
            bytes,
            {header.width_px(), header.height_px(), 1, header.dpi(), corpus::Coding::flate}} {}

 private:
  Raster decode(const Decoding& wanted) override { return PngReader{bytes_}.decode(wanted); }
};

}  // namespace

std::unique_ptr<Document> open_png(std::span<const std::byte> bytes) {
  return std::make_unique<PngFile>(bytes, PngReader{bytes});
}

}  // namespace pecia::page
