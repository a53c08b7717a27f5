#include "predictor.hpp"

#include <cstdlib>
#include <limits>
#include <new>

namespace pecia::exporting::pdf {
namespace {

constexpr std::uint8_t filters = 5;  ///< none, sub, up, average, Paeth
constexpr int level = 6;             ///< always the same: so are the bytes
constexpr std::size_t coded_bytes = std::size_t{1} << 16;

std::uint8_t paeth(int left, int above, int corner) {
  const int estimate = left + above - corner;
  const int to_left = std::abs(estimate - left), to_above = std::abs(estimate - above), to_corner = std::abs(estimate - corner);
  return static_cast<std::uint8_t>(to_left <= to_above && to_left <= to_corner ? left : to_above <= to_corner ? above : corner);
}

std::uint8_t predicted(std::uint8_t filter, std::uint8_t left, std::uint8_t above, std::uint8_t corner) {
  switch (filter) {
    case 1:
      return left;
    case 2:
      return above;
    case 3:
      return static_cast<std::uint8_t>((left + above) / 2);
    case 4:
      return paeth(left, above, corner);
    default:
      return 0;
  }
}

}  // namespace

PredictedRows::PredictedRows(Pipeline& to, std::size_t row_bytes, std::size_t pixel_bytes)
    : to_{to}, pixel_bytes_{pixel_bytes}, before_(row_bytes), best_(row_bytes + 1), candidate_(row_bytes + 1), coded_(coded_bytes) {
  if (deflateInit(&stream_, level) != Z_OK) throw std::bad_alloc{};
}

PredictedRows::~PredictedRows() { deflateEnd(&stream_); }

void PredictedRows::deflate(int flush) {
  do {
    stream_.next_out = coded_.data();
    stream_.avail_out = static_cast<uInt>(coded_.size());
    ::deflate(&stream_, flush);
    to_.write(coded_.data(), coded_.size() - stream_.avail_out);
  } while (stream_.avail_out == 0);
}

void PredictedRows::row(std::span<const std::uint8_t> samples) {
  auto least = std::numeric_limits<std::uint64_t>::max();
  for (std::uint8_t filter = 0; filter < filters; ++filter) {
    std::uint64_t sum = 0;
    candidate_[0] = filter;
    for (std::size_t n = 0; n < samples.size() && sum < least; ++n) {
      const std::uint8_t left = n < pixel_bytes_ ? 0 : samples[n - pixel_bytes_], corner = n < pixel_bytes_ ? 0 : before_[n - pixel_bytes_];
      const auto rest = static_cast<std::uint8_t>(samples[n] - predicted(filter, left, before_[n], corner));
      candidate_[n + 1] = rest;
      sum += rest < 128 ? rest : 256U - rest;
    }
    if (sum >= least) continue;
    least = sum;
    best_.swap(candidate_);
  }
  stream_.next_in = best_.data();
  stream_.avail_in = static_cast<uInt>(best_.size());
  deflate(Z_NO_FLUSH);
  before_.assign(samples.begin(), samples.end());
}

void PredictedRows::finish() { deflate(Z_FINISH); }

}  // namespace pecia::exporting::pdf
