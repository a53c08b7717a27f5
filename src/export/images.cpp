#include "images.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <cstring>

#include "part_file.hpp"
#include "pecia/base/error.hpp"

namespace pecia::exporting {
namespace {

constexpr std::string_view signature{"\x89PNG\r\n\x1A\n", 8};
constexpr char gray = 0, rgb = 2;  ///< PNG's colour types

std::string big_endian(std::uint32_t value) {
  std::string bytes;
  for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(value >> shift & 0xFF);
  return bytes;
}

std::string chunk(std::string_view type, std::string_view data) {
  auto bytes = std::string{type};
  bytes += data;
  const auto crc = ::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  return big_endian(static_cast<std::uint32_t>(data.size())) + bytes +
         big_endian(static_cast<std::uint32_t>(crc));
}

/// What stands behind the last slash, as a part of an URL.
std::string url_of(std::string_view name) {
  std::string url;
  for (const char c : name.substr(name.rfind('/') + 1)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view{"-._~"}.find(c) != std::string_view::npos;
    url += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

}  // namespace

std::string to_png(const Picture& picture) {
  const auto row = static_cast<std::size_t>(picture.width_px) * (picture.color ? 3 : 1);
  const auto rows = static_cast<std::size_t>(picture.height_px);
  require(picture.width_px > 0 && picture.height_px > 0 && picture.pixels.size() == row * rows,
          "an image has other pixels than its size says");
  std::string filtered;  // each row behind the number of its filter: none
  filtered.reserve((row + 1) * rows);
  for (std::size_t y = 0; y < rows; ++y) {
    filtered += '\0';
    filtered.append(reinterpret_cast<const char*>(picture.pixels.data()) + y * row, row);
  }
  auto size = ::compressBound(static_cast<uLong>(filtered.size()));
  std::string compressed(size, '\0');
  require(::compress2(reinterpret_cast<Bytef*>(compressed.data()), &size,
                      reinterpret_cast<const Bytef*>(filtered.data()),
                      static_cast<uLong>(filtered.size()), Z_DEFAULT_COMPRESSION) == Z_OK,
          "an image cannot be compressed");
  compressed.resize(size);
  const std::string header = big_endian(static_cast<std::uint32_t>(picture.width_px)) +
                             big_endian(static_cast<std::uint32_t>(picture.height_px)) + '\x08' +
                             (picture.color ? rgb : gray) + std::string(3, '\0');
  return std::string{signature} + chunk("IHDR", header) + chunk("IDAT", compressed) +
         chunk("IEND", {});
}

ImageLinks write_images(const merge::Document& document, const CropPage& crop,
                        const std::filesystem::path& out, const std::string& name) {
  ImageLinks links;
  for (const auto& page : document.pages) {
    const auto boxes = image_boxes(page.outcome.reading);
    if (boxes.empty()) continue;
    auto& of_page = links[page.number];
    for (const auto& picture : crop(document, page, boxes)) {
      auto& link = of_page.emplace_back();
      if (picture.pixels.empty()) continue;
      const auto file = fmt::format("{}_{}.png", page.number, of_page.size());
      PartFile part{out / (name + images_suffix) / file};
      part.append(to_png(picture));
      part.finish();
      link = fmt::format("{}{}/{}", url_of(name), images_suffix, file);
    }
  }
  return links;
}

}  // namespace pecia::exporting
