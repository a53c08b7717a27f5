#include "tiff_samples.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

namespace pecia::page {
namespace {

constexpr std::uint16_t most_samples = 64;

[[noreturn]] void unsupported(const std::string& what) {
  throw PageError{Reason::unsupported, "a TIFF with " + what + ", which is not read"};
}

template <typename T>
T load(const std::byte* row, std::size_t at) {
  T value;
  std::memcpy(&value, row + at * sizeof(T), sizeof(T));
  return value;
}

/// IEEE 754 binary16.
double half_float(std::uint16_t bits) {
  const int exponent = bits >> 10 & 31, fraction = bits & 1023;
  const double sign = (bits & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return std::nan("");
  return sign *
         (exponent == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, exponent - 25));
}

bool is_gray(std::uint16_t photometric) {
  return photometric == PHOTOMETRIC_MINISWHITE || photometric == PHOTOMETRIC_MINISBLACK;
}

}  // namespace

TiffLayout tiff_layout(tiff* file) {
  TiffLayout layout;
  std::uint16_t planar = PLANARCONFIG_CONTIG;
  TIFFGetField(file, TIFFTAG_IMAGEWIDTH, &layout.width);
  TIFFGetField(file, TIFFTAG_IMAGELENGTH, &layout.height);
  TIFFGetFieldDefaulted(file, TIFFTAG_BITSPERSAMPLE, &layout.bits);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLESPERPIXEL, &layout.samples);
  TIFFGetField(file, TIFFTAG_PHOTOMETRIC, &layout.photometric);
  TIFFGetFieldDefaulted(file, TIFFTAG_PLANARCONFIG, &planar);
  TIFFGetFieldDefaulted(file, TIFFTAG_COMPRESSION, &layout.compression);
  TIFFGetFieldDefaulted(file, TIFFTAG_SAMPLEFORMAT, &layout.sample_format);
  TIFFGetFieldDefaulted(file, TIFFTAG_ROWSPERSTRIP, &layout.rows_per_strip);
  TIFFGetFieldDefaulted(file, TIFFTAG_ORIENTATION, &layout.orientation);
  layout.tiled = TIFFIsTiled(file) != 0;
  if (layout.tiled) {
    TIFFGetField(file, TIFFTAG_TILEWIDTH, &layout.tile_width);
    TIFFGetField(file, TIFFTAG_TILELENGTH, &layout.tile_height);
  }
  layout.planes = planar == PLANARCONFIG_SEPARATE && layout.samples > 1;
  return layout;
}

bool TiffSamples::are_for(const TiffLayout& layout) {
  switch (layout.photometric) {
    case PHOTOMETRIC_CIELAB:
    case PHOTOMETRIC_LOGL:
    case PHOTOMETRIC_LOGLUV:
      return false;
    case PHOTOMETRIC_YCBCR:
      return layout.compression == COMPRESSION_JPEG &&
             !layout.planes;  // which libjpeg makes RGB of
    default:
      return true;
  }
}

