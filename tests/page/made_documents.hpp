#pragma once

#include <jpeglib.h>
#include <png.h>
#include <tiffio.h>

#include <cstdio>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

// Small documents for the tests of room page. The picture is a black L on white, wider than high, so
// that every turn and flip of it looks different.
namespace pecia::test {

constexpr int picture_width = 60, picture_height = 40;

/// 0 = black, 255 = white.
inline int picture(int x, int y) { return (x >= 8 && x < 16 && y >= 6 && y < 32) || (x >= 8 && x < 40 && y >= 26 && y < 32) ? 0 : 255; }

inline std::vector<std::uint8_t> picture_gray() {
  std::vector<std::uint8_t> pixels;
  for (int y = 0; y < picture_height; ++y)
    for (int x = 0; x < picture_width; ++x) pixels.push_back(static_cast<std::uint8_t>(picture(x, y)));
  return pixels;
}

/// Rows of bits, 1 where `black_is_one` and the picture is black.
inline std::vector<std::uint8_t> picture_bits(bool black_is_one) {
  constexpr int stride = (picture_width + 7) / 8;
  std::vector<std::uint8_t> bits(static_cast<std::size_t>(stride * picture_height), 0);
  for (int y = 0; y < picture_height; ++y) {
    for (int x = 0; x < picture_width; ++x) {
      const bool one = (picture(x, y) == 0) == black_is_one;
      if (one) bits[static_cast<std::size_t>(y * stride + x / 8)] |= static_cast<std::uint8_t>(0x80 >> (x % 8));
    }
  }
  return bits;
}

struct TiffOptions {
  int compression = COMPRESSION_NONE;
  int photometric = PHOTOMETRIC_MINISBLACK;
  int bits = 8;
  int orientation = ORIENTATION_TOPLEFT;
  bool tiled = false;
  int pages = 1;
  bool light_first = false;  ///< in the palette
  bool palette_of_bytes = false;  ///< some writers fill in 8 bits of its 16
};

inline void write_tiff(const std::filesystem::path& file, const TiffOptions& options) {
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  for (int page = 0; page < options.pages; ++page) {
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture_width);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, picture_height);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, options.bits);
    TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, options.compression);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, options.photometric);
    TIFFSetField(tiff, TIFFTAG_ORIENTATION, options.orientation);
    TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 200.0F);
    TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 200.0F);
    TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_INCH);
    const bool inverted = options.photometric == PHOTOMETRIC_MINISWHITE;
    if (options.photometric == PHOTOMETRIC_PALETTE) {
      std::vector<std::uint16_t> map(256, options.palette_of_bytes ? 0xFF : 0xFFFF);  // index 0 is black, as in the picture
      map[options.light_first ? 1 : 0] = 0;
      TIFFSetField(tiff, TIFFTAG_COLORMAP, map.data(), map.data(), map.data());
    }
    std::vector<std::uint8_t> pixels = options.bits == 1 ? picture_bits(inverted || options.light_first) : picture_gray();
    if (options.bits == 8 && inverted)
      for (auto& pixel : pixels) pixel = static_cast<std::uint8_t>(255 - pixel);
    std::vector<std::uint16_t> deep(pixels.begin(), pixels.end());
    for (auto& pixel : deep) pixel = static_cast<std::uint16_t>(pixel * 257);
    if (options.tiled) {
      TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 64);
      TIFFSetField(tiff, TIFFTAG_TILELENGTH, 48);
      std::vector<std::uint8_t> tile(64 * 48, 255);
      for (int y = 0; y < picture_height; ++y)
        for (int x = 0; x < picture_width; ++x) tile[static_cast<std::size_t>(y * 64 + x)] = static_cast<std::uint8_t>(picture(x, y));
      TIFFWriteTile(tiff, tile.data(), 0, 0, 0, 0);
    } else {
      TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 16);
      for (int y = 0; y < picture_height; ++y) {
        const auto row = static_cast<std::size_t>(y);
        if (options.bits == 16)
          TIFFWriteScanline(tiff, deep.data() + row * picture_width, static_cast<std::uint32_t>(y), 0);
        else
          TIFFWriteScanline(tiff, pixels.data() + row * (pixels.size() / picture_height), static_cast<std::uint32_t>(y), 0);
      }
    }
    TIFFWriteDirectory(tiff);
  }
  TIFFClose(tiff);
}

