#pragma once

#include <gtest/gtest.h>
#include <zlib.h>

#include <cmath>

#include "page/made_documents.hpp"
#include "pecia/page/reader.hpp"
#include "support/temp_folder.hpp"

namespace pecia::test {

using page::Failure;
using page::Image;
using page::ImageRequest;
using page::make_image;
using page::PageInfo;
using page::PixelFormat;
using page::Reader;
using page::Source;

inline ImageRequest gray() {
  ImageRequest request;
  request.pixels = ImageRequest::Pixels::gray;
  return request;
}

inline int gray_at(const Image& image, int x, int y) {
  const auto* row = image.pixels.data() + static_cast<std::size_t>(y) * image.stride_bytes;
  switch (image.format) {
    case PixelFormat::gray1: return (std::to_integer<int>(row[x / 8]) >> (7 - x % 8)) & 1 ? 0 : 255;
    case PixelFormat::gray8: return std::to_integer<int>(row[x]);
    case PixelFormat::rgb8: break;
  }
  return (std::to_integer<int>(row[3 * x]) + std::to_integer<int>(row[3 * x + 1]) + std::to_integer<int>(row[3 * x + 2])) / 3;
}

/// Mean difference to the picture, turned as EXIF orientation `turn` would turn it for display.
inline double difference(const Image& image, int turn = 1) {
  double sum = 0;
  for (int y = 0; y < picture_height; ++y) {
    for (int x = 0; x < picture_width; ++x) {
      const int w = picture_width - 1, h = picture_height - 1;
      const int places[9][2] = {{}, {x, y}, {w - x, y}, {w - x, h - y}, {x, h - y}, {y, x}, {h - y, x}, {h - y, w - x}, {y, w - x}};
      sum += std::abs(gray_at(image, places[turn][0], places[turn][1]) - picture(x, y));
    }
  }
  return sum / (picture_width * picture_height);
}

inline constexpr double same = 6;  ///< JPEG's ringing stays below

class PageReaderTest : public ::testing::Test {
 protected:
  Source source(const std::string& name, const std::string& contents = {}, const std::string& password = {}) {
    const auto file = contents.empty() ? folder_.path() / name : folder_.write(name, contents);
    return {file, corpus::Format::unknown, password};
  }
  Image image_of(const Source& from, std::uint32_t page = 1, const ImageRequest& request = gray()) {
    auto rendered = reader_.render(from, page, request);
    if (auto* failure = std::get_if<Failure>(&rendered)) {
      // Whoever looks at pixels must not go on with an image that is none.
      throw std::runtime_error{from.file.string() + ": " + std::string{name(failure->reason)} + ": " + failure->detail};
    }
    return std::get<Image>(rendered);
  }
  Failure failure_of(const Source& from, std::uint32_t page = 1) {
    auto rendered = reader_.render(from, page, gray());
    if (auto* failure = std::get_if<Failure>(&rendered)) return *failure;
    ADD_FAILURE() << from.file << " was rendered";
    return {Reason::none, "", false};
  }
  bool is_embedded(const Source& from) { return std::get<PageInfo>(reader_.info(from, 1)).embedded; }

  TempFolder folder_;
  Reader reader_;
};

// ---- PDF

/// The image as a PDF object of these filters.
inline std::string deflated(const std::string& bytes) {
  auto size = compressBound(bytes.size());
  std::string out(size, '\0');
  compress(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  out.resize(size);
  return out;
}
inline std::string text_of(const std::vector<std::uint8_t>& bytes) { return {bytes.begin(), bytes.end()}; }

inline const std::string image_entries = "/Type/XObject/Subtype/Image/Width 60/Height 40";
inline const std::string media = "/MediaBox[0 0 120 80]";  ///< 2 points a pixel
inline const std::string whole_page = "q 120 0 0 80 0 0 cm /Im Do Q\n";

/// A page that paints one image by `contents`.
inline std::string page_with(const std::string& entries, const std::string& stream, const std::string& contents = whole_page,
                      const std::string& page = media, const std::string& more_resources = {}) {
  PdfBuilder pdf;
  const auto image = pdf.add(image_entries + entries, stream);
  return pdf.finish(page, contents, "/XObject<</Im " + std::to_string(image) + " 0 R>>" + more_resources);
}

inline const std::string gray_jpeg = "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/DCTDecode";

}  // namespace pecia::test
