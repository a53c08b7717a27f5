#include "raster.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace pecia::page {
namespace {

unsigned value(std::byte byte) { return std::to_integer<unsigned>(byte); }

bool bit(const std::byte* row, int x) { return (value(row[x / 8]) >> (7 - x % 8)) & 1U; }

void set_bit(std::byte* row, int x) { row[x / 8] |= std::byte{0x80} >> (x % 8); }

Raster like(const Raster& raster, int width_px, int height_px, PixelFormat format) {
  Raster made;
  made.width_px = width_px;
  made.height_px = height_px;
  made.format = format;
  made.dpi = raster.dpi;
  made.reduction = raster.reduction;
  made.pixels.resize(made.stride() * static_cast<std::size_t>(height_px));
  return made;
}

Raster gray8_of_bilevel(const Raster& raster) {
  auto gray = like(raster, raster.width_px, raster.height_px, PixelFormat::gray8);
  for (int y = 0; y < raster.height_px; ++y) {
    for (int x = 0; x < raster.width_px; ++x) gray.row(y)[x] = bit(raster.row(y), x) ? std::byte{0} : std::byte{255};
  }
  return gray;
}

/// Copies pixel (x, y) of one raster to (to_x, to_y) of another of the same format.
void copy_pixel(const Raster& from, int x, int y, Raster& to, int to_x, int to_y) {
  switch (from.format) {
    case PixelFormat::gray1:
      if (bit(from.row(y), x)) set_bit(to.row(to_y), to_x);
      break;
    case PixelFormat::gray8: to.row(to_y)[to_x] = from.row(y)[x]; break;
    case PixelFormat::rgb8: std::memcpy(to.row(to_y) + 3 * to_x, from.row(y) + 3 * x, 3); break;
  }
}

Raster half_of(const Raster& raster, PixelFormat format) {
  Raster half;
  half.width_px = std::max(1, raster.width_px / 2);
  half.height_px = std::max(1, raster.height_px / 2);
  half.format = format;
  half.dpi = raster.dpi / 2;
  half.reduction = raster.reduction * 2;
  half.pixels.resize(half.stride() * static_cast<std::size_t>(half.height_px));
  return half;
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
constexpr PairTables pairs;

unsigned halved_bits(std::byte above, std::byte below) {
  const auto a = value(above), b = value(below);
  return pairs.both[a] | pairs.both[b] | (pairs.any[a] & pairs.any[b]);
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
    if (half.width_px % 8 != 0)  // what the last byte holds beyond the width is no page
      out[half.stride() - 1] &= static_cast<std::byte>(0xFF << (8 - half.width_px % 8) & 0xFF);
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
          (value(above[2 * x]) + value(above[2 * x + next]) + value(below[2 * x]) + value(below[2 * x + next])) / 4);
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
        return value(above[at]) + value(above[at + next]) + value(below[at]) + value(below[at + next]);
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
  raster.pixels.resize(raster.stride() * static_cast<std::size_t>(height_px));
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

Raster oriented(Raster raster, Orientation orientation) {
  if (orientation.is_identity()) return raster;
  const int width = orientation.swap_axes ? raster.height_px : raster.width_px;
  const int height = orientation.swap_axes ? raster.width_px : raster.height_px;
  auto turned = like(raster, width, height, raster.format);
  for (int y = 0; y < raster.height_px; ++y) {
    for (int x = 0; x < raster.width_px; ++x) {
      const int to_x = orientation.swap_axes ? y : x;
      const int to_y = orientation.swap_axes ? x : y;
      copy_pixel(raster, x, y, turned, orientation.flip_x ? width - 1 - to_x : to_x,
                 orientation.flip_y ? height - 1 - to_y : to_y);
    }
  }
  return turned;
}

Raster cropped(Raster raster, int x0, int y0, int x1, int y1) {
  x0 = std::clamp(x0, 0, raster.width_px - 1);
  y0 = std::clamp(y0, 0, raster.height_px - 1);
  x1 = std::clamp(x1, x0 + 1, raster.width_px);
  y1 = std::clamp(y1, y0 + 1, raster.height_px);
  if (x0 == 0 && y0 == 0 && x1 == raster.width_px && y1 == raster.height_px) return raster;
  auto part = like(raster, x1 - x0, y1 - y0, raster.format);
  for (int y = y0; y < y1; ++y) {
    if (raster.format == PixelFormat::gray1) {
      for (int x = x0; x < x1; ++x) copy_pixel(raster, x, y, part, x - x0, y - y0);
    } else {
      std::memcpy(part.row(y - y0), raster.row(y) + row_bytes(raster.format, x0), part.stride());
    }
  }
  return part;
}

Raster to_gray(Raster raster) {
  if (raster.format != PixelFormat::rgb8) return raster;
  auto gray = like(raster, raster.width_px, raster.height_px, PixelFormat::gray8);
  for (std::size_t n = 0; n < gray.pixels.size(); ++n) {
    const auto* rgb = raster.pixels.data() + 3 * n;
    gray.pixels[n] = static_cast<std::byte>((299 * value(rgb[0]) + 587 * value(rgb[1]) + 114 * value(rgb[2]) + 500) / 1000);
  }
  return gray;
}

Raster to_rgb(Raster raster) {
  if (raster.format == PixelFormat::rgb8) return raster;
  if (raster.format == PixelFormat::gray1) raster = gray8_of_bilevel(raster);
  auto rgb = like(raster, raster.width_px, raster.height_px, PixelFormat::rgb8);
  for (std::size_t n = 0; n < raster.pixels.size(); ++n) std::fill_n(rgb.pixels.data() + 3 * n, 3, raster.pixels[n]);
  return rgb;
}

Raster scaled_down(Raster raster, int longest_px) {
  const int longest = std::max(raster.width_px, raster.height_px);
  if (longest_px <= 0 || longest <= longest_px) return raster;
  if (raster.format == PixelFormat::gray1) raster = gray8_of_bilevel(raster);
  const double scale = static_cast<double>(longest_px) / longest;
  const int width = std::max(1, static_cast<int>(raster.width_px * scale + 0.5));
  const int height = std::max(1, static_cast<int>(raster.height_px * scale + 0.5));
  auto small = like(raster, width, height, raster.format);
  small.dpi = raster.dpi * scale;
  const std::size_t channels = raster.format == PixelFormat::rgb8 ? 3 : 1;
  // The cell of result pixel n spans the source pixels [n * source / result, (n + 1) * source / result).
  const auto cell = [](int n, int source, int result) {
    return static_cast<int>(static_cast<std::int64_t>(n) * source / result);
  };
  for (int y = 0; y < height; ++y) {
    const int from_y = cell(y, raster.height_px, height), to_y = std::max(from_y + 1, cell(y + 1, raster.height_px, height));
    for (int x = 0; x < width; ++x) {
      const int from_x = cell(x, raster.width_px, width), to_x = std::max(from_x + 1, cell(x + 1, raster.width_px, width));
      for (std::size_t channel = 0; channel < channels; ++channel) {
        std::uint64_t sum = 0;
        for (int sy = from_y; sy < to_y; ++sy) {
          for (int sx = from_x; sx < to_x; ++sx) sum += value(raster.row(sy)[static_cast<std::size_t>(sx) * channels + channel]);
        }
        const auto count = static_cast<std::uint64_t>(to_y - from_y) * static_cast<std::uint64_t>(to_x - from_x);
        small.row(y)[static_cast<std::size_t>(x) * channels + channel] = static_cast<std::byte>((sum + count / 2) / count);
      }
    }
  }
  return small;
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
      if (value(raster.row(y)[x]) < 128) set_bit(bilevel.row(y), x);
    }
  }
  return bilevel;
}

}  // namespace pecia::page
