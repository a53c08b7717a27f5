#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>

#include "page/reader_fixture.hpp"

// A TIFF of each kind of pixels, made here, and the gray, or the colour, that must come of it.
namespace pecia::page {
namespace tiff_pixels_test {

using namespace test;
using Samples = std::vector<double>;  ///< of a pixel, in the file's own numbers

constexpr int width = 48, height = 32;
constexpr double tolerance = 3;

/// An image in three fields from left to right: black, a middle tone, white.
int field(int x) { return x * 3 / width; }
int middle_of_field(int n) { return (2 * n + 1) * width / 6; }

struct Kind {
  std::string name;
  int photometric = PHOTOMETRIC_MINISBLACK, bits = 8, sample_format = SAMPLEFORMAT_UINT;
  std::array<Samples, 3> fields;          ///< of a pixel of each field
  std::array<int, 3> gray;                ///< expected
  std::vector<std::uint16_t> extra = {};  ///< EXTRASAMPLE_*
  int compression = COMPRESSION_NONE;
  bool planes = false, tiles = false;
  std::optional<std::array<std::uint16_t, 2>> dot_range = {};
  std::array<std::array<std::uint16_t, 3>, 3> palette = {};  ///< of indices 0 to 2
};

class TiffPixelsTest : public PageReaderTest, public ::testing::WithParamInterface<Kind> {};

void put(std::vector<std::uint8_t>& row, std::size_t n, double value, const Kind& kind) {
  const auto store = [&](auto number) {
    std::memcpy(row.data() + n * sizeof number, &number, sizeof number);
  };
  if (kind.sample_format == SAMPLEFORMAT_IEEEFP) {
    if (kind.bits == 64) return store(value);
    if (kind.bits == 32) return store(static_cast<float>(value));
    // Halves: the test needs 0, .5 and 1 alone.
    return store(static_cast<std::uint16_t>(value == 0 ? 0 : value == .5 ? 0x3800 : 0x3C00));
  }
  const auto whole = static_cast<std::int64_t>(value);
  if (kind.bits == 8) return store(static_cast<std::uint8_t>(whole));
  if (kind.bits == 16) return store(static_cast<std::uint16_t>(whole));
  if (kind.bits == 32) return store(static_cast<std::uint32_t>(whole));
  for (int bit = 0; bit < kind.bits; ++bit) {
    const auto at = n * static_cast<std::size_t>(kind.bits) + static_cast<std::size_t>(bit);
    if (whole >> (kind.bits - 1 - bit) & 1)
      row[at / 8] |= static_cast<std::uint8_t>(0x80 >> (at % 8));
  }
}

/// Columns [x0, x0 + count) of a row: all samples, or those of one plane.
std::vector<std::uint8_t> row_of(const Kind& kind, int x0, int count, int plane) {
  const std::size_t samples = kind.planes ? 1 : kind.fields[0].size();
  std::vector<std::uint8_t> row(
      (static_cast<std::size_t>(count) * samples * static_cast<std::size_t>(kind.bits) + 7) / 8);
  for (int x = 0; x < count; ++x) {
    const auto& pixel = kind.fields[static_cast<std::size_t>(std::min(2, field(x0 + x)))];
    for (std::size_t n = 0; n < samples; ++n)
      put(row, static_cast<std::size_t>(x) * samples + n,
          pixel[kind.planes ? static_cast<std::size_t>(plane) : n], kind);
  }
  return row;
}

void write_pixels(TIFF* tiff, const Kind& kind) {
  constexpr int side = 16;
  const int planes = kind.planes ? static_cast<int>(kind.fields[0].size()) : 1;
  for (int plane = 0; plane < planes; ++plane) {
    for (int y = 0; y < height && !kind.tiles; ++y) {
      auto row = row_of(kind, 0, width, plane);
      TIFFWriteScanline(tiff, row.data(), static_cast<std::uint32_t>(y),
                        static_cast<std::uint16_t>(plane));
    }
    for (int y = 0; y < height && kind.tiles; y += side) {
      for (int x = 0; x < width; x += side) {
        const auto row = row_of(kind, x, side, plane);
        std::vector<std::uint8_t> tile;
        for (int n = 0; n < side; ++n) tile.insert(tile.end(), row.begin(), row.end());
        TIFFWriteTile(tiff, tile.data(), static_cast<std::uint32_t>(x),
                      static_cast<std::uint32_t>(y), 0, static_cast<std::uint16_t>(plane));
      }
    }
  }
}

void write_tiff_of(const std::filesystem::path& file, const Kind& kind) {
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, kind.bits);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, static_cast<int>(kind.fields[0].size()));
  TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, kind.sample_format);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, kind.compression);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, kind.photometric);
  TIFFSetField(tiff, TIFFTAG_PLANARCONFIG,
               kind.planes ? PLANARCONFIG_SEPARATE : PLANARCONFIG_CONTIG);
  if (!kind.extra.empty())
    TIFFSetField(tiff, TIFFTAG_EXTRASAMPLES, static_cast<int>(kind.extra.size()),
                 kind.extra.data());
  if (kind.dot_range)
    TIFFSetField(tiff, TIFFTAG_DOTRANGE, (*kind.dot_range)[0], (*kind.dot_range)[1]);
  if (kind.photometric == PHOTOMETRIC_PALETTE) {
    std::array<std::vector<std::uint16_t>, 3> map;
    for (std::size_t channel = 0; channel < 3; ++channel) {
      map[channel].resize(std::size_t{1} << kind.bits);
      for (std::size_t n = 0; n < 3; ++n) map[channel][n] = kind.palette[n][channel];
    }
    TIFFSetField(tiff, TIFFTAG_COLORMAP, map[0].data(), map[1].data(), map[2].data());
  }
  if (kind.tiles) {
    TIFFSetField(tiff, TIFFTAG_TILEWIDTH, 16);
    TIFFSetField(tiff, TIFFTAG_TILELENGTH, 16);
  } else {
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, 7);
  }
  write_pixels(tiff, kind);
  TIFFClose(tiff);
}