TiffSamples::TiffSamples(tiff* file, const TiffLayout& layout) : layout_{layout} {
  const auto& l = layout_;
  if (l.samples < 1 || l.samples > most_samples)
    unsupported(fmt::format("{} samples a pixel", l.samples));
  const bool palette = l.photometric == PHOTOMETRIC_PALETTE,
             ink = l.photometric == PHOTOMETRIC_SEPARATED;
  const bool color = l.photometric == PHOTOMETRIC_RGB || l.photometric == PHOTOMETRIC_YCBCR;
  if (!palette && !ink && !color && !is_gray(l.photometric))
    unsupported(fmt::format("pixels of photometric kind {}", l.photometric));
  colors_ = ink ? 4 : color ? 3 : 1;
  if (l.samples < colors_)
    unsupported(fmt::format("{} samples for {} colours", l.samples, colors_));
  numbers_ = l.sample_format == SAMPLEFORMAT_IEEEFP;
  if (l.sample_format > SAMPLEFORMAT_IEEEFP && l.sample_format != SAMPLEFORMAT_VOID)
    unsupported("complex numbers for samples");
  const bool depth = numbers_ ? l.bits == 16 || l.bits == 32 || l.bits == 64
                              : (l.bits >= 1 && l.bits <= 16) || l.bits == 32;
  if (!depth || (palette && (numbers_ || l.bits > 16)))
    unsupported(fmt::format("{} bits a sample{}", l.bits, numbers_ ? " with a point" : ""));
  format_ = colors_ > 1 || palette ? PixelFormat::rgb8 : PixelFormat::gray8;
  if (l.samples == 1 && l.bits == 1 && is_gray(l.photometric) &&
      l.sample_format != SAMPLEFORMAT_INT)
    format_ = PixelFormat::gray1;
  inverted_ = l.photometric == PHOTOMETRIC_MINISWHITE;
  std::uint16_t ink_set = INKSET_CMYK, none = 0, full = 0;
  if (ink) TIFFGetFieldDefaulted(file, TIFFTAG_INKSET, &ink_set);
  if (ink_set != INKSET_CMYK) unsupported("inks other than CMYK");
  if (ink && TIFFGetField(file, TIFFTAG_DOTRANGE, &none, &full)) inverted_ = none > full;
  std::uint16_t extra = 0, *kinds = nullptr;
  if (TIFFGetField(file, TIFFTAG_EXTRASAMPLES, &extra, &kinds)) {
    for (std::uint16_t n = 0; n < extra && alpha_ < 0; ++n) {
      if (kinds[n] == EXTRASAMPLE_UNSPECIFIED || colors_ + n >= l.samples) continue;
      alpha_ = static_cast<int>(colors_ + n);
      premultiplied_ = kinds[n] == EXTRASAMPLE_ASSOCALPHA;
    }
  }
  if (palette) {
    std::array<std::uint16_t*, 3> map{};
    if (!TIFFGetField(file, TIFFTAG_COLORMAP, &map[0], &map[1], &map[2]))
      throw PageError{Reason::unreadable, "damaged TIFF: its palette is missing"};
    palette_.resize(std::size_t{1} << l.bits);
    // Some writers fill in 8 bits.
    const bool bytes = std::ranges::all_of(map, [&](const auto* of) {
      return std::all_of(of, of + palette_.size(), [](auto v) { return v < 256; });
    });
    for (std::size_t n = 0; n < palette_.size(); ++n) {
      for (std::size_t channel = 0; channel < 3; ++channel)
        palette_[n][channel] =
            static_cast<std::byte>(bytes ? map[channel][n] : map[channel][n] >> 8);
    }
    keep_bilevel();
  }
}

/// A palette of black and white alone needs no colours.
void TiffSamples::keep_bilevel() {
  if (layout_.bits != 1 || layout_.samples != 1 || layout_.sample_format == SAMPLEFORMAT_INT) return;
  const auto is = [&](std::size_t index, std::byte level) {
    return std::ranges::count(palette_[index], level) == 3;
  };
  constexpr std::byte black{0}, white{255};
  const bool black_is_one = is(0, white) && is(1, black);
  if (!black_is_one && !(is(0, black) && is(1, white))) return;
  palette_.clear();
  format_ = PixelFormat::gray1;
  inverted_ = black_is_one;
}

/// Sample `at` of a row as it is, signed ones from 0 on.
std::uint32_t TiffSamples::whole(const std::byte* row, std::size_t at) const {
  const auto bits = layout_.bits;
  std::uint32_t value = 0;
  if (bits == 8) {
    value = std::to_integer<std::uint32_t>(row[at]);
  } else if (bits == 16) {
    value = load<std::uint16_t>(row, at);
  } else if (bits == 32) {
    value = load<std::uint32_t>(row, at);
  } else {
    for (std::size_t bit = at * bits; bit < (at + 1) * bits; ++bit)
      value = value << 1 | (std::to_integer<std::uint32_t>(row[bit / 8]) >> (7 - bit % 8) & 1U);
  }
  return layout_.sample_format == SAMPLEFORMAT_INT ? value ^ 1U << (bits - 1) : value;
}

double TiffSamples::number(const std::byte* row, std::size_t at) const {
  switch (layout_.bits) {
    case 16:
      return half_float(load<std::uint16_t>(row, at));
    case 32:
      return static_cast<double>(load<float>(row, at));
    default:
      return load<double>(row, at);
  }
}

