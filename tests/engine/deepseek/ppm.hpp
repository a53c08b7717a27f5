#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

#include "pecia/page/image.hpp"

namespace pecia::engine::deepseek {

/// A binary PPM (P6, 255 levels, no comments) as an rgb8 image whose page coordinates are its
/// pixels.
inline page::Image read_ppm(const std::filesystem::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::string magic;
  int width = 0, height = 0, levels = 0;
  in >> magic >> width >> height >> levels;
  in.get();
  if (!in || magic != "P6" || levels != 255)
    throw std::runtime_error("not a P6 file with 255 levels: " + file.string());
  auto made = page::make_image(width, height, page::PixelFormat::rgb8, 144);
  const auto row = page::row_bytes(page::PixelFormat::rgb8, width);
  for (int y = 0; y < height; ++y)
    in.read(reinterpret_cast<char*>(made.pixels.data()) +
                static_cast<std::size_t>(y) * made.image.stride_bytes,
            static_cast<std::streamsize>(row));
  if (!in) throw std::runtime_error("shorter than its header says: " + file.string());
  return made.image;
}

/// The pixels of a golden image ("page_1191x1684.png") or of a reader's sample ("00_clean_0"),
/// which the build unpacked.
inline page::Image test_pixels(const std::string& set, std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return read_ppm(std::filesystem::path(PECIA_TEST_PIXELS) / set / (name + ".ppm"));
}

}  // namespace pecia::engine::deepseek