/// components 1 (gray), 3 (YCbCr) or 4 (CMYK, inverted as Adobe writes it). An EXIF block, if given, goes first.
inline std::string make_jpeg(int components, int exif_orientation = 0) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&info, &bytes, &size);
  info.image_width = picture_width;
  info.image_height = picture_height;
  info.input_components = components;
  info.in_color_space = components == 1 ? JCS_GRAYSCALE : components == 3 ? JCS_RGB : JCS_CMYK;
  jpeg_set_defaults(&info);
  jpeg_set_quality(&info, 95, TRUE);
  info.density_unit = 1;
  info.X_density = info.Y_density = 150;
  jpeg_start_compress(&info, TRUE);
  if (exif_orientation > 0) {
    std::string exif{"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0\0\0\0\0\0\0\0\0", 32};
    exif[24] = static_cast<char>(exif_orientation);
    jpeg_write_marker(&info, JPEG_APP0 + 1, reinterpret_cast<const unsigned char*>(exif.data()), static_cast<unsigned>(exif.size()));
  }
  for (int y = 0; y < picture_height; ++y) {
    std::vector<std::uint8_t> row;
    for (int x = 0; x < picture_width; ++x)
      for (int n = 0; n < components; ++n) row.push_back(static_cast<std::uint8_t>(components == 4 && n < 3 ? 255 : picture(x, y)));
    auto* pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  std::string made(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&info);
  std::free(bytes);
  return made;
}

/// color_type and depth as libpng names them; transparency leaves the white parts out.
/// A palette of one bit: black, and `light`; where `light_first`, the other way round.
inline void write_png(const std::filesystem::path& file, int color_type, int depth, int interlace = PNG_INTERLACE_NONE,
                      bool light_first = false, png_color light = {255, 255, 255}) {
  FILE* out = std::fopen(file.c_str(), "wb");
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_init_io(png, out);
  png_set_IHDR(png, info, picture_width, picture_height, depth, color_type, interlace, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  if (color_type == PNG_COLOR_TYPE_PALETTE) {
    png_color colors[256] = {};
    colors[depth == 1 ? (light_first ? 0 : 1) : 255] = light;
    png_set_PLTE(png, info, colors, depth == 1 ? 2 : 256);
  }
  png_set_pHYs(png, info, 11811, 11811, PNG_RESOLUTION_METER);  // 300 dpi
  png_write_info(png, info);
  const auto bits = picture_bits(light_first);
  const int passes = png_set_interlace_handling(png);
  for (int n = 0; n < passes * picture_height; ++n) {
    const int y = n % picture_height;
    std::vector<std::uint8_t> row;
    for (int x = 0; depth > 1 && x < picture_width; ++x) {
      const auto value = static_cast<std::uint8_t>(picture(x, y));
      const int channels = color_type == PNG_COLOR_TYPE_RGBA ? 3 : 1;
      for (int k = 0; k < channels * depth / 8; ++k) row.push_back(color_type == PNG_COLOR_TYPE_RGBA ? 0 : value);
      if (color_type == PNG_COLOR_TYPE_RGBA) row.push_back(static_cast<std::uint8_t>(255 - value));  // white is seen through
    }
    const auto stride = bits.size() / picture_height;
    png_write_row(png, depth == 1 ? bits.data() + static_cast<std::size_t>(y) * stride : row.data());
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  std::fclose(out);
}

/// A PDF of one page: objects by number from 4; 1 to 3 are catalog, pages and page.
class PdfBuilder {
 public:
  /// Returns the object's number.
  int add(const std::string& dictionary, const std::string& stream = {}) {
    objects_.push_back(stream.empty() ? "<<" + dictionary + ">>"
                                      : "<<" + dictionary + "/Length " + std::to_string(stream.size()) + ">>stream\n" + stream + "\nendstream");
    return static_cast<int>(objects_.size()) + 3;
  }
  /// `page`: what else the page's dictionary holds. `pages`: what the page tree's root holds, and
  /// `catalog` what else the catalog does.
  [[nodiscard]] std::string finish(const std::string& page, const std::string& contents, const std::string& resources,
                                   const std::string& pages = "/Kids[3 0 R]/Count 1",
                                   const std::string& catalog = {}) {
    const auto contents_number = add("", contents);
    std::vector<std::string> all{"<</Type/Catalog/Pages 2 0 R" + catalog + ">>", "<</Type/Pages" + pages + ">>",
                                 "<</Type/Page/Parent 2 0 R" + page + "/Contents " + std::to_string(contents_number) +
                                     " 0 R/Resources<<" + resources + ">>>>"};
    all.insert(all.end(), objects_.begin(), objects_.end());
    std::string file = "%PDF-1.4\n", table;
    char entry[24];
    for (std::size_t n = 0; n < all.size(); ++n) {
      std::snprintf(entry, sizeof entry, "%010zu 00000 n \n", file.size());
      table += entry;
      file += std::to_string(n + 1) + " 0 obj\n" + all[n] + "\nendobj\n";
    }
    const auto at = file.size();
    const auto count = std::to_string(all.size() + 1);
    return file + "xref\n0 " + count + "\n0000000000 65535 f \n" + table + "trailer<</Root 1 0 R/Size " + count +
           ">>\nstartxref\n" + std::to_string(at) + "\n%%EOF\n";
  }

 private:
  std::vector<std::string> objects_;
};

}  // namespace pecia::test
