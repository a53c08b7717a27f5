#pragma once

#include <openjpeg.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "page/made_documents.hpp"

namespace pecia::test {

/// The codestream of a JPEG 2000 file, of one tile, whose main header says that it has so many
/// halvings; the tile's own says the truth, by which it is decoded (ISO 15444-1, A.6.1).
inline std::string with_halvings_of_no_tile(const std::filesystem::path& file, int halvings) {
  const auto number = [](std::size_t value) {
    std::string bytes;
    for (int n = 24; n >= 0; n -= 8) bytes += static_cast<char>(value >> n & 0xFF);
    return bytes;
  };
  std::ifstream in{file, std::ios::binary};
  std::string stream{std::istreambuf_iterator<char>{in}, {}};
  stream.erase(0, stream.find("\xFF\x4F\xFF\x51"));
  const auto style = stream.find("\xFF\x52");  // COD
  const auto truth = stream.substr(style, 2 + 12);
  stream[style + 9] = static_cast<char>(halvings);
  const auto tile = stream.find(std::string{"\xFF\x90\0\x0A", 4});  // SOT
  std::size_t bytes = 0;
  for (std::size_t n = 6; n < 10; ++n)
    bytes = bytes << 8 | static_cast<unsigned char>(stream[tile + n]);
  if (bytes > 0) stream.replace(tile + 6, 4, number(bytes + truth.size()));
  return stream.insert(tile + 12, truth);
}

/// Opacity of the last component (Typ of the box cdef). Premultiplied colours go with what is not
/// all opaque, and what is of no known kind would hide all that is dark.
enum class Alpha : unsigned { none = 0, plain = 1, premultiplied = 2, unspecified = 65535 };

inline int jpeg2000_sample(int light, unsigned component, unsigned components, Alpha alpha) {
  const bool last = component + 1 == components;
  switch (alpha) {
    case Alpha::none:
      return components == 1 ? light : last ? 0 : 255 - light;
    case Alpha::plain:
      return last ? 255 - light : 0;
    case Alpha::premultiplied:
      return last ? 255 - light / 2 : light - light / 2;
    case Alpha::unspecified:
      break;
  }
  return light;
}

/// OpenJPEG writes plain opacity alone.
inline void set_kind_of_alpha(const std::filesystem::path& file, unsigned components, Alpha alpha) {
  std::fstream bytes{file, std::ios::binary | std::ios::in | std::ios::out};
  const std::string text{std::istreambuf_iterator<char>{bytes}, {}};
  const auto box = text.find("cdef");
  if (box == std::string::npos) throw std::runtime_error{"no cdef in " + file.string()};
  // The name, the number of channels, then of each its number, kind and what it belongs to: 16 bits each.
  bytes.seekp(static_cast<std::streamoff>(box + 4 + 2 + 6 * (components - 1) + 2));
  const auto kind = static_cast<unsigned>(alpha);
  bytes.put(static_cast<char>(kind >> 8)).put(static_cast<char>(kind & 255));
}

/// The picture as JPEG 2000 without loss: in light; with plain `alpha`, black that is opaque where
/// the picture is black; of 4 components without, in ink.
inline void make_jpeg2000(const std::filesystem::path& file, unsigned components, Alpha alpha = Alpha::none,
                          int resolutions = 3) {
  opj_cparameters_t parameters;
  opj_set_default_encoder_parameters(&parameters);
  parameters.tcp_numlayers = 1;
  parameters.cp_disto_alloc = 1;
  parameters.numresolution = resolutions;
  std::vector<opj_image_cmptparm_t> layout(components);
  for (auto& component : layout) {
    component.dx = component.dy = 1;
    component.w = picture_width;
    component.h = picture_height;
    component.prec = 8;
  }
  const std::unique_ptr<opj_image_t, decltype(&opj_image_destroy)> image{
      opj_image_create(components, layout.data(),
                       components < 3 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB),
      opj_image_destroy};
  image->x1 = picture_width;
  image->y1 = picture_height;
  for (int n = 0; n < picture_width * picture_height; ++n) {
    const int light = picture(n % picture_width, n / picture_width);
    for (unsigned c = 0; c < components; ++c) image->comps[c].data[n] = jpeg2000_sample(light, c, components, alpha);
  }
  if (alpha != Alpha::none) image->comps[components - 1].alpha = 1;
  const std::unique_ptr<opj_codec_t, decltype(&opj_destroy_codec)> codec{
      opj_create_compress(OPJ_CODEC_JP2), opj_destroy_codec};
  bool good = opj_setup_encoder(codec.get(), &parameters, image.get()) != OPJ_FALSE;
  const std::unique_ptr<opj_stream_t, decltype(&opj_stream_destroy)> stream{
      opj_stream_create_default_file_stream(file.c_str(), OPJ_FALSE), opj_stream_destroy};
  good = good && opj_start_compress(codec.get(), image.get(), stream.get()) &&
         opj_encode(codec.get(), stream.get()) && opj_end_compress(codec.get(), stream.get());
  if (!good) throw std::runtime_error{"OpenJPEG does not write " + file.string()};
  if (alpha == Alpha::premultiplied || alpha == Alpha::unspecified) set_kind_of_alpha(file, components, alpha);
}

}  // namespace pecia::test
