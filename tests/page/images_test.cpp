#include <gtest/gtest.h>
#include <malloc.h>

#include <algorithm>
#include <fstream>

#include "jpeg.hpp"
#include "page/made_jpeg2000.hpp"
#include "page/reader_fixture.hpp"

// Images of each format, made here: their sizes, their bits, their colours.
namespace pecia::page {
namespace images_test {

using namespace test;

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

/// The picture in one strip, which is written as a whole (JBIG has no rows), and which is said to have `height` rows.
void write_strip(const std::filesystem::path& file, int compression, int height = picture_height) {
  const bool gray = compression == COMPRESSION_JPEG;
  TIFF* tiff = TIFFOpen(file.c_str(), "w");
  TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, picture_width);
  TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, height);
  TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, gray ? 8 : 1);
  TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1);
  TIFFSetField(tiff, TIFFTAG_COMPRESSION, compression);
  TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, gray ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_MINISWHITE);
  TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, height);
  auto pixels = gray ? picture_gray() : picture_bits(true);
  TIFFWriteEncodedStrip(tiff, 0, pixels.data(), static_cast<tmsize_t>(pixels.size()));
  TIFFClose(tiff);
}

/// Its codes begin behind the file's header of 8 bytes.
std::size_t bytes_of_first_strip(const std::filesystem::path& file) {
  TIFF* tiff = TIFFOpen(file.c_str(), "r");
  const auto size = static_cast<std::size_t>(TIFFGetStrileByteCount(tiff, 0));
  EXPECT_EQ(TIFFGetStrileOffset(tiff, 0), 8U);
  TIFFClose(tiff);
  return size;
}

class ImagesTest : public PageReaderTest {
 protected:
  ImageRequest smaller(std::uint64_t most_pixels, int longest_px = 0) {
    auto request = gray();
    request.most_pixels = most_pixels;
    request.longest_side_px = longest_px;
    return request;
  }
  /// The picture, as far as it can be seen in so few pixels: its bar is dark, its corner light.
  void expect_picture(const Image& image) {
    const auto at = [&](int x, int y) {
      return gray_at(image, x * image.width_px / picture_width,
                     y * image.height_px / picture_height);
    };
    EXPECT_LT(at(12, 15), 60);
    EXPECT_LT(at(25, 29), 60);
    EXPECT_GT(at(50, 10), 200);
    EXPECT_GT(at(25, 15), 200);
  }
};

TEST_F(ImagesTest, EveryFormatIsMadeSmallerThanItsLimitAndKeepsItsPageCoordinates) {
  write_png(folder_.path() / "a.png", PNG_COLOR_TYPE_GRAY, 8);
  write_png(folder_.path() / "bits.png", PNG_COLOR_TYPE_GRAY, 1);
  write_tiff(folder_.path() / "a.tif", {});
  write_tiff(folder_.path() / "tiles.tif", {.tiled = true});
  write_tiff(
      folder_.path() / "g4.tif",
      {.compression = COMPRESSION_CCITTFAX4, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1});
  make_jpeg2000(folder_.path() / "a.jp2", 1);
  folder_.write("a.jpg", make_jpeg(3));
  folder_.write("turned.jpg", make_jpeg(1, 6));
  folder_.write("jpeg.pdf", page_with(gray_jpeg, make_jpeg(1)));
  folder_.write("stored.pdf",
                page_with("/ColorSpace/DeviceGray/BitsPerComponent 8", text_of(picture_gray())));
  folder_.write("flate.pdf",
                page_with("/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/FlateDecode",
                          deflated(text_of(picture_bits(false)))));
  folder_.write("drawn.pdf", page_with(gray_jpeg, make_jpeg(1), whole_page + "0 0 m 1 1 l S\n"));
  for (const auto* name : {"a.png", "bits.png", "a.tif", "tiles.tif", "g4.tif", "a.jp2", "a.jpg",
                           "turned.jpg", "jpeg.pdf", "stored.pdf", "flate.pdf", "drawn.pdf"}) {
    SCOPED_TRACE(name);
    const auto whole = image_of(source(name));
    EXPECT_TRUE(whole.steps.empty());
    const int limit = std::string_view{name} == "drawn.pdf"
                          ? 100'000
                          : 1500;  // of 60 x 40 pixels, and of 120 x 80 points
    const auto image = image_of(source(name), 1, smaller(static_cast<std::uint64_t>(limit)));
    EXPECT_LE(image.width_px * image.height_px, limit);
    EXPECT_GE(image.width_px * image.height_px, limit * .9);
    EXPECT_EQ(image.page_width_px, whole.page_width_px);
    EXPECT_NEAR(image.to_page.m[0], static_cast<double>(whole.page_width_px) / image.width_px,
                1e-6);
    EXPECT_NEAR(image.to_page.m[3], static_cast<double>(whole.page_height_px) / image.height_px,
                1e-6);
    EXPECT_NEAR(image.dpi, whole.dpi * image.width_px / whole.width_px, whole.dpi * .03);
    ASSERT_EQ(image.steps.size(), 1U);
    EXPECT_EQ(image.steps[0].what, "pixels");
    if (std::string_view{name} != "turned.jpg") expect_picture(image);
  }
}

