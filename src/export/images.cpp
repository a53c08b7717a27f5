#include "images.hpp"

#include <fmt/format.h>
#include <zlib.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cstring>

#include "digest.hpp"
#include "format.hpp"
#include "out_folder.hpp"
#include "pecia/base/error.hpp"
#include "url.hpp"
#include "writers.hpp"

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

/// From beside the folder of images.
std::string link_to(std::string_view file) {
  const auto folder = file.rfind('/', file.rfind('/') - 1);
  return url_of_path(folder == std::string_view::npos ? file : file.substr(folder + 1));
}

/// Of what is cut out of a page.
std::uint64_t digest_of(const corpus::Document& listed, std::uint32_t page, const std::vector<result::Box>& boxes) {
  Digest digest;
  digest.add(listed.size_bytes).add(static_cast<std::uint64_t>(listed.modified_ns)).add(listed.revision).add(page);
  for (const auto& box : boxes) {
    for (const float edge : {box.x0, box.y0, box.x1, box.y1}) digest.add(std::bit_cast<std::uint32_t>(edge));
  }
  return digest.value();
}

/// N of "PAGE_N.png"; 0: it is none of the page's.
std::size_t number_of(std::string_view name, std::uint32_t page) {
  const auto begin = fmt::format("{}_", page);
  if (!name.starts_with(begin)) return 0;
  std::size_t number = 0;
  std::from_chars(name.data() + begin.size(), name.data() + name.size(), number);
  return number;
}

/// Keeps the files of a page that an earlier export wrote, and says how to link to them: by their boxes, empty where there is none.
std::vector<std::string> keep_images(const FormatEntry& before, std::uint32_t page, std::size_t boxes, std::uint64_t digest,
                                     const DocumentFiles& files, WrittenImages& written) {
  std::vector<std::string> links;
  const auto known = before.pages.find(page);
  const bool of_these_boxes = known != before.pages.end() && known->second == digest;
  if (known != before.pages.end()) written.pages.insert(*known);
  const auto folder = files.name().substr(0, files.name().rfind('/') + 1);
  for (const auto& file : before.files) {
    const auto number = number_of(std::string_view{file}.substr(file.rfind('/') + 1), page);
    if (number == 0 || !earlier_file(files.out(), file)) continue;
    written.kept.push_back(file);
    const bool beside = file.starts_with(folder) && std::ranges::count(file.substr(folder.size()), '/') == 1;
    if (!of_these_boxes || number > boxes || !beside) continue;
    links.resize(boxes);
    // Where the document had another name, too, those of now are the newer.
    if (links[number - 1].empty() || file.starts_with(files.name() + std::string{figures_suffix})) links[number - 1] = link_to(file);
  }
  return links;
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

WrittenImages write_images(const merge::Document& document, const corpus::Document& listed, const CropPage& crop,
                           const FormatEntry* before, DocumentFiles& files) {
  WrittenImages written;
  for (const auto& page : document.pages) {
    const auto boxes = image_boxes(page.outcome.reading);
    if (boxes.empty() && !page.damaged) continue;
    const auto pictures = page.damaged ? std::vector<Picture>{} : crop(document, page, boxes);
    const auto digest = digest_of(listed, page.number, boxes);
    auto& of_page = written.links[page.number];
    if (pictures.empty()) {
      if (!page.damaged) written.pages_without.push_back(page.number);
      if (before != nullptr) of_page = keep_images(*before, page.number, boxes.size(), digest, files, written);
      continue;
    }
    written.pages[page.number] = digest;
    for (const auto& picture : pictures) {
      auto& link = of_page.emplace_back();
      if (picture.pixels.empty()) continue;
      files.write(fmt::format("{}/{}_{}.png", figures_suffix, page.number, of_page.size()), to_png(picture));
      link = link_to(files.written().back());
    }
  }
  return written;
}

}  // namespace pecia::exporting
