#include "tiff.hpp"

#include <fmt/format.h>
#include <tiffio.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

#include "pecia/base/bytes.hpp"
#include "tiff_messages.hpp"
#include "tiff_rows.hpp"

namespace pecia::page {

struct TiffReader::Memory {
  std::span<const std::byte> bytes;
  std::uint64_t at = 0;
};

namespace {

using Memory = TiffReader::Memory;

tmsize_t read_memory(thandle_t handle, void* buffer, tmsize_t size) {
  auto& memory = *static_cast<Memory*>(handle);
  if (memory.at >= memory.bytes.size()) return 0;
  const auto count = std::min(static_cast<std::uint64_t>(size), memory.bytes.size() - memory.at);
  std::memcpy(buffer, memory.bytes.data() + memory.at, count);
  memory.at += count;
  return static_cast<tmsize_t>(count);
}
tmsize_t write_memory(thandle_t, void*, tmsize_t) { return 0; }
toff_t seek_memory(thandle_t handle, toff_t offset, int whence) {
  auto& memory = *static_cast<Memory*>(handle);
  memory.at = offset + (whence == SEEK_CUR ? memory.at : whence == SEEK_END ? memory.bytes.size() : 0);
  return memory.at;
}
int close_memory(thandle_t) { return 0; }
int map_memory(thandle_t handle, void** address, toff_t* size) {
  const auto& bytes = static_cast<Memory*>(handle)->bytes;
  *address = const_cast<std::byte*>(bytes.data());
  *size = bytes.size();
  return 1;
}
void unmap_memory(thandle_t, void*, toff_t) {}
toff_t size_memory(thandle_t handle) { return static_cast<Memory*>(handle)->bytes.size(); }

/// Lab, LogLuv, YCbCr without JPEG, and JPEG of the old kind: through libtiff's own conversion, strip by strip.
Raster decode_rgba(TIFF* tiff, const TiffLayout& layout, const Decoding& wanted) {
  RowSink sink{static_cast<int>(layout.width), static_cast<int>(layout.height), PixelFormat::rgb8, wanted};
  std::array<char, 1024> message{};
  TIFFRGBAImage image{};
  if (!TIFFRGBAImageOK(tiff, message.data()) || !TIFFRGBAImageBegin(&image, tiff, 1, message.data()))
    throw PageError{Reason::unsupported, fmt::format("a TIFF of a kind that is not read: {}", message.data())};
  const std::unique_ptr<TIFFRGBAImage, decltype([](TIFFRGBAImage* i) { TIFFRGBAImageEnd(i); })> ended{&image};
  image.req_orientation = layout.orientation;  // as stored; the sink turns them
  const auto band = std::clamp<std::uint32_t>(layout.tiled ? layout.tile_height : layout.rows_per_strip, 1, layout.height);
  check_tiff_band(std::uint64_t{band} * layout.width * sizeof(std::uint32_t));
  std::vector<std::uint32_t> rgba(std::size_t{band} * layout.width);
  for (std::uint32_t y = 0; y < layout.height; y += band) {
    const auto rows = std::min(band, layout.height - y);
    image.row_offset = static_cast<int>(y);
    if (!TIFFRGBAImageGet(&image, rgba.data(), layout.width, rows)) fail_tiff(fmt::format("rows {} to {} cannot be decoded", y, y + rows));
    for (std::size_t row = 0; row < rows; ++row) {
      auto* out = sink.row();
      for (std::size_t x = 0; x < layout.width; ++x) {
        const auto pixel = rgba[row * layout.width + x];
        const auto light = 255 - TIFFGetA(pixel);  // of the white below; colours are premultiplied
        for (const auto value : {TIFFGetR(pixel), TIFFGetG(pixel), TIFFGetB(pixel)})
          *out++ = static_cast<std::byte>(std::min<std::uint32_t>(255, value + light));
      }
      sink.next();
    }
  }
  return sink.finish();
}

void check_coding(std::uint16_t compression) {
  if (TIFFIsCODECConfigured(compression)) return;
  const auto* codec = TIFFFindCODEC(compression);
  throw PageError{Reason::unsupported, fmt::format("the TIFF's pixels are coded as {}, which is not read. Saved without compression or "
                                                   "with LZW it can be",
                                                   codec ? std::string{codec->name} : fmt::format("number {}", compression))};
}

}  // namespace

TiffReader::TiffReader(std::span<const std::byte> bytes) : memory_{std::make_unique<Memory>(Memory{bytes})} {
  listen_to_libtiff();
  // libtiff decodes from our memory: strips that are stored as they are never lie in it twice.
  tiff_ = TIFFClientOpen("document", "r", memory_.get(), read_memory, write_memory, seek_memory, close_memory, size_memory,
                         map_memory, unmap_memory);
  if (!tiff_) fail_tiff("it cannot be opened");
}

TiffReader::~TiffReader() {
  if (tiff_) TIFFClose(tiff_);
}

void TiffReader::go_to(std::uint32_t page) {
  if (page == page_) return;
  // From page to page without going over all that are before.
  const bool found = page_ && page == *page_ + 1 ? TIFFReadDirectory(tiff_) != 0 : TIFFSetDirectory(tiff_, static_cast<tdir_t>(page)) != 0;
  page_.reset();
  if (!found) fail_tiff(fmt::format("page {} cannot be found", page + 1));
  page_ = page;
}

bool TiffReader::go_on() {
  const bool found = TIFFReadDirectory(tiff_) != 0;
  if (found && page_)
    ++*page_;
  else
    page_.reset();
  return found;
}

Raster TiffReader::decode_samples(const TiffLayout& layout, const Decoding& wanted) {
  TiffSamples samples{tiff_, layout};
  std::vector<std::unique_ptr<TiffReader>> others;
  std::vector<TIFF*> readers{tiff_};
  while (layout.planes && readers.size() < layout.samples) {
    auto& other = others.emplace_back(std::make_unique<TiffReader>(memory_->bytes));
    if (!TIFFSetSubDirectory(other->get(), TIFFCurrentDirOffset(tiff_))) fail_tiff("its page cannot be found again");
    readers.push_back(other->get());
  }
  if (layout.compression == COMPRESSION_JPEG && layout.photometric == PHOTOMETRIC_YCBCR)
    TIFFSetField(tiff_, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
  if (samples.are_numbers()) {
    TiffRows rows{readers, layout};
    for (std::uint32_t y = 0; y < layout.height; ++y) samples.look(rows.next());
  }
  TiffRows rows{readers, layout};
  RowSink sink{static_cast<int>(layout.width), static_cast<int>(layout.height), samples.format(), wanted};
  for (std::uint32_t y = 0; y < layout.height; ++y) {
    samples.convert(rows.next(), sink.row());
    sink.next();
  }
  return sink.finish();
}

Raster TiffReader::decode(const Decoding& wanted) {
  listen_to_libtiff();
  const auto layout = tiff_layout(tiff_);
  (void)fitted(layout.width, layout.height, wanted);  // before anything is made of its size
  check_coding(layout.compression);
  return TiffSamples::are_for(layout) ? decode_samples(layout, wanted) : decode_rgba(tiff_, layout, wanted);
}

Raster decode_fax(std::span<const std::byte> stream, const FaxParameters& parameters, const Decoding& wanted) {
  (void)fitted(parameters.width_px, parameters.height_px, wanted);
  // A little-endian TIFF of one strip around the stream (TIFF 6.0, section 2).
  struct Entry {
    std::uint16_t tag;
    std::uint32_t value;
  };
  const bool group4 = parameters.k < 0;
  const std::uint32_t two_dimensional = parameters.k > 0 ? 1 : 0;
  constexpr std::uint32_t data_at = 8;
  const auto length = static_cast<std::uint32_t>(stream.size());
  const auto height = static_cast<std::uint32_t>(parameters.height_px);
  const std::array<Entry, 9> entries{{{TIFFTAG_IMAGEWIDTH, static_cast<std::uint32_t>(parameters.width_px)},
                                      {TIFFTAG_IMAGELENGTH, height},
                                      {TIFFTAG_BITSPERSAMPLE, 1},
                                      {TIFFTAG_COMPRESSION, group4 ? 4U : 3U},
                                      {TIFFTAG_PHOTOMETRIC, parameters.inverted ? std::uint32_t{PHOTOMETRIC_MINISBLACK} : std::uint32_t{PHOTOMETRIC_MINISWHITE}},
                                      {TIFFTAG_STRIPOFFSETS, data_at},
                                      {TIFFTAG_ROWSPERSTRIP, height},
                                      {TIFFTAG_STRIPBYTECOUNTS, length},
                                      {group4 ? std::uint16_t{TIFFTAG_GROUP4OPTIONS} : std::uint16_t{TIFFTAG_GROUP3OPTIONS},
                                       group4 ? 0 : two_dimensional}}};
  ByteWriter file;
  const std::uint32_t directory_at = data_at + length + length % 2;
  file.put(std::uint16_t{0x4949}).put(std::uint16_t{42}).put(directory_at).put_raw(stream);
  if (length % 2 != 0) file.put(std::uint8_t{0});
  file.put(static_cast<std::uint16_t>(entries.size()));
  constexpr std::uint16_t type_long = 4;
  for (const auto& entry : entries) file.put(entry.tag).put(type_long).put(std::uint32_t{1}).put(entry.value);
  file.put(std::uint32_t{0});
  TiffReader reader{file.bytes()};
  return reader.decode(wanted);
}

}  // namespace pecia::page