TEST_F(ImagesTest, AJpegIsNeverDecodedSmallerThanIsAskedFor) {
  const auto jpeg = source("a.jpg", make_jpeg(1));
  for (const int side : {59, 46, 45, 38, 30, 23, 15, 8, 7, 1}) {
    const auto image = image_of(jpeg, 1, smaller(0, side));
    EXPECT_EQ(image.width_px, side);
    EXPECT_EQ(image.height_px, std::max(1, static_cast<int>(side * 40.0 / 60 + .5)));
    if (side >= 15) expect_picture(image);
  }
}

TEST_F(ImagesTest, BilevelStaysBilevelWhereItKeepsItsSize) {
  write_png(folder_.path() / "bits.png", PNG_COLOR_TYPE_GRAY, 1);
  write_tiff(folder_.path() / "g4.tif", {.compression = COMPRESSION_CCITTFAX4,
                                         .photometric = PHOTOMETRIC_MINISWHITE,
                                         .bits = 1,
                                         .orientation = 8});
  EXPECT_EQ(image_of(source("bits.png")).format, PixelFormat::gray1);
  const auto turned = image_of(source("g4.tif"));
  EXPECT_EQ(turned.format, PixelFormat::gray1);
  EXPECT_LT(difference(turned, 8), same);
}

TEST_F(ImagesTest, APaletteOfBlackAndWhiteStaysBilevel) {
  for (const bool light_first : {false, true}) {
    const auto name = std::string{light_first ? "light" : "dark"};
    write_png(folder_.path() / (name + ".png"), PNG_COLOR_TYPE_PALETTE, 1, PNG_INTERLACE_NONE, light_first);
    write_tiff(folder_.path() / (name + ".tif"), {.photometric = PHOTOMETRIC_PALETTE, .bits = 1, .light_first = light_first});
    for (const auto& file : {name + ".png", name + ".tif"}) {
      const auto image = image_of(source(file), 1, {});
      EXPECT_EQ(image.format, PixelFormat::gray1) << file;
      EXPECT_LT(difference(image), same) << file;
    }
  }
  write_png(folder_.path() / "ivory.png", PNG_COLOR_TYPE_PALETTE, 1, PNG_INTERLACE_NONE, false, {255, 255, 240});
  EXPECT_EQ(image_of(source("ivory.png"), 1, {}).format, PixelFormat::rgb8);
}

TEST_F(ImagesTest, ColoursStayWhereTheyAreAskedFor) {
  auto colors = gray();
  colors.pixels = ImageRequest::Pixels::rgb;
  for (const int components : {1, 3, 4}) {
    const auto jpeg =
        image_of(source(std::to_string(components) + ".jpg", make_jpeg(components)), 1, colors);
    EXPECT_EQ(jpeg.format, PixelFormat::rgb8);
    EXPECT_LT(difference(jpeg), same) << components;
  }
}

TEST_F(ImagesTest, AnInterlacedPngIsReadAsOneThatIsNot) {
  const auto plain = folder_.path() / "plain.png", laced = folder_.path() / "laced.png";
  write_png(plain, PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE);
  write_png(laced, PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_ADAM7);
  EXPECT_LT(difference(image_of(source("plain.png"))), same);
  EXPECT_LT(difference(image_of(source("laced.png"))), same);
}

