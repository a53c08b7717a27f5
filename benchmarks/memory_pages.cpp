#include <cstdio>  // jpeglib.h needs FILE

#include <jpeglib.h>
#include <openjpeg.h>
#include <png.h>
#include <tiffio.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

// bench_memory_pages FORMAT IN.ppm OUT TIMES: the picture, repeated TIMES x TIMES, as a large page;
// for bench_memory.
namespace {

struct Picture {
  int width = 0, height = 0, times = 1;
  std::vector<std::uint8_t> rgb;

  [[nodiscard]] int full_width() const { return width * times; }
  [[nodiscard]] int full_height() const { return height * times; }
  [[nodiscard]] std::vector<std::uint8_t> row(int y) const {
    const auto* from =
        rgb.data() + static_cast<std::size_t>(y % height) * static_cast<std::size_t>(width) * 3;
    std::vector<std::uint8_t> out;
    for (int n = 0; n < times; ++n)
      out.insert(out.end(), from, from + static_cast<std::size_t>(width) * 3);
    return out;
  }
};

Picture read_ppm(const std::string& path, int times) {
  std::ifstream file{path, std::ios::binary};
  std::string magic;
  int most = 0;
  Picture picture;
  file >> magic >> picture.width >> picture.height >> most;
  file.get();
  picture.times = times;
  picture.rgb.resize(static_cast<std::size_t>(picture.width) *
                     static_cast<std::size_t>(picture.height) * 3);
  file.read(reinterpret_cast<char*>(picture.rgb.data()),
            static_cast<std::streamsize>(picture.rgb.size()));
  if (!file || magic != "P6" || most != 255) throw std::runtime_error{"cannot read " + path};
  return picture;
}

void write_jpeg(const Picture& picture, std::FILE* out) {
  jpeg_compress_struct info{};
  jpeg_error_mgr errors{};
  info.err = jpeg_std_error(&errors);
  jpeg_create_compress(&info);
  jpeg_stdio_dest(&info, out);
  info.image_width = static_cast<JDIMENSION>(picture.full_width());
  info.image_height = static_cast<JDIMENSION>(picture.full_height());
  info.input_components = 3;
  info.in_color_space = JCS_RGB;
  jpeg_set_defaults(&info);
  info.density_unit = 1;
  info.X_density = info.Y_density = 300;
  jpeg_start_compress(&info, TRUE);
  for (int y = 0; y < picture.full_height(); ++y) {
    auto row = picture.row(y);
    auto* pointer = row.data();
    jpeg_write_scanlines(&info, &pointer, 1);
  }
  jpeg_finish_compress(&info);
  jpeg_destroy_compress(&info);
}

void write_png(const Picture& picture, std::FILE* out) {
  auto* png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  auto* info = png_create_info_struct(png);
  png_init_io(png, out);
  png_set_compression_level(png, 1);
  png_set_IHDR(png, info, static_cast<png_uint_32>(picture.full_width()),
               static_cast<png_uint_32>(picture.full_height()), 8, PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_BASE, PNG_FILTER_TYPE_BASE);
  png_set_pHYs(png, info, 11811, 11811, PNG_RESOLUTION_METER);
  png_write_info(png, info);
  for (int y = 0; y < picture.full_height(); ++y) png_write_row(png, picture.row(y).data());
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
}

/// `samples` 3: colour; 1: gray, or with `bits` 1 bilevel (1 = black).
void write_tiff(const Picture& picture, const std::string& path, int samples, int bits,
                int compression) {
  TIFF* tiff = TIFFOpen(path.c_str(), "w");
  if (!tiff) throw std::runtime_error{"cannot write " + path};
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture.full_width());
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, picture.full_height());
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, samples);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC,
               samples == 3 ? PHOTOMETRIC_RGB
               : bits == 1  ? PHOTOMETRIC_MINISWHITE
                            : PHOTOMETRIC_MINISBLACK);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, bits == 1 ? picture.full_height() : 64);
  TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 300.0F);
  TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 300.0F);
  for (int y = 0; y < picture.full_height(); ++y) {
    auto row = picture.row(y);
    if (samples == 1) {
      const auto width = row.size() / 3;
      std::vector<std::uint8_t> gray(bits == 1 ? (width + 7) / 8 : width);
      for (std::size_t x = 0; x < width; ++x) {
        if (bits == 8)
          gray[x] = row[3 * x + 1];
        else if (row[3 * x + 1] < 128)
          gray[x / 8] |= static_cast<std::uint8_t>(0x80 >> (x % 8));
      }
      row = std::move(gray);
    }
    TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y), 0);
  }
  TIFFClose(tiff);
}

void write_jpeg2000(const Picture& picture, const std::string& path) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.tcp_rates[0] = 20;
  parameters.irreversible = 1;
  parameters.tcp_mct = 1;
  std::vector<opj_image_cmptparm_t> layout(3);
  for (auto& component : layout) {
    component.dx = component.dy = 1;
    component.w = static_cast<OPJ_UINT32>(picture.full_width());
    component.h = static_cast<OPJ_UINT32>(picture.full_height());
    component.prec = 8;
  }
  const std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)> image{
      opj_image_create(3, layout.data(), OPJ_CLRSPC_SRGB), opj_image_destroy};
  image->x1 = layout[0].w;
  image->y1 = layout[0].h;
  for (int y = 0; y < picture.full_height(); ++y) {
    const auto row = picture.row(y);
    for (std::size_t n = 0; n < row.size(); ++n)
      image->comps[n % 3].data[static_cast<std::size_t>(y) * layout[0].w + n / 3] = row[n];
  }
  const std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec{
      opj_create_compress(OPJ_CODEC_JP2), opj_destroy_codec};
  const std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream{
      opj_stream_create_default_file_stream(path.c_str(), OPJ_FALSE), opj_stream_destroy};
  if (!opj_setup_encoder(codec.get(), &parameters, image.get()) ||
      !opj_start_compress(codec.get(), image.get(), stream.get()) ||
      !opj_encode(codec.get(), stream.get()) || !opj_end_compress(codec.get(), stream.get()))
    throw std::runtime_error{"cannot write " + path};
}

void write_page(const std::string& format, const Picture& picture, const std::string& path) {
  if (format == "tiff") return write_tiff(picture, path, 3, 8, COMPRESSION_LZW);
  if (format == "gray") return write_tiff(picture, path, 1, 8, COMPRESSION_LZW);
  if (format == "group4") return write_tiff(picture, path, 1, 1, COMPRESSION_CCITTFAX4);
  if (format == "jp2") return write_jpeg2000(picture, path);
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> out{std::fopen(path.c_str(), "wb"),
                                                            std::fclose};
  if (!out) throw std::runtime_error{"cannot write " + path};
  if (format == "jpeg") return write_jpeg(picture, out.get());
  if (format == "png") return write_png(picture, out.get());
  throw std::runtime_error{"there is no format " + format};
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc != 5)
      throw std::runtime_error{
          "usage: bench_memory_pages jpeg|png|tiff|gray|group4|jp2 IN.ppm OUT TIMES"};
    write_page(argv[1], read_ppm(argv[2], std::max(1, std::atoi(argv[4]))), argv[3]);
    return 0;
  } catch (const std::exception& error) {
    std::cerr << "bench_memory_pages: " << error.what() << '\n';
    return 1;
  }
}
