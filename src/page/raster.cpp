#include "raster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace pecia::page {
namespace {

void set_bit(std::byte* row, int x) { row[x / 8] |= std::byte{0x80} >> (x % 8); }

Raster like(const Raster& raster, int width_px, int height_px, PixelFormat format) {
  Raster made;
  made.width_px = width_px;
  made.height_px = height_px;
  made.format = format;
  made.dpi = raster.dpi;
  made.reduction = raster.reduction;
  made.pixels = PixelBuffer{made.stride() * static_cast<std::size_t>(height_px)};
  return made;
}

Raster half_of(const Raster& raster, PixelFormat format) {
  auto half = like(raster, std::max(1, raster.width_px / 2), std::max(1, raster.height_px / 2), format);
  half.dpi = raster.dpi / 2;
  half.reduction = raster.reduction * 2;
  return half;
}

/// What the last byte of a row holds beyond the width is no page.
void clear_beyond(std::byte* row, int width_px) {
  if (width_px % 8 != 0) row[width_px / 8] &= static_cast<std::byte>(0xFF << (8 - width_px % 8) & 0xFF);
}

/// Pairs of bits to one bit, four of them from a byte: set where both, or where any, are.
struct PairTables {
  std::array<std::uint8_t, 256> both{}, any{};
  constexpr PairTables() {
    for (unsigned byte = 0; byte < 256; ++byte) {
      for (unsigned pair = 0; pair < 4; ++pair) {
        const unsigned bits = byte >> (2 * pair) & 3U;
        both[byte] = static_cast<std::uint8_t>(both[byte] | (bits == 3 ? 1U << pair : 0U));
        any[byte] = static_cast<std::uint8_t>(any[byte] | (bits != 0 ? 1U << pair : 0U));
      }
    }
  }
};
constexpr PairTables pair_tables;

unsigned halved_bits(std::byte above, std::byte below) {
  const auto a = value_of(above), b = value_of(below);
  return pair_tables.both[a] | pair_tables.both[b] | (pair_tables.any[a] & pair_tables.any[b]);
}

Raster halved_bilevel(const Raster& raster) {
  auto half = half_of(raster, PixelFormat::gray1);
  for (int y = 0; y < half.height_px; ++y) {
    const auto* above = raster.row(std::min(2 * y, raster.height_px - 1));
    const auto* below = raster.row(std::min(2 * y + 1, raster.height_px - 1));
    auto* out = half.row(y);
    for (std::size_t n = 0; n < half.stride(); ++n) {
      const bool second = 2 * n + 1 < raster.stride();
      const auto high = halved_bits(above[2 * n], below[2 * n]);
      const auto low = second ? halved_bits(above[2 * n + 1], below[2 * n + 1]) : 0U;
      out[n] = static_cast<std::byte>(high << 4 | low);
    }
    clear_beyond(out, half.width_px);
  }
  return half;
}

Raster halved_gray(const Raster& raster) {
  auto half = half_of(raster, PixelFormat::gray8);
  for (int y = 0; y < half.height_px; ++y) {
    const auto* above = raster.row(std::min(2 * y, raster.height_px - 1));
    const auto* below = raster.row(std::min(2 * y + 1, raster.height_px - 1));
    auto* out = half.row(y);
    const std::size_t next = raster.width_px > 1 ? 1 : 0;
    for (std::size_t x = 0; x < static_cast<std::size_t>(half.width_px); ++x)
      out[x] = static_cast<std::byte>(
          (value_of(above[2 * x]) + value_of(above[2 * x + next]) + value_of(below[2 * x]) + value_of(below[2 * x + next])) / 4);
  }
  return half;
}

/// The luminance (ITU-R BT.601, in 256ths) of the mean.
Raster halved_rgb(const Raster& raster) {
  auto half = half_of(raster, PixelFormat::gray8);
  for (int y = 0; y < half.height_px; ++y) {
    const auto* above = raster.row(std::min(2 * y, raster.height_px - 1));
    const auto* below = raster.row(std::min(2 * y + 1, raster.height_px - 1));
    auto* out = half.row(y);
    const std::size_t next = raster.width_px > 1 ? 3 : 0;
    for (std::size_t x = 0; x < static_cast<std::size_t>(half.width_px); ++x) {
      const auto sum = [&](std::size_t channel) {
        const auto at = 6 * x + channel;
        return value_of(above[at]) + value_of(above[at + next]) + value_of(below[at]) + value_of(below[at + next]);
      };
      out[x] = static_cast<std::byte>((77 * sum(0) + 150 * sum(1) + 29 * sum(2)) / 1024);
    }
  }
  return half;
}

}  // namespace

