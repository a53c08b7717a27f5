#include "pdf_flate.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <utility>

#include "pdf_page.hpp"

namespace pecia::page {

double parameter(PoDoFo::PdfObject* parameters, const char* key, double otherwise) {
  return parameters ? number_of(parameters->GetIndirectKey(key), otherwise) : otherwise;
}

Predictor::Predictor(PoDoFo::PdfObject* parameters)
    : kind{int_of(parameter(parameters, "Predictor", 1))} {
  if (kind == 1) return;
  const auto within = [&](const char* key, double otherwise, double most) {
    const double value = parameter(parameters, key, otherwise);
    if (!(value >= 1 && value <= most))
      throw PageError{Reason::unsupported, "a predictor that is not read"};
    return static_cast<std::size_t>(value);
  };
  const auto colors = within("Colors", 1, 32), bits = within("BitsPerComponent", 8, 16),
             columns = within("Columns", 1, 1e6);
  pixel_bytes = (colors * bits + 7) / 8;
  row_bytes = (columns * colors * bits + 7) / 8;
  if (kind == 2 && bits != 8) throw PageError{Reason::unsupported, "a predictor that is not read"};
}

void Predictor::undo(int filter, std::span<std::byte> row, std::span<const std::byte> above) const {
  const auto value = [](std::byte b) { return std::to_integer<int>(b); };
  for (std::size_t n = 0; n < row.size(); ++n) {
    const bool first = n < pixel_bytes;
    const int left = first ? 0 : value(row[n - pixel_bytes]), up = value(above[n]),
              corner = first ? 0 : value(above[n - pixel_bytes]);
    int guess = 0;
    switch (kind == 2 ? 1 : filter) {
      case 1:
        guess = left;
        break;
      case 2:
        guess = up;
        break;
      case 3:
        guess = (left + up) / 2;
        break;
      case 4: {
        const int p = left + up - corner, to_left = std::abs(p - left), to_up = std::abs(p - up),
                  to_corner = std::abs(p - corner);
        guess = to_left <= to_up && to_left <= to_corner ? left : to_up <= to_corner ? up : corner;
        break;
      }
      default:
        break;
    }
    row[n] = static_cast<std::byte>(value(row[n]) + guess);
  }
}

FlateBytes::FlateBytes(std::vector<std::byte> bytes, PoDoFo::PdfObject* parameters)
    : bytes_{std::move(bytes)}, predictor_{parameters} {
  row_.resize(predictor_.row_bytes);
  above_.resize(predictor_.row_bytes);
  if (inflateInit(&stream_) != Z_OK) throw PageError{Reason::unreadable, "zlib does not start"};
  stream_.next_in = reinterpret_cast<Bytef*>(bytes_.data());
  stream_.avail_in = static_cast<uInt>(bytes_.size());
}

std::size_t FlateBytes::read(std::span<std::byte> out) {
  if (predictor_.kind == 1) return inflate_into(out);
  std::size_t done = 0;
  while (done < out.size() && (at_ < in_row_ || next_row())) {
    const auto count = std::min(out.size() - done, in_row_ - at_);
    std::copy_n(row_.begin() + static_cast<std::ptrdiff_t>(at_), count,
                out.begin() + static_cast<std::ptrdiff_t>(done));
    at_ += count;
    done += count;
  }
  return done;
}

std::size_t FlateBytes::inflate_into(std::span<std::byte> out) {
  stream_.next_out = reinterpret_cast<Bytef*>(out.data());
  stream_.avail_out = static_cast<uInt>(out.size());
  while (status_ == Z_OK && stream_.avail_out > 0) status_ = inflate(&stream_, Z_NO_FLUSH);
  return out.size() - stream_.avail_out;
}

bool FlateBytes::next_row() {
  std::array<std::byte, 1> filter{};
  if (predictor_.kind != 2 && inflate_into(filter) == 0) return false;
  std::swap(row_, above_);
  in_row_ = inflate_into(row_);
  at_ = 0;
  predictor_.undo(std::to_integer<int>(filter[0]), std::span{row_}.first(in_row_), above_);
  return in_row_ > 0;
}

std::vector<std::byte> inflated(std::vector<std::byte> bytes, PoDoFo::PdfObject* parameters,
                                std::size_t most_bytes) {
  constexpr std::size_t step_bytes = std::size_t{1} << 20;
  FlateBytes from{std::move(bytes), parameters};
  std::vector<std::byte> out;
  for (std::size_t got = 1; got > 0 && out.size() < most_bytes;) {
    const auto done = out.size();
    out.resize(done + step_bytes);
    got = from.read(std::span{out}.subspan(done));
    out.resize(done + got);
  }
  return out;
}

}  // namespace pecia::page