TEST_F(ImagesTest, ACodingThatIsNotReadIsNamed) {
  write_tiff(folder_.path() / "a.tif", {});
  auto bytes = contents_of(folder_.path() / "a.tif");
  // The directory's entry of /Compression, little-endian: tag 259, SHORT, one, value 1 (none).
  const auto at = bytes.find(std::string{"\x03\x01\x03\x00\x01\x00\x00\x00\x01\x00", 10});
  ASSERT_NE(at, std::string::npos);
  bytes[at + 8] = 'x';
  bytes[at + 9] = 'y';
  const auto unknown = failure_of(source("unknown.tif", bytes));
  EXPECT_EQ(unknown.reason, Reason::unsupported) << unknown.detail;
  EXPECT_NE(unknown.detail.find("31096"), std::string::npos) << unknown.detail;
}

TEST_F(ImagesTest, AJpeg2000OfSidesThatNoPageHasIsTooLarge) {
  make_jpeg2000(folder_.path() / "a.jp2", 1);
  const auto whole = contents_of(folder_.path() / "a.jp2");
  auto codes = whole.substr(whole.find("\xFF\x4F\xFF\x51"));  // SOC, SIZ: a codestream without boxes
  // Behind two markers, a length and capabilities: Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz.
  for (const std::size_t at : {8U, 24U}) codes.replace(at, 4, "\xB2\xD0\x5E\x00", 4);  // 3 * 10^9
  const auto failure = failure_of(source("wide.j2k", codes));
  EXPECT_EQ(failure.reason, Reason::too_large) << failure.detail;
  EXPECT_NE(failure.detail.find("3000000000 x 40"), std::string::npos) << failure.detail;
}

TEST_F(ImagesTest, JbigIsReadThoughItsCodesHaveNoRows) {
  if (!TIFFIsCODECConfigured(COMPRESSION_JBIG)) GTEST_SKIP() << "this libtiff is built without JBIG";
  write_strip(folder_.path() / "jbig.tif", COMPRESSION_JBIG);
  const auto image = image_of(source("jbig.tif"));
  EXPECT_EQ(image.format, PixelFormat::gray1);
  EXPECT_LT(difference(image), same);
}

TEST_F(ImagesTest, ATiffOfGroup4ThatBreaksOffIsDamagedAndNotWhite) {
  write_strip(folder_.path() / "whole.tif", COMPRESSION_CCITTFAX4);
  const auto whole = contents_of(folder_.path() / "whole.tif");
  EXPECT_LT(difference(image_of(source("whole.tif"))), same);
  const auto size = bytes_of_first_strip(folder_.path() / "whole.tif");
  constexpr std::size_t codes_at = 8;
  for (const auto at : {size / 3, size / 2}) {
    auto broken = whole;  // bits that are no code (T.6, 0000000), or only white rows
    for (std::size_t n = at; n < size; ++n) broken[codes_at + n] = '\0';
    const auto failure = failure_of(source(std::to_string(at) + ".tif", broken));
    EXPECT_EQ(failure.reason, Reason::unreadable) << at << failure.detail;
    EXPECT_NE(failure.detail.find("damaged, or lack"), std::string::npos) << failure.detail;
    auto garbage = whole;
    for (std::size_t n = at; n < at + 6; ++n) garbage[codes_at + n] = static_cast<char>(0x02 + n);
    EXPECT_EQ(failure_of(source("garbage" + std::to_string(at) + ".tif", garbage)).reason, Reason::unreadable) << at;
  }
}

TEST_F(ImagesTest, ATiffOfGroup4MayLackItsLastRow) {
  write_strip(folder_.path() / "one.tif", COMPRESSION_CCITTFAX4, picture_height + 1);
  const auto image = image_of(source("one.tif"));
  EXPECT_EQ(image.height_px, picture_height + 1);
  EXPECT_LT(difference(image), same);
  write_strip(folder_.path() / "many.tif", COMPRESSION_CCITTFAX4, picture_height + 5);
  EXPECT_EQ(failure_of(source("many.tif")).reason, Reason::unreadable);
}

TEST_F(ImagesTest, AFewDamagedRowsOfAFaxAreNoReasonToReadNone) {
  write_strip(folder_.path() / "fax.tif", COMPRESSION_CCITTFAX3);
  const auto whole = contents_of(folder_.path() / "fax.tif");
  const auto size = bytes_of_first_strip(folder_.path() / "fax.tif");
  constexpr std::size_t codes_at = 8;
  auto scratched = whole;
  scratched[codes_at + size / 2] = static_cast<char>(~scratched[codes_at + size / 2]);
  EXPECT_LT(difference(image_of(source("scratched.tif", scratched))), 3 * same);
  auto cut = whole;
  for (std::size_t n = size / 2; n < size; ++n) cut[codes_at + n] = '\0';
  EXPECT_EQ(failure_of(source("cut.tif", cut)).reason, Reason::unreadable);
}

