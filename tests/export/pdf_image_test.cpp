#include <malloc.h>

#include "export/pdf_fixture.hpp"
#include "page/made_jpeg2000.hpp"

namespace pecia::exporting {
namespace pdf_image_test {

using namespace test;

/// Image files as pages: `pecia-page` reads the same pixels from both.
class PdfImageTest : public PdfTest {
 protected:
  void expect_same_pixels(const Source& from, std::uint32_t pages = 1) {
    std::vector<PdfPage> all;
    for (std::uint32_t n = 1; n <= pages; ++n) all.push_back(page_of(from, {line_of({word_at("text", 2, 2, 30, 10)})}, n));
    const auto result = write(from, all);
    EXPECT_EQ(result.pages_with_text, pages);
    EXPECT_EQ(check(out_), "");
    for (std::uint32_t n = 1; n <= pages; ++n) {
      const auto before = image_of(from, n, {}), after = image_of(written(), n, {});
      ASSERT_EQ(before.width_px, after.width_px) << from.file;
      ASSERT_EQ(before.height_px, after.height_px) << from.file;
      EXPECT_EQ(rgb_of(before), rgb_of(after)) << from.file << " page " << n;
      EXPECT_EQ(lines(static_cast<int>(n)), std::vector<std::string>{"text"});
    }
  }
  static std::vector<int> rgb_of(const Image& image) {
    std::vector<int> values;
    for (int y = 0; y < image.height_px; ++y) {
      for (int x = 0; x < image.width_px; ++x) {
        const auto* row = image.pixels.data() + static_cast<std::size_t>(y) * image.stride_bytes;
        for (int n = 0; n < 3; ++n)
          values.push_back(image.format == PixelFormat::rgb8 ? std::to_integer<int>(row[3 * x + n]) : gray_at(image, x, y));
      }
    }
    return values;
  }
  /// The data of the first page's image as they stand in the PDF.
  [[nodiscard]] std::string data() {
    QPDF made;
    made.processFile(out_.c_str());
    auto image = QPDFPageDocumentHelper{made}.getAllPages().at(0).getImages().begin()->second;
    const auto buffer = image.getRawStreamData();
    return {reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize()};
  }
  /// The bytes of the first page's first strip as they stand in a TIFF.
  std::string first_strip(const std::filesystem::path& file) {
    TIFF* tiff = TIFFOpen(file.c_str(), "r");
    EXPECT_EQ(TIFFNumberOfStrips(tiff), 1U);
    std::string bytes(TIFFGetStrileByteCount(tiff, 0), '\0');
    TIFFReadRawStrip(tiff, 0, bytes.data(), static_cast<tmsize_t>(bytes.size()));
    TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &strip_width_);
    TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &strip_height_);
    TIFFClose(tiff);
    return bytes;
  }
  /// A TIFF of that strip, whose bytes are `reversed` in their bits.
  Source group4(std::string strip, bool reversed) {
    const auto file = folder_.path() / "strip.tif";
    TIFF* tiff = TIFFOpen(file.c_str(), "w");
    TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, strip_width_);
    TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, strip_height_);
    TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, strip_height_);
    TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, 1);
    TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE);
    TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4);
    TIFFSetField(tiff, TIFFTAG_FILLORDER, reversed ? FILLORDER_LSB2MSB : FILLORDER_MSB2LSB);
    if (reversed) TIFFReverseBits(reinterpret_cast<std::uint8_t*>(strip.data()), static_cast<tmsize_t>(strip.size()));
    TIFFWriteRawStrip(tiff, 0, strip.data(), static_cast<tmsize_t>(strip.size()));
    TIFFClose(tiff);
    return source("strip.tif");
  }
  Source png(int color_type, int depth, int interlace = PNG_INTERLACE_NONE) {
    write_png(folder_.path() / "in.png", color_type, depth, interlace);
    return source("in.png");
  }
  Source tiff(const TiffOptions& options) {
    write_tiff(folder_.path() / "in.tif", options);
    return source("in.tif");
  }

  std::uint32_t strip_width_ = 0, strip_height_ = 0;
};

TEST_F(PdfImageTest, AJpegIsInItAsItIs) {
  for (const int components : {1, 3}) {
    const auto jpeg = make_jpeg(components);
    expect_same_pixels(source("in.jpg", jpeg));
    EXPECT_EQ(data(), jpeg);
  }
}

TEST_F(PdfImageTest, InkOfAnAdobeJpegIsNotInverted) {
  const auto jpeg = make_jpeg(4);
  const auto from = source("in.jpg", jpeg);
  (void)write(from, {page_of(from, {})});

  EXPECT_EQ(data(), jpeg);
  EXPECT_LT(difference(image_of(written())), same);
}