void TiffSamples::look(std::span<const std::byte* const> rows) {
  for (std::size_t sample = 0; sample < colors_; ++sample) {
    const auto* row = rows[layout_.planes ? sample : 0];
    for (std::size_t x = 0; x < layout_.width; ++x) {
      const double value = number(row, place(x, sample));
      if (!std::isfinite(value)) continue;
      least_seen_ = std::min(least_seen_, value);
      greatest_seen_ = std::max(greatest_seen_, value);
    }
  }
  const bool usual = least_seen_ >= 0 && greatest_seen_ <= 1;
  least_ = usual ? 0 : least_seen_;
  greatest_ = usual ? 1 : greatest_seen_;
}

void TiffSamples::unpack(std::span<const std::byte* const> rows, std::size_t sample,
                         std::vector<std::uint8_t>& values) const {
  const auto* row = rows[layout_.planes ? sample : 0];
  values.resize(layout_.width);
  const double most = std::ldexp(1.0, layout_.bits) - 1;
  const bool is_share = static_cast<int>(sample) == alpha_;  // of 1
  const double least = is_share ? 0 : least_, range = is_share ? 1 : greatest_ - least_;
  for (std::size_t x = 0; x < values.size(); ++x) {
    const auto at = place(x, sample);
    if (numbers_) {
      const double share = (number(row, at) - least) / range;
      values[x] = std::isfinite(share)
                      ? static_cast<std::uint8_t>(std::clamp(share, 0.0, 1.0) * 255 + .5)
                      : std::uint8_t{255};
    } else if (layout_.bits == 8 && layout_.sample_format != SAMPLEFORMAT_INT) {
      values[x] = std::to_integer<std::uint8_t>(row[at]);
    } else {
      values[x] = static_cast<std::uint8_t>(whole(row, at) * 255.0 / most + .5);
    }
  }
}

void TiffSamples::convert(std::span<const std::byte* const> rows, std::byte* out) {
  const auto width = static_cast<std::size_t>(layout_.width);
  const bool bytes = layout_.bits == 8 && layout_.sample_format != SAMPLEFORMAT_INT &&
                     layout_.samples == colors_ && !layout_.planes;
  if (format_ == PixelFormat::gray1) {  // 1 = black
    const auto* row = rows[0];
    std::transform(row, row + (width + 7) / 8, out,
                   [&](std::byte b) { return inverted_ ? b : ~b; });
    return;
  }
  if (!palette_.empty()) {
    colors_of_palette(rows, out);
  } else if (bytes && colors_ != 4) {
    std::memcpy(out, rows[0], width * colors_);
    if (inverted_) std::transform(out, out + width * colors_, out, [](std::byte b) { return ~b; });
  } else {
    for (std::size_t sample = 0; sample < colors_; ++sample) unpack(rows, sample, values_[sample]);
    if (colors_ == 4) {
      colors_of_ink(out);
    } else {
      for (std::size_t x = 0; x < width; ++x) {
        for (std::size_t n = 0; n < colors_; ++n)
          *out++ = static_cast<std::byte>(inverted_ ? 255 - values_[n][x] : values_[n][x]);
      }
      out -= width * colors_;
    }
  }
  if (alpha_ >= 0) lay_over_white(rows, out);
}

void TiffSamples::colors_of_palette(std::span<const std::byte* const> rows, std::byte* out) const {
  for (std::size_t x = 0; x < layout_.width; ++x, out += 3)
    std::ranges::copy(palette_[whole(rows[0], place(x, 0))], out);
}

void TiffSamples::colors_of_ink(std::byte* out) const {
  for (std::size_t x = 0; x < layout_.width; ++x, out += 3) {
    std::array<std::byte, 4> ink{};
    for (std::size_t n = 0; n < 4; ++n)
      ink[n] = static_cast<std::byte>(inverted_ ? 255 - values_[n][x] : values_[n][x]);
    rgb_of_cmyk(ink.data(), out, 1);
  }
}

void TiffSamples::lay_over_white(std::span<const std::byte* const> rows, std::byte* out) {
  const std::size_t channels = format_ == PixelFormat::rgb8 ? 3 : 1;
  auto& alpha = values_[3];
  unpack(rows, static_cast<std::size_t>(alpha_), alpha);
  for (std::size_t x = 0; x < layout_.width; ++x) {
    const unsigned share = alpha[x];
    for (std::size_t n = 0; n < channels; ++n, ++out) {
      const auto value = std::to_integer<unsigned>(*out);
      *out = static_cast<std::byte>(std::min(
          255U, premultiplied_ ? value + 255 - share : (value * share + 127) / 255 + 255 - share));
    }
  }
}

}  // namespace pecia::page
