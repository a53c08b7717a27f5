#include <tiffio.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "tiff_image.hpp"

namespace pecia::exporting::pdf {
namespace {

/// A TIFF that is made in memory.
struct Memory {
  std::string bytes;
  std::size_t at = 0;
};

Memory& memory_of(thandle_t handle) { return *static_cast<Memory*>(handle); }

tmsize_t read_nothing(thandle_t, void*, tmsize_t) { return 0; }

tmsize_t write_memory(thandle_t handle, void* data, tmsize_t size) {
  auto& memory = memory_of(handle);
  const auto count = static_cast<std::size_t>(size);
  if (memory.bytes.size() < memory.at + count) memory.bytes.resize(memory.at + count);
  std::memcpy(memory.bytes.data() + memory.at, data, count);
  memory.at += count;
  return size;
}

toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto& memory = memory_of(handle);
  memory.at = static_cast<std::size_t>(offset) + (whence == SEEK_CUR ? memory.at : whence == SEEK_END ? memory.bytes.size() : 0);
  return memory.at;
}

int close_memory(thandle_t) { return 0; }
toff_t size_of_memory(thandle_t handle) { return memory_of(handle).bytes.size(); }

}  // namespace

Group4 group4_of(const OpenTiff& open, const TiffLayout& layout) {
  Memory memory;
  auto* coder =
      TIFFClientOpen("group 4", "wl", &memory, read_nothing, write_memory, seek_memory, close_memory, size_of_memory, nullptr, nullptr);
  if (coder == nullptr) throw std::bad_alloc{};
  const std::unique_ptr<tiff, decltype(&TIFFClose)> closing{coder, &TIFFClose};
  TIFFSetField(coder, TIFFTAG_IMAGEWIDTH, layout.width_px);
  TIFFSetField(coder, TIFFTAG_IMAGELENGTH, layout.height_px);
  TIFFSetField(coder, TIFFTAG_BITSPERSAMPLE, 1);
  TIFFSetField(coder, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(coder, TIFFTAG_ROWSPERSTRIP, layout.height_px);
  TIFFSetField(coder, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
  TIFFSetField(coder, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
  TIFFSetField(coder, TIFFTAG_FILLORDER, FILLORDER_MSB2LSB);
  const bool black_is_one = layout.photometric == PHOTOMETRIC_MINISWHITE;
  std::vector<std::uint8_t> black(layout.row_bytes());
  std::uint32_t y = 0;
  const auto lost = each_tiff_row(open, layout, [&](std::span<const std::uint8_t> row) {
    std::ranges::transform(row, black.begin(), [&](std::uint8_t byte) { return black_is_one ? byte : static_cast<std::uint8_t>(~byte); });
    if (TIFFWriteScanline(coder, black.data(), y++, 0) != 1) throw std::runtime_error{"the page cannot be coded as Group 4"};
  });
  if (TIFFFlushData(coder) != 1) throw std::runtime_error{"the page cannot be coded as Group 4"};
  const auto offset = TIFFGetStrileOffset(coder, 0), size = TIFFGetStrileByteCount(coder, 0);
  if (offset > memory.bytes.size() || size > memory.bytes.size() - offset) throw std::runtime_error{"the page cannot be coded as Group 4"};
  return {memory.bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size)), lost};
}

}  // namespace pecia::exporting::pdf
