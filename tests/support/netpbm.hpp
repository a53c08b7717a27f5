#pragma once

#include <fstream>
#include <stdexcept>
#include <string>

#include "pecia/page/image.hpp"

namespace pecia::test {

/// Reads a binary PBM (gray1, 1 = black as here) or PGM (gray8).
inline page::Image read_netpbm(const std::string& path, double dpi) {
  std::ifstream file{path, std::ios::binary};
  std::string magic;
  int width = 0, height = 0, most = 0;
  file >> magic >> width >> height;
  if (magic == "P5") file >> most;
  file.get();
  if (!file || (magic != "P4" && magic != "P5")) throw std::runtime_error{"cannot read " + path};
  auto made = page::make_image(width, height, magic == "P4" ? page::PixelFormat::gray1 : page::PixelFormat::gray8, dpi);
  file.read(reinterpret_cast<char*>(made.pixels.data()), static_cast<std::streamsize>(made.pixels.size()));
  if (!file) throw std::runtime_error{path + " ends too early"};
  return made.image;
}

/// A page of one gray, 255 = white.
inline page::Image plain_page(int width_px, int height_px, int gray) {
  auto made = page::make_image(width_px, height_px, page::PixelFormat::gray8, 300);
  for (auto& pixel : made.pixels) pixel = static_cast<std::byte>(gray);
  return made.image;
}

}  // namespace pecia::test