TEST_F(PdfImageTest, AJpegIsTurnedAndMirroredAsItsCameraSays) {
  for (int orientation = 1; orientation <= 8; ++orientation) {
    const auto from = source("in.jpg", make_jpeg(3, orientation));
    expect_same_pixels(from);
    EXPECT_LT(difference(image_of(written()), orientation), same) << orientation;
  }
}

/// A JPEG with segments of its own, or bytes that are none, behind its first segment.
std::string with_more(const std::string& jpeg, const std::string& more) {
  constexpr std::size_t first_end = 20;  // of the beginning and JFIF's segment
  return jpeg.substr(0, first_end) + more + jpeg.substr(first_end);
}

std::string exif_segment(int orientation) {
  const auto jpeg = make_jpeg(1, orientation);
  const auto begin = jpeg.find("Exif") - 4;
  return jpeg.substr(begin, 36);
}

TEST_F(PdfImageTest, OfSeveralExifBlocksTheOneThatSaysSomethingCounts) {
  const auto torn = "\xFF\xE1" + std::string{"\0\x0A", 2} + std::string{"Exif\0\0XX", 8};
  for (const auto& more : {exif_segment(6) + exif_segment(1), exif_segment(1) + exif_segment(6), exif_segment(6) + torn}) {
    const auto jpeg = with_more(make_jpeg(3), more);
    expect_same_pixels(source("in.jpg", jpeg));
    EXPECT_LT(difference(image_of(written()), 6), same);
    EXPECT_EQ(data(), jpeg);
  }
}