TEST_P(TiffPixelsTest, GiveTheGrayThatTheyShow) {
  const auto& kind = GetParam();
  write_tiff_of(folder_.path() / "of.tif", kind);
  const auto image = image_of(source("of.tif"));
  ASSERT_EQ(image.width_px, width);
  ASSERT_EQ(image.height_px, height);
  EXPECT_NE(image.format, PixelFormat::rgb8) << "gray was asked for";
  for (const int y : {0, height / 2, height - 1}) {
    for (int n = 0; n < 3; ++n)
      EXPECT_NEAR(gray_at(image, middle_of_field(n), y), kind.gray[static_cast<std::size_t>(n)],
                  tolerance)
          << "field " << n << ", row " << y;
  }
}

const std::array<int, 3> usual{0, 128, 255};

std::vector<Kind> kinds() {
  std::vector<Kind> all;
  const auto gray = [&](const std::string& name, int bits, double middle, double most) -> Kind& {
    return all.emplace_back(Kind{
        name, PHOTOMETRIC_MINISBLACK, bits, SAMPLEFORMAT_UINT, {{{0}, {middle}, {most}}}, usual});
  };
  gray("gray1", 1, 1, 1).gray = {0, 255, 255};
  gray("gray2", 2, 2, 3).gray = {0, 170, 255};
  gray("gray4", 4, 8, 15).gray = {0, 136, 255};
  gray("gray8", 8, 128, 255);
  gray("gray12", 12, 2056, 4095);
  gray("gray16", 16, 0x8080, 0xFFFF);
  gray("gray32", 32, 0x80808080, 0xFFFFFFFF);
  gray("gray16 in tiles", 16, 0x8080, 0xFFFF).tiles = true;
  gray("gray8 by LZW", 8, 128, 255).compression = COMPRESSION_LZW;
  gray("gray8 by Deflate in tiles", 8, 128, 255).compression = COMPRESSION_ADOBE_DEFLATE;
  all.back().tiles = true;
  gray("gray8 by PackBits", 8, 128, 255).compression = COMPRESSION_PACKBITS;
  gray("signed8", 8, 0, 127).sample_format = SAMPLEFORMAT_INT;
  all.back().fields[0] = {-128};
  gray("signed16", 16, 0, 0x7FFF).sample_format = SAMPLEFORMAT_INT;
  all.back().fields[0] = {-0x8000};
  gray("inverted8", 8, 127, 0).photometric = PHOTOMETRIC_MINISWHITE;
  all.back().fields[0] = {255};
  gray("inverted1 by Group 4", 1, 0, 0).photometric = PHOTOMETRIC_MINISWHITE;
  all.back().fields[0] = {1};
  all.back().compression = COMPRESSION_CCITTFAX4;
  all.back().gray = {0, 255, 255};
  for (const int bits : {16, 32, 64})
    gray("float" + std::to_string(bits), bits, .5, 1).sample_format = SAMPLEFORMAT_IEEEFP;
  gray("float of other numbers", 32, 0, 1000).sample_format = SAMPLEFORMAT_IEEEFP;
  all.back().fields[0] = {-1000};
  gray("float of numbers far from 0", 32, 1127.5, 1255).sample_format = SAMPLEFORMAT_IEEEFP;
  all.back().fields[0] = {1000};
  gray("float with alpha", 32, 0, 0).sample_format = SAMPLEFORMAT_IEEEFP;
  all.back().fields = {{{0, 1}, {0, .5}, {1000, 1}}};
  all.back().extra = {EXTRASAMPLE_UNASSALPHA};
  gray("gray with alpha", 8, 0, 77).extra = {EXTRASAMPLE_UNASSALPHA};
  all.back().fields = {{{0, 255}, {0, 127}, {77, 0}}};
  gray("gray with premultiplied alpha", 8, 0, 0).extra = {EXTRASAMPLE_ASSOCALPHA};
  all.back().fields = {{{0, 255}, {64, 191}, {0, 0}}};
  const auto color = [&](const std::string& name, int bits, double most) -> Kind& {
    return all.emplace_back(Kind{name,
                                 PHOTOMETRIC_RGB,
                                 bits,
                                 SAMPLEFORMAT_UINT,
                                 {{{0, 0, 0}, {most, 0, 0}, {most, most, most}}},
                                 {0, 76, 255}});
  };
  color("rgb8", 8, 255);
  color("rgb16", 16, 0xFFFF);
  color("rgb4", 4, 15);
  color("rgb8 in planes", 8, 255).planes = true;
  color("rgb16 in planes of tiles", 16, 0xFFFF).planes = true;
  all.back().tiles = true;
  color("rgb8 in tiles by LZW", 8, 255).tiles = true;
  all.back().compression = COMPRESSION_LZW;
  color("rgb8 with alpha", 8, 255).extra = {EXTRASAMPLE_UNASSALPHA};
  all.back().fields = {{{0, 0, 0, 255}, {0, 0, 0, 127}, {9, 9, 9, 0}}};
  all.back().gray = usual;
  color("rgb8 with another sample", 8, 255).extra = {EXTRASAMPLE_UNSPECIFIED};
  all.back().fields = {{{0, 0, 0, 9}, {255, 0, 0, 9}, {255, 255, 255, 9}}};
  color("rgb of floats", 32, 1).sample_format = SAMPLEFORMAT_IEEEFP;
  const auto palette = [&](const std::string& name, int bits, std::uint16_t most) {
    all.push_back(
        {name, PHOTOMETRIC_PALETTE, bits, SAMPLEFORMAT_UINT, {{{0}, {1}, {2}}}, {0, 76, 255}});
    all.back().palette = {{{0, 0, 0}, {most, 0, 0}, {most, most, most}}};
  };
  palette("palette8", 8, 0xFFFF);
  palette("palette4", 4, 0xFFFF);
  palette("palette2", 2, 0xFFFF);
  palette("palette in 8 bits", 8, 0xFF);
  all.push_back({"cmyk8",
                 PHOTOMETRIC_SEPARATED,
                 8,
                 SAMPLEFORMAT_UINT,
                 {{{0, 0, 0, 255}, {0, 0, 0, 127}, {0, 0, 0, 0}}},
                 usual});
  all.push_back({"cmyk of colour",
                 PHOTOMETRIC_SEPARATED,
                 8,
                 SAMPLEFORMAT_UINT,
                 {{{255, 255, 255, 0}, {0, 255, 255, 0}, {0, 0, 0, 0}}},
                 {0, 76, 255}});
  all.push_back({"cmyk16",
                 PHOTOMETRIC_SEPARATED,
                 16,
                 SAMPLEFORMAT_UINT,
                 {{{0, 0, 0, 0xFFFF}, {0, 0, 0, 0x7F7F}, {0, 0, 0, 0}}},
                 usual});
  all.push_back({"cmyk inverted",
                 PHOTOMETRIC_SEPARATED,
                 8,
                 SAMPLEFORMAT_UINT,
                 {{{255, 255, 255, 0}, {255, 255, 255, 128}, {255, 255, 255, 255}}},
                 usual});
  all.back().dot_range = {{255, 0}};
  all.push_back({"cmyk in planes",
                 PHOTOMETRIC_SEPARATED,
                 8,
                 SAMPLEFORMAT_UINT,
                 {{{0, 0, 0, 255}, {0, 0, 0, 127}, {0, 0, 0, 0}}},
                 usual});
  all.back().planes = true;
  // L* 54 is the middle gray of sRGB; libtiff's white is that of a monitor.
  all.push_back({"lab8",
                 PHOTOMETRIC_CIELAB,
                 8,
                 SAMPLEFORMAT_UINT,
                 {{{0, 0, 0}, {137, 0, 0}, {255, 0, 0}}},
                 {0, 131, 251}});
  return all;
}

INSTANTIATE_TEST_SUITE_P(All, TiffPixelsTest, ::testing::ValuesIn(kinds()), [](const auto& kind) {
  auto name = kind.param.name;
  std::ranges::replace(name, ' ', '_');
  return name;
});

TEST_F(PageReaderTest, ATiffKeepsItsColoursWhereTheyAreAskedFor) {
  auto colors = gray();
  colors.pixels = ImageRequest::Pixels::rgb;
  Kind red{
      "red", PHOTOMETRIC_RGB, 8, SAMPLEFORMAT_UINT, {{{0, 0, 0}, {200, 30, 60}, {255, 255, 255}}},
      {}};
  write_tiff_of(folder_.path() / "red.tif", red);
  const auto image = image_of(source("red.tif"), 1, colors);
  ASSERT_EQ(image.format, PixelFormat::rgb8);
  const auto* pixel = image.pixels.data() + 3 * middle_of_field(1);
  EXPECT_EQ(std::to_integer<int>(pixel[0]), 200);
  EXPECT_EQ(std::to_integer<int>(pixel[1]), 30);
  EXPECT_EQ(std::to_integer<int>(pixel[2]), 60);
}

}  // namespace tiff_pixels_test
}  // namespace pecia::page
