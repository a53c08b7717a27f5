#include "row_sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <utility>

namespace pecia::page {
namespace {

/// An image may have so many times the pixels that a page may: going over them takes some ten
/// seconds.
constexpr double most_shrinking = 64;
/// Rows that are turned into columns together: a cache line of each column.
constexpr int block_rows = 64;

PixelFormat format_to_make(PixelFormat stored, const Decoding& wanted, bool averages) {
  if (wanted.pixels == ImageRequest::Pixels::rgb) return PixelFormat::rgb8;
  if (stored == PixelFormat::gray1) return averages ? PixelFormat::gray8 : PixelFormat::gray1;
  return wanted.gray() ? PixelFormat::gray8 : stored;
}

std::size_t channels_of(PixelFormat format) { return format == PixelFormat::rgb8 ? 3 : 1; }

void reverse_row(const std::byte* from, std::byte* to, int width_px, PixelFormat format) {
  const auto width = static_cast<std::size_t>(width_px);
  if (format == PixelFormat::gray1) {
    for (std::size_t x = 0; x < width; ++x) {
      if (bit_at(from, width - 1 - x)) to[x / 8] |= std::byte{0x80} >> (x % 8);
    }
    return;
  }
  const auto channels = channels_of(format);
  for (std::size_t x = 0; x < width; ++x)
    std::memcpy(to + x * channels, from + (width - 1 - x) * channels, channels);
}

}  // namespace

Decoding decoding_of(const ImageRequest& request, std::uint64_t max_pixels,
                     Orientation orientation) {
  const auto most =
      request.most_pixels > 0 ? std::min(request.most_pixels, max_pixels) : max_pixels;
  return {request.pixels,          request.exact, orientation,
          request.longest_side_px, most,          most_shrinking * static_cast<double>(max_pixels)};
}

Size fitted(double width_px, double height_px, const Decoding& wanted) {
  if (!(width_px >= 1) || !(height_px >= 1))
    throw PageError{Reason::unreadable, "the page has no area"};
  const auto most = static_cast<double>(wanted.most_pixels);
  if (width_px > most_side_px || height_px > most_side_px ||
      width_px * height_px > wanted.most_decoded_pixels)
    throw PageError{
        Reason::too_large,
        fmt::format(
            "the image has {:.0f} x {:.0f} pixels. Up to {:.3g} million are made smaller, and read",
            width_px, height_px, wanted.most_decoded_pixels / 1e6)};
  double scale = 1;
  if (wanted.longest_side_px > 0)
    scale = std::min(scale, wanted.longest_side_px / std::max(width_px, height_px));
  if (width_px * height_px > most)
    scale = std::min(scale, std::sqrt(most / (width_px * height_px)));
  const auto scaled = [&](double side) { return std::max(1, static_cast<int>(side * scale + .5)); };
  Size size{scaled(width_px), scaled(height_px)};
  if (static_cast<double>(size.width_px) * size.height_px >
      most) {  // by rounding, or as it is so narrow
    auto& longer = size.width_px > size.height_px ? size.width_px : size.height_px;
    longer = std::max(1, static_cast<int>(most / std::min(size.width_px, size.height_px)));
  }
  return size;
}

std::string limit_on(double width_px, double height_px, const Decoding& wanted) {
  const auto most = static_cast<double>(wanted.most_pixels);
  const bool by_side = wanted.longest_side_px > 0 &&
                       wanted.longest_side_px / std::max(width_px, height_px) < std::sqrt(most / (width_px * height_px));
  return by_side ? fmt::format("the engine's {} pixels a side", wanted.longest_side_px)
                 : fmt::format("{:.3g} million pixels", most / 1e6);
}

RowSink::RowSink(int width_px, int height_px, PixelFormat format, const Decoding& wanted, Size full)
    : wanted_{wanted}, from_{width_px, height_px}, format_{format} {
  to_ = fitted(full.width_px, full.height_px, wanted);
  const bool smaller = to_ != full;
  to_ = {std::min(to_.width_px, width_px), std::min(to_.height_px, height_px)};
  averages_ = to_ != from_;
  const bool swaps = wanted.orientation.swap_axes;
  raster_.width_px = swaps ? to_.height_px : to_.width_px;
  raster_.height_px = swaps ? to_.width_px : to_.height_px;
  raster_.format = format_to_make(format, wanted, averages_);
  if (smaller) raster_.full_width_px = swaps ? full.height_px : full.width_px;
  if (smaller) raster_.full_height_px = swaps ? full.width_px : full.height_px;
  raster_.pixels = PixelBuffer{raster_.stride() * static_cast<std::size_t>(raster_.height_px)};
  direct_ = !averages_ && !swaps && !wanted.orientation.flip_x && raster_.format == format;
  if (!direct_) line_.resize(row_bytes(format, width_px));
  const auto channels = channels_of(raster_.format);
  if (averages_ || raster_.format != format)
    converted_.resize(static_cast<std::size_t>(std::max(width_px, to_.width_px)) * channels);
  if (swaps) block_.resize(row_bytes(raster_.format, to_.width_px) * block_rows);
  if (!averages_) return;
  cells_.resize(static_cast<std::size_t>(to_.width_px));
  const double step = static_cast<double>(width_px) / to_.width_px;
  for (std::size_t n = 0; n < cells_.size(); ++n) {
    const double begin = static_cast<double>(n) * step, end = begin + step;
    auto& cell = cells_[n];
    cell.first = std::min(static_cast<int>(begin), width_px - 1);
    cell.last = std::clamp(static_cast<int>(std::ceil(end - 1e-6)) - 1, cell.first, width_px - 1);
    cell.first_share = static_cast<float>(std::min(end, cell.first + 1.0) - begin);
    cell.last_share = static_cast<float>(end - cell.last);
  }
  across_.resize(cells_.size() * channels);
  sums_.resize(across_.size());
}

std::byte* RowSink::row() {
  if (!direct_) return line_.data();
  return raster_.row(wanted_.orientation.flip_y ? to_.height_px - 1 - came_ : came_);
}

void RowSink::next() {
  if (format_ == PixelFormat::gray1 &&
      from_.width_px % 8 != 0)  // what the last byte holds beyond the width is no page
    row()[row_bytes(format_, from_.width_px) - 1] &=
        static_cast<std::byte>(0xFF << (8 - from_.width_px % 8) & 0xFF);
  if (!direct_) {
    const auto* line = converted(line_.data());
    if (averages_)
      average(line);
    else
      put(line);
  }
  ++came_;
}

/// The row in the pixels that are made of it; bits that are averaged become bytes.
const std::byte* RowSink::converted(const std::byte* line) {
  if (format_ == raster_.format) return line;
  const auto width = static_cast<std::size_t>(from_.width_px);
  auto* out = converted_.data();
  if (format_ == PixelFormat::rgb8) {
    gray_of_rgb(line, out, width);
  } else {
    const auto channels = channels_of(raster_.format);
    for (std::size_t x = 0; x < width; ++x) {
      const auto light = format_ == PixelFormat::gray8 ? line[x]
                         : bit_at(line, x)             ? std::byte{0}
                                                       : std::byte{255};
      for (std::size_t n = 0; n < channels; ++n) *out++ = light;
    }
  }
  return converted_.data();
}

/// Adds a row to the rows that it is part of: source row y covers [y, y + 1) of the cells of height
/// `step`.
void RowSink::average(const std::byte* line) {
  const auto channels = channels_of(raster_.format);
  for (std::size_t n = 0; n < cells_.size(); ++n) {
    const auto& cell = cells_[n];
    for (std::size_t channel = 0; channel < channels; ++channel) {
      const auto at = [&](int x) {
        return static_cast<float>(value_of(line[static_cast<std::size_t>(x) * channels + channel]));
      };
      float sum = at(cell.first) * cell.first_share;
      if (cell.last > cell.first) {
        unsigned between = 0;
        for (int x = cell.first + 1; x < cell.last; ++x)
          between += value_of(line[static_cast<std::size_t>(x) * channels + channel]);
        sum += static_cast<float>(between) + at(cell.last) * cell.last_share;
      }
      across_[n * channels + channel] = sum;
    }
  }
  const double step = static_cast<double>(from_.height_px) / to_.height_px;
  double above = came_;
  while (made_ < to_.height_px) {
    const double end = (made_ + 1) * step;
    const bool last = came_ + 1 == from_.height_px;
    if (end > came_ + 1 + 1e-6 && !(last && made_ + 1 == to_.height_px)) {
      add(came_ + 1 - above);
      return;
    }
    add(std::min(end, came_ + 1.0) - above);
    above = end;
    const auto area = static_cast<float>(step * from_.width_px / to_.width_px);
    for (std::size_t n = 0; n < sums_.size(); ++n) {
      converted_[n] = static_cast<std::byte>(std::clamp(sums_[n] / area + .5F, 0.F, 255.F));
      sums_[n] = 0;
    }
    put(converted_.data());
    if (above >= came_ + 1) return;
  }
}

void RowSink::add(double weight) {
  const auto share = static_cast<float>(std::max(0.0, weight));
  for (std::size_t n = 0; n < sums_.size(); ++n) sums_[n] += share * across_[n];
}

/// A row of what is kept, to its place on the page.
void RowSink::put(const std::byte* line) {
  const auto& turn = wanted_.orientation;
  const auto bytes = row_bytes(raster_.format, to_.width_px);
  if (turn.swap_axes) {
    std::memcpy(block_.data() + static_cast<std::size_t>(block_rows_) * bytes, line, bytes);
    ++made_;
    if (++block_rows_ == block_rows || made_ == to_.height_px) flush_columns();
    return;
  }
  auto* to = raster_.row(turn.flip_y ? to_.height_px - 1 - made_ : made_);
  ++made_;
  if (turn.flip_x)
    reverse_row(line, to, to_.width_px, raster_.format);
  else
    std::memcpy(to, line, bytes);
}

void RowSink::flush_columns() {
  const auto& turn = wanted_.orientation;
  const auto bytes = row_bytes(raster_.format, to_.width_px);
  const auto channels = channels_of(raster_.format);
  const int first = made_ - block_rows_;
  for (int x = 0; x < to_.width_px; ++x) {
    auto* to = raster_.row(turn.flip_y ? to_.width_px - 1 - x : x);
    for (int n = 0; n < block_rows_; ++n) {
      const auto at =
          static_cast<std::size_t>(turn.flip_x ? to_.height_px - 1 - first - n : first + n);
      const auto* from = block_.data() + static_cast<std::size_t>(n) * bytes;
      if (raster_.format != PixelFormat::gray1)
        std::memcpy(to + at * channels, from + static_cast<std::size_t>(x) * channels, channels);
      else if (bit_at(from, static_cast<std::size_t>(x)))
        to[at / 8] |= std::byte{0x80} >> (at % 8);
    }
  }
  block_rows_ = 0;
}

Raster RowSink::finish() {
  if (came_ != from_.height_px)
    throw PageError{Reason::unreadable,
                    fmt::format("the image ends at row {} of {}", came_, from_.height_px)};
  return std::move(raster_);
}

Raster made_to_order(Raster raster, const Decoding& wanted) {
  const bool fits =
      fitted(raster.width_px, raster.height_px, wanted) == Size{raster.width_px, raster.height_px};
  const bool pixels = format_to_make(raster.format, wanted, false) == raster.format;
  if (fits && pixels && wanted.orientation.is_identity()) return raster;
  RowSink sink{raster.width_px, raster.height_px, raster.format, wanted};
  for (int y = 0; y < raster.height_px; ++y) {
    std::memcpy(sink.row(), raster.row(y), raster.stride());
    sink.next();
  }
  auto made = sink.finish();
  made.dpi = raster.dpi * made.width_px /
             (wanted.orientation.swap_axes ? raster.height_px : raster.width_px);
  made.reduction = raster.reduction;
  if (raster.full_width_px > 0) {
    made.full_width_px = raster.full_width_px, made.full_height_px = raster.full_height_px;
    if (wanted.orientation.swap_axes) std::swap(made.full_width_px, made.full_height_px);
  }
  return made;
}

}  // namespace pecia::page