void check_size(double width_px, double height_px, std::uint64_t max_pixels) {
  if (!(width_px >= 1) || !(height_px >= 1)) throw PageError{Reason::unreadable, "the page has no area"};
  if (width_px * height_px > static_cast<double>(max_pixels))
    throw PageError{Reason::too_large, fmt::format("the page has {:.0f} x {:.0f} pixels, more than the limit of {} million",
                                                   width_px, height_px, max_pixels / 1'000'000)};
}

Raster make_raster(int width_px, int height_px, PixelFormat format, std::uint64_t max_pixels) {
  check_size(width_px, height_px, max_pixels);
  Raster raster;
  raster.width_px = width_px;
  raster.height_px = height_px;
  raster.format = format;
  raster.pixels = PixelBuffer{raster.stride() * static_cast<std::size_t>(height_px)};
  return raster;
}

Orientation exif_orientation(int value) {
  switch (value) {
    case 2: return {false, true, false};
    case 3: return {false, true, true};
    case 4: return {false, false, true};
    case 5: return {true, false, false};
    case 6: return {true, true, false};
    case 7: return {true, true, true};
    case 8: return {true, false, true};
    default: return {};
  }
}

Raster cropped(Raster raster, int x0, int y0, int x1, int y1) {
  x0 = std::clamp(x0, 0, raster.width_px - 1);
  y0 = std::clamp(y0, 0, raster.height_px - 1);
  x1 = std::clamp(x1, x0 + 1, raster.width_px);
  y1 = std::clamp(y1, y0 + 1, raster.height_px);
  if (x0 == 0 && y0 == 0 && x1 == raster.width_px && y1 == raster.height_px) return raster;
  if (raster.format == PixelFormat::gray1 && x0 % 8 != 0) {
    auto part = like(raster, x1 - x0, y1 - y0, raster.format);
    for (int y = y0; y < y1; ++y) {
      for (int x = x0; x < x1; ++x) {
        if (bit_at(raster.row(y), static_cast<std::size_t>(x))) set_bit(part.row(y - y0), x - x0);
      }
    }
    return part;
  }
  const auto stride = row_bytes(raster.format, x1 - x0);
  for (int y = y0; y < y1; ++y)
    std::memmove(raster.pixels.data() + static_cast<std::size_t>(y - y0) * stride, raster.row(y) + row_bytes(raster.format, x0), stride);
  raster.width_px = x1 - x0;
  raster.height_px = y1 - y0;
  raster.pixels.shrink(stride * static_cast<std::size_t>(raster.height_px));
  if (raster.format == PixelFormat::gray1) {
    for (int y = 0; y < raster.height_px; ++y) clear_beyond(raster.row(y), raster.width_px);
  }
  return raster;
}

void gray_of_rgb(const std::byte* rgb, std::byte* gray, std::size_t count) {
  for (std::size_t n = 0; n < count; ++n, rgb += 3)
    gray[n] = static_cast<std::byte>((299 * value_of(rgb[0]) + 587 * value_of(rgb[1]) + 114 * value_of(rgb[2]) + 500) / 1000);
}

void rgb_of_cmyk(const std::byte* cmyk, std::byte* rgb, std::size_t count) {
  for (std::size_t n = 0; n < count; ++n, cmyk += 4, rgb += 3) {
    const unsigned light = 255 - value_of(cmyk[3]);
    for (std::size_t channel = 0; channel < 3; ++channel)
      rgb[channel] = static_cast<std::byte>((255 - value_of(cmyk[channel])) * light / 255);
  }
}

Raster to_gray(Raster raster) {
  if (raster.format != PixelFormat::rgb8) return raster;
  const auto count = static_cast<std::size_t>(raster.width_px) * static_cast<std::size_t>(raster.height_px);
  gray_of_rgb(raster.pixels.data(), raster.pixels.data(), count);
  raster.pixels.shrink(count);
  raster.format = PixelFormat::gray8;
  return raster;
}

Raster halved(const Raster& raster) {
  switch (raster.format) {
    case PixelFormat::gray1: return halved_bilevel(raster);
    case PixelFormat::gray8: return halved_gray(raster);
    case PixelFormat::rgb8: break;
  }
  return halved_rgb(raster);
}

Raster to_bilevel(const Raster& raster) {
  auto bilevel = like(raster, raster.width_px, raster.height_px, PixelFormat::gray1);
  for (int y = 0; y < raster.height_px; ++y) {
    for (int x = 0; x < raster.width_px; ++x) {
      if (value_of(raster.row(y)[x]) < 128) set_bit(bilevel.row(y), x);
    }
  }
  return bilevel;
}

}  // namespace pecia::page