TEST_F(ImagesTest, AJpegInATiffThatIsCutOffIsDamagedAndNotGray) {
  write_strip(folder_.path() / "jpeg.tif", COMPRESSION_JPEG);
  auto bytes = contents_of(folder_.path() / "jpeg.tif");
  EXPECT_LT(difference(image_of(source("jpeg.tif"))), same);
  const auto size = bytes_of_first_strip(folder_.path() / "jpeg.tif");
  for (std::size_t n = size - 60; n < size; ++n) bytes[8 + n] = n % 2 == 0 ? '\xFF' : '\xD9';  // end marks
  EXPECT_EQ(failure_of(source("cut.tif", bytes)).reason, Reason::unreadable);
}

TEST_F(ImagesTest, AJpegOfAKindThatIsNotReadIsNoDamagedOne) {
  auto jpeg = make_jpeg(1);
  const auto frame = jpeg.find("\xFF\xC0");  // SOF0: marker, length, then the bits of a sample
  ASSERT_NE(frame, std::string::npos);
  jpeg[frame + 4] = 12;
  const auto twelve = failure_of(source("twelve.jpg", jpeg));
  EXPECT_EQ(twelve.reason, Reason::unsupported) << twelve.detail;
  jpeg[frame + 4] = 8;
  jpeg[frame + 1] = '\xC3';  // lossless
  const auto lossless = failure_of(source("lossless.jpg", jpeg));
  EXPECT_EQ(lossless.reason, Reason::unsupported) << lossless.detail;
}

TEST_F(ImagesTest, PagesOfATiffAreReadInAnyOrder) {
  write_tiff(folder_.path() / "pages.tif", {.pages = 7});
  const auto tiff = source("pages.tif");
  const auto child = [&] {
    (void)reader_.info(tiff, 1);
    return reader_.child_pid();
  }();
  for (const std::uint32_t page : {1U, 2U, 3U, 7U, 6U, 1U, 5U})
    EXPECT_LT(difference(image_of(tiff, page)), same) << page;
  EXPECT_EQ(failure_of(tiff, 8).reason, Reason::unreadable);
  EXPECT_LT(difference(image_of(tiff, 4)), same) << "after one that is not there";
  EXPECT_EQ(reader_.child_pid(), child);
}

TEST_F(ImagesTest, AJpeg2000WhoseTileHasFewerResolutionsThanItSaysIsDecodedWhole) {
  make_jpeg2000(folder_.path() / "whole.jp2", 1, Alpha::none, 1);
  const auto lie = source("lie.j2k", with_halvings_of_no_tile(folder_.path() / "whole.jp2", 4));
  auto request = gray();
  request.exact = false;  // half the size is enough
  expect_picture(image_of(lie, 1, request));
  EXPECT_LT(difference(image_of(lie)), same);
}

TEST_F(ImagesTest, DamagedJpegsLeaveNoMemoryBehind) {
  const auto sound = make_jpeg(3);
  auto of_other_kind = sound;
  of_other_kind[of_other_kind.find("\xFF\xC0") + 4] = 12;  // bits
  auto damaged = sound;
  const auto scan = damaged.find("\xFF\xDA") + 30;
  damaged.replace(scan, 2, "\xFF\xD9");  // ends in the middle
  const auto decode = [](const std::string& jpeg) {
    EXPECT_THROW((void)decode_jpeg(std::as_bytes(std::span{jpeg}), Decoding{}), PageError);
  };
  const auto decode_all = [&] {
    decode(sound.substr(0, 100));
    decode(sound.substr(0, sound.size() / 2));
    decode(of_other_kind);
    decode(damaged);
  };
  decode_all();  // what is made once
  const auto before = ::mallinfo2().uordblks;
  for (int n = 0; n < 300; ++n) decode_all();
  EXPECT_LT(::mallinfo2().uordblks, before + 300 * 100) << "less than 100 bytes each time";
}

}  // namespace images_test
}  // namespace pecia::page
