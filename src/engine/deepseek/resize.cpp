#include "resize.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

namespace pecia::engine::deepseek {
namespace {

/// Keys' cubic with a = -0.5. This and what follows is evaluated exactly as written there: products
/// and sums are not fused (CMakeLists.txt), since a weight that differs in its last bit shows.
double cubic(double x) {
  constexpr double a = -0.5;
  x = std::abs(x);
  if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
  if (x < 2) return (((x - 5) * x + 8) * x - 4) * a;
  return 0;
}

constexpr auto bits_as_bytes = [] {
  std::array<std::array<std::uint8_t, 8>, 256> table{};
  for (std::size_t byte = 0; byte < 256; ++byte) {
    for (std::size_t bit = 0; bit < 8; ++bit) table[byte][bit] = byte >> (7 - bit) & 1 ? 0 : 255;
  }
  return table;
}();

std::size_t channels(const page::Image& image) noexcept {
  return image.format == page::PixelFormat::rgb8 ? 3 : 1;
}

/// `to` has room for whole bytes of gray1.
void copy_row(const page::Image& image, int y, std::uint8_t* to) {
  const auto* const row = reinterpret_cast<const std::uint8_t*>(image.pixels.data()) +
                          static_cast<std::size_t>(y) * image.stride_bytes;
  const auto bytes = page::row_bytes(image.format, image.width_px);
  if (image.format != page::PixelFormat::gray1) {
    std::memcpy(to, row, bytes);
    return;
  }
  for (std::size_t n = 0; n < bytes; ++n) std::memcpy(to + 8 * n, bits_as_bytes[row[n]].data(), 8);
}

/// Rows of the same length one below the other, with room behind each.
struct Rows {
  Rows(std::size_t bytes, int rows)
      : stride{round_up(bytes + 1, block_bytes)}, values(stride * static_cast<std::size_t>(rows)) {}
  [[nodiscard]] std::uint8_t* at(int y) {
    return values.data() + static_cast<std::size_t>(y) * stride;
  }

  std::size_t stride;
  std::vector<std::uint8_t> values;
};

constexpr int rows_at_once = 4;

/// The image, as wide as wanted and as high as it was.
Rows stretch(const page::Image& image, int width_px, const ResizeKernels& kernels) {
  const auto depth = channels(image);
  Rows wide{depth * static_cast<std::size_t>(width_px) +
                (image.format == page::PixelFormat::gray1 ? 8 : 0),
            image.height_px + rows_at_once};
  if (width_px == image.width_px) {
    for (int y = 0; y < image.height_px; ++y) copy_row(image, y, wide.at(y));
    return wide;
  }
  const auto weights = bicubic_weights(image.width_px, width_px);
  const auto padding = depth * 4 * static_cast<std::size_t>(weights.groups) + read_beyond;
  Rows some{depth * static_cast<std::size_t>(image.width_px) + padding, rows_at_once};
  const auto work = depth == 3 ? kernels.rgb_rows : kernels.gray_rows;
  for (int y = 0; y < image.height_px; y += rows_at_once) {
    for (int n = 0; n < rows_at_once && y + n < image.height_px; ++n)
      copy_row(image, y + n, some.at(n));
    work(some.at(0), some.stride, weights, wide.at(y), wide.stride);
  }
  return wide;
}

}  // namespace

Weights bicubic_weights(int in, int out) {
  const double scale = static_cast<double>(in) / out;
  const double filter_scale = std::max(scale, 1.0);
  const double support = 2 * filter_scale;
  Weights weights;
  weights.size = out;
  std::vector<std::vector<double>> all;
  for (int n = 0; n < out; ++n) {
    const double center = (n + 0.5) * scale;
    const double step = 1.0 / filter_scale;
    const int first = std::max(static_cast<int>(center - support + 0.5), 0);
    const int count = std::min(static_cast<int>(center + support + 0.5), in) - first;
    auto& exact = all.emplace_back();
    double sum = 0;
    for (int k = 0; k < count; ++k)
      sum += exact.emplace_back(cubic((k + first - center + 0.5) * step));
    for (auto& weight : exact) weight /= sum;
    weights.first.push_back(first);
    weights.count.push_back(count);
  }
  weights.groups = (*std::max_element(weights.count.begin(), weights.count.end()) + 3) / 4;
  const auto padded = 4 * static_cast<std::size_t>(weights.groups);
  weights.whole.resize(all.size() * padded);
  weights.halves.resize(all.size() * padded * 2);
  for (std::size_t n = 0; n < all.size(); ++n) {
    for (std::size_t k = 0; k < all[n].size(); ++k) {
      const double scaled = all[n][k] * (1 << weight_bits);
      const auto whole = static_cast<std::int32_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
      weights.whole[n * padded + k] = whole;
      auto* const group = &weights.halves[2 * (n * padded + k / 4 * 4)];
      group[k % 4] = static_cast<std::int16_t>(whole >> low_bits);
      group[4 + k % 4] = static_cast<std::int16_t>(whole & ((1 << low_bits) - 1));
    }
  }
  return weights;
}

void resize(const page::Image& image, int width_px, int height_px,
            const std::function<void(int, const std::uint8_t*)>& put,
            const ResizeKernels& kernels) {
  auto wide = stretch(image, width_px, kernels);
  if (height_px == image.height_px) {
    for (int y = 0; y < height_px; ++y) put(y, wide.at(y));
    return;
  }
  const auto weights = bicubic_weights(image.height_px, height_px);
  std::vector<std::uint8_t> row(wide.stride);
  for (int y = 0; y < height_px; ++y) {
    kernels.column(wide.at(weights.first[static_cast<std::size_t>(y)]), wide.stride, weights, y,
                   row.data(), wide.stride);
    put(y, row.data());
  }
}

}  // namespace pecia::engine::deepseek