TEST_F(PdfImageTest, BytesBetweenTheSegmentsOfAJpegArePassedOver) {
  using std::string_literals::operator""s;
  for (const auto& more : {"\0\0\0"s, "abc\xFF\0"s, "\xFF\xFF\xFF"s, "\xFF\xD0"s, std::string(10'000, 'x')})
    expect_same_pixels(source("in.jpg", with_more(make_jpeg(3), more)));
}

TEST_F(PdfImageTest, AJpeg2000IsInItAsItIs) {
  for (const unsigned components : {1U, 3U}) {
    make_jpeg2000(folder_.path() / "in.jp2", components);
    const auto from = source("in.jp2");
    expect_same_pixels(from);
    EXPECT_EQ(data(), read_file(from.file));
  }
}

TEST_F(PdfImageTest, ABareJpeg2000CodestreamGetsItsBoxes) {
  make_jpeg2000(folder_.path() / "in.jp2", 3);
  const auto whole = read_file(folder_.path() / "in.jp2");
  const auto codestream = whole.substr(whole.find("\xFF\x4F\xFF\x51"));
  expect_same_pixels(source("in.j2k", codestream));
  EXPECT_TRUE(data().ends_with(codestream));
}

TEST_F(PdfImageTest, APngKeepsItsPixels) {
  for (const int depth : {1, 8, 16}) expect_same_pixels(png(PNG_COLOR_TYPE_GRAY, depth));
  for (const int depth : {1, 8}) expect_same_pixels(png(PNG_COLOR_TYPE_PALETTE, depth));
  expect_same_pixels(png(PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_ADAM7));
}

TEST_F(PdfImageTest, APngWithoutTransparencyIsNotCodedAnew) {
  const auto from = png(PNG_COLOR_TYPE_GRAY, 8);
  (void)write(from, {page_of(from, {})});

  EXPECT_NE(read_file(from.file).find(data()), std::string::npos);
}

TEST_F(PdfImageTest, TransparencyIsKeptAsAMask) {
  const auto from = png(PNG_COLOR_TYPE_RGBA, 8);
  (void)write(from, {page_of(from, {})});

  EXPECT_LT(difference(image_of(written(), 1, gray())), same) << "white where it is seen through";
  QPDF made;
  made.processFile(out_.c_str());
  auto image = QPDFPageDocumentHelper{made}.getAllPages().at(0).getImages().begin()->second;
  EXPECT_TRUE(image.getDict().getKey("/SMask").isStream());
  EXPECT_EQ(check(out_), "");
}

TEST_F(PdfImageTest, ATiffKeepsItsPixels) {
  for (const int photometric : {PHOTOMETRIC_MINISBLACK, PHOTOMETRIC_MINISWHITE}) {
    for (const int compression : {COMPRESSION_NONE, COMPRESSION_LZW, COMPRESSION_ADOBE_DEFLATE, COMPRESSION_PACKBITS})
      expect_same_pixels(tiff({.compression = compression, .photometric = photometric, .bits = 8}));
    for (const int compression : {COMPRESSION_NONE, COMPRESSION_CCITTFAX3, COMPRESSION_CCITTFAX4, COMPRESSION_LZW})
      expect_same_pixels(tiff({.compression = compression, .photometric = photometric, .bits = 1}));
  }
  expect_same_pixels(tiff({.bits = 16}));
  expect_same_pixels(tiff({.tiled = true}));
  expect_same_pixels(tiff({.photometric = PHOTOMETRIC_PALETTE}));
  expect_same_pixels(tiff({.photometric = PHOTOMETRIC_PALETTE, .palette_of_bytes = true}));
  expect_same_pixels(tiff({.compression = COMPRESSION_JPEG}));
}

TEST_F(PdfImageTest, ItSaysWhereAJpegOfATiffIsDecoded) {
  const auto from = tiff({.compression = COMPRESSION_JPEG});
  const auto result = write(from, {page_of(from, {})});

  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("1 page:"), std::string::npos) << result.warnings[0];
  EXPECT_NE(result.warnings[0].find("larger"), std::string::npos) << result.warnings[0];
  const auto other = tiff({.compression = COMPRESSION_LZW});
  EXPECT_TRUE(write(other, {page_of(other, {})}).warnings.empty());
}

TEST_F(PdfImageTest, ATiffOfManyPagesIsAPdfOfAsMany) {
  expect_same_pixels(tiff({.compression = COMPRESSION_CCITTFAX4, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1, .pages = 5}), 5);
}

TEST_F(PdfImageTest, AGroup4StripIsInItAsItIs) {
  // With what another coder than libtiff would not leave behind it: coded anew it would be other bytes.
  const auto strip = first_strip(std::filesystem::path{PECIA_TEST_DATA} / "engine" / "french.tif") + std::string(3, '\0');
  for (const bool reversed : {false, true}) {
    expect_same_pixels(group4(strip, reversed));
    EXPECT_EQ(data(), strip) << reversed;
  }
}

TEST_F(PdfImageTest, PixelsAreCompressedAtALevelThatTheirNoiseAllows) {
  const auto from = tiff({.compression = COMPRESSION_LZW});
  (void)write(from, {page_of(from, {})});

  EXPECT_EQ(data().substr(0, 2), "\x78\x9C") << "level 6 (RFC 1950, FLEVEL)";
}

TEST_F(PdfImageTest, ATiffTurnsAsItSays) {
  for (const int orientation : {ORIENTATION_TOPRIGHT, ORIENTATION_BOTRIGHT, ORIENTATION_RIGHTTOP, ORIENTATION_LEFTBOT})
    expect_same_pixels(tiff({.orientation = orientation}));
}

TEST_F(PdfImageTest, AnImageOfAnotherShapeThanWasReadIsRefused) {
  const auto from = source("in.jpg", make_jpeg(1));
  auto page = page_of(from, {line_of({word_at("text", 2, 2, 30, 10)})});
  page.width_px *= 3;

  EXPECT_THROW((void)write(from, {page}), pdf::Refusal);
}

TEST_F(PdfImageTest, CutOffImagesAreErrors) {
  PdfPage first;
  first.number = 1;
  const auto jpeg = make_jpeg(1);
  EXPECT_THROW((void)write(source("cut.jpg", jpeg.substr(0, 30)), {first}), std::exception);
  write_png(folder_.path() / "whole.png", PNG_COLOR_TYPE_GRAY, 8);
  const auto whole = read_file(folder_.path() / "whole.png");
  EXPECT_THROW((void)write(source("cut.png", whole.substr(0, whole.size() / 2)), {first}), std::exception);
}

TEST_F(PdfImageTest, CutOffPngsLeaveNoMemoryBehind) {
  write_png(folder_.path() / "whole.png", PNG_COLOR_TYPE_GRAY, 8);
  const auto cut = source("cut.png", read_file(folder_.path() / "whole.png").substr(0, 37));  // in front of its first pixels
  PdfPage first;
  first.number = 1;
  const auto try_it = [&] { EXPECT_THROW((void)write(cut, {first}), std::exception); };
  try_it();
  const auto before = ::mallinfo2().uordblks;
  constexpr std::size_t times = 200, least_bytes_of_a_reading = 500;

  for (std::size_t n = 0; n < times; ++n) try_it();

  EXPECT_LT(::mallinfo2().uordblks, before + times * least_bytes_of_a_reading);
}

}  // namespace pdf_image_test
}  // namespace pecia::exporting
