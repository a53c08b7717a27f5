#include "pecia/page/reader.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <thread>

#include "page/reader_fixture.hpp"
#include "pecia/base/file.hpp"
#include "support/temp_folder.hpp"
#include "support/confined.hpp"

namespace pecia::page {
namespace reader_test {

using namespace test;

using ReaderTest = test::PageReaderTest;

TEST_F(ReaderTest, ReadsEveryCodingOfTiff) {
  const struct {
    const char* name;
    test::TiffOptions options;
  } cases[] = {{"none", {COMPRESSION_NONE}},
               {"lzw", {COMPRESSION_LZW}},
               {"deflate", {COMPRESSION_ADOBE_DEFLATE}},
               {"jpeg", {COMPRESSION_JPEG}},
               {"g3", {COMPRESSION_CCITTFAX3, PHOTOMETRIC_MINISWHITE, 1}},
               {"g4", {COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISWHITE, 1}},
               {"g4, black is 0", {COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISBLACK, 1}},
               {"inverted", {COMPRESSION_NONE, PHOTOMETRIC_MINISWHITE, 8}},
               {"16 bits", {COMPRESSION_NONE, PHOTOMETRIC_MINISBLACK, 16}},
               {"palette", {COMPRESSION_NONE, PHOTOMETRIC_PALETTE, 8}},
               {"tiled", {COMPRESSION_NONE, PHOTOMETRIC_MINISBLACK, 8, ORIENTATION_TOPLEFT, true}}};
  for (const auto& [name, options] : cases) {
    test::write_tiff(folder_.path() / "page.tif", options);
    const auto image = image_of({folder_.path() / "page.tif", corpus::Format::unknown, name});  // another password: another source
    EXPECT_EQ(image.width_px, picture_width) << name;
    EXPECT_LT(difference(image), same) << name;
    EXPECT_DOUBLE_EQ(image.dpi, 200) << name;
    if (options.bits == 1) {
      EXPECT_EQ(image.format, PixelFormat::gray1) << "bilevel stays bilevel";
    }
  }
}

TEST_F(ReaderTest, CountsAndReadsThePagesOfATiff) {
  test::TiffOptions options{COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISWHITE, 1};
  options.pages = 3;
  test::write_tiff(folder_.path() / "book.tif", options);
  const auto book = source("book.tif");

  const auto probe = reader_.probe(book);

  EXPECT_EQ(probe.format, corpus::Format::tiff);
  ASSERT_EQ(probe.pages.size(), 3U);
  EXPECT_EQ(probe.pages[2].coding, corpus::Coding::g4);
  EXPECT_GT(probe.pages[2].compressed_bytes, 0U);
  for (const std::uint32_t page : {3U, 1U, 2U}) EXPECT_LT(difference(image_of(book, page)), same);
  EXPECT_EQ(failure_of(book, 4).reason, Reason::unreadable);
}

TEST_F(ReaderTest, TurnsTiffsAndJpegsAsTheySay) {
  for (int turn = 1; turn <= 8; ++turn) {
    const auto jpeg = source("turned" + std::to_string(turn) + ".jpg", test::make_jpeg(1, turn));
    const auto image = image_of(jpeg);
    EXPECT_EQ(image.width_px, turn < 5 ? picture_width : picture_height) << turn;
    EXPECT_LT(difference(image, turn), same) << "JPEG " << turn;
    EXPECT_EQ(std::get<PageInfo>(reader_.info(jpeg, 1)).width_px, image.page_width_px);

    test::TiffOptions options;
    options.orientation = turn;
    const auto name = "turned" + std::to_string(turn) + ".tif";
    test::write_tiff(folder_.path() / name, options);
    EXPECT_LT(difference(image_of(source(name)), turn), same) << "TIFF " << turn;
  }
}

TEST_F(ReaderTest, ReadsEveryKindOfJpegAndPng) {
  for (const int components : {1, 3, 4}) {
    const auto image = image_of(source(std::string{"c"} + std::to_string(components) + ".jpg", test::make_jpeg(components)));
    EXPECT_LT(difference(image), same) << components;
    EXPECT_DOUBLE_EQ(image.dpi, components == 4 ? 0 : 150) << "a CMYK JPEG has no JFIF header to say it";
  }
  const std::pair<int, int> kinds[] = {{PNG_COLOR_TYPE_GRAY, 1}, {PNG_COLOR_TYPE_GRAY, 8}, {PNG_COLOR_TYPE_GRAY, 16},
                                       {PNG_COLOR_TYPE_PALETTE, 8}, {PNG_COLOR_TYPE_RGBA, 8}};
  for (const auto& [type, depth] : kinds) {
    const auto name = std::to_string(type) + "-" + std::to_string(depth) + ".png";
    test::write_png(folder_.path() / name, type, depth);
    const auto image = image_of(source(name));
    EXPECT_LT(difference(image), 1) << name;
    EXPECT_NEAR(image.dpi, 300, 0.1);
    EXPECT_EQ(image.format, depth == 1 ? PixelFormat::gray1 : PixelFormat::gray8);
  }
}

TEST_F(ReaderTest, GivesColourWhereItIsWanted) {
  ImageRequest color;
  color.pixels = ImageRequest::Pixels::rgb;
  const auto image = image_of(source("c.jpg", test::make_jpeg(3)), 1, color);
  EXPECT_EQ(image.format, PixelFormat::rgb8);
  EXPECT_LT(difference(image), same);
}

TEST_F(ReaderTest, ScalesDownToTheLongestSide) {
  auto request = gray();
  request.longest_side_px = 30;
  const auto image = image_of(source("s.jpg", test::make_jpeg(1)), 1, request);
  EXPECT_EQ(image.width_px, 30);
  EXPECT_EQ(image.height_px, 20);
  EXPECT_EQ(image.page_width_px, picture_width) << "page coordinates stay";
  EXPECT_DOUBLE_EQ(image.to_page.m[0], 2);
}

// ---- PDF

TEST_F(ReaderTest, HandsOnTheOneImageOfAPdfPage) {
  const auto bits = text_of(test::picture_bits(false)), inverted = text_of(test::picture_bits(true));
  std::string predicted;
  for (std::size_t row = 0; row < 40; ++row) {
    predicted += '\2';  // PNG predictor Up: differences to the row above
    for (std::size_t n = 0; n < 8; ++n)
      predicted += static_cast<char>(bits[row * 8 + n] - (row > 0 ? bits[(row - 1) * 8 + n] : 0));
  }
  const std::string bilevel = "/ColorSpace/DeviceGray/BitsPerComponent 1";
  const struct {
    const char* name;
    std::string entries, stream;
  } cases[] = {{"JPEG", gray_jpeg, test::make_jpeg(1)},
               {"colour JPEG", "/ColorSpace/DeviceRGB/BitsPerComponent 8/Filter/DCTDecode", test::make_jpeg(3)},
               {"JPEG in Flate", "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter[/FlateDecode/DCTDecode]", deflated(test::make_jpeg(1))},
               {"Flate", "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode", deflated(text_of(test::picture_gray()))},
               {"raw", "/ColorSpace/DeviceGray/BitsPerComponent 8", text_of(test::picture_gray())},
               {"1 bit", bilevel + "/Filter/FlateDecode", deflated(bits)},
               {"1 bit, PNG predictor", bilevel + "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 60/BitsPerComponent 1>>", deflated(predicted)},
               {"/Decode", bilevel + "/Decode[1 0]/Filter/FlateDecode", deflated(inverted)},
               {"Indexed", "/ColorSpace[/Indexed/DeviceRGB 1<FFFFFF000000>]/BitsPerComponent 1/Filter/FlateDecode", deflated(inverted)}};
  for (const auto& [name, entries, stream] : cases) {
    const auto pdf = source(std::string{name} + ".pdf", page_with(entries, stream));
    const auto image = image_of(pdf);
    EXPECT_TRUE(is_embedded(pdf)) << name;
    EXPECT_TRUE(image.embedded) << name;
    EXPECT_EQ(image.width_px, picture_width) << name;
    EXPECT_LT(difference(image), same) << name;
    EXPECT_NEAR(image.dpi, 36, 0.01) << name;
  }
}

TEST_F(ReaderTest, HandsOnCcittAsItIs) {
  TIFF* whole = TIFFOpen((folder_.path() / "one.tif").c_str(), "w");
  for (const auto& [tag, value] : {std::pair{TIFFTAG_IMAGEWIDTH, 60}, {TIFFTAG_IMAGELENGTH, 40}, {TIFFTAG_BITSPERSAMPLE, 1}, {TIFFTAG_SAMPLESPERPIXEL, 1},
                                   {TIFFTAG_COMPRESSION, COMPRESSION_CCITTFAX4}, {TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISWHITE}, {TIFFTAG_ROWSPERSTRIP, 40}})
    TIFFSetField(whole, static_cast<std::uint32_t>(tag), value);
  auto bits = test::picture_bits(true);
  TIFFWriteEncodedStrip(whole, 0, bits.data(), static_cast<tmsize_t>(bits.size()));
  TIFFClose(whole);
  whole = TIFFOpen((folder_.path() / "one.tif").c_str(), "r");
  std::string stream(static_cast<std::size_t>(TIFFRawStripSize(whole, 0)), '\0');
  TIFFReadRawStrip(whole, 0, stream.data(), static_cast<tmsize_t>(stream.size()));
  TIFFClose(whole);
  const auto pdf = source("ccitt.pdf", page_with("/ColorSpace/DeviceGray/BitsPerComponent 1/Filter/CCITTFaxDecode/DecodeParms<</K -1/Columns 60/Rows 40>>", stream));

  const auto image = image_of(pdf);

  EXPECT_TRUE(image.embedded);
  EXPECT_EQ(image.format, PixelFormat::gray1);
  EXPECT_LT(difference(image), 0.01);
}

TEST_F(ReaderTest, TurnsThePageAsPdfSays) {
  // Clockwise by 90 is EXIF 6, 180 is 3, 270 is 8; a matrix with a negative side is a mirror.
  const std::pair<const char*, int> turns[] = {{"90", 6}, {"180", 3}, {"270", 8}};
  for (const auto& [degrees, turn] : turns) {
    const auto pdf = source(std::string{"r"} + degrees + ".pdf", page_with(gray_jpeg, test::make_jpeg(1), whole_page, media + "/Rotate " + degrees));
    EXPECT_TRUE(is_embedded(pdf));
    EXPECT_LT(difference(image_of(pdf), turn), same) << degrees;
  }
  const auto mirrored = source("m.pdf", page_with(gray_jpeg, test::make_jpeg(1), "q -120 0 0 80 120 0 cm /Im Do Q\n"));
  EXPECT_LT(difference(image_of(mirrored), 2), same);
  const auto turned = source("t.pdf", page_with(gray_jpeg, test::make_jpeg(1), "q 0 -120 80 0 0 120 cm /Im Do Q\n", "/MediaBox[0 0 80 120]"));
  EXPECT_LT(difference(image_of(turned), 6), same);
}

TEST_F(ReaderTest, TheHandedOnImageIsWhatARasteriserSees) {
  // The same page once as one image, once with a dot painted beside it: Poppler must see the same.
  for (const std::string turn : {"", "/Rotate 90"}) {
    const auto name = turn.empty() ? std::string{"straight"} : std::string{"turned"};
    const auto alone = source(name + ".pdf", page_with(gray_jpeg, test::make_jpeg(1), whole_page, media + turn));
    const auto dotted = source(name + "-dot.pdf", page_with(gray_jpeg, test::make_jpeg(1), whole_page + "1 g 0 0 1 1 re f\n", media + turn));
    ASSERT_FALSE(is_embedded(dotted));
    auto request = gray();
    request.dpi = 36;  // the image's own pixels
    const auto handed_on = image_of(alone), rasterised = image_of(dotted, 1, request);
    ASSERT_EQ(handed_on.width_px, rasterised.width_px);
    double sum = 0;
    for (int y = 0; y < handed_on.height_px; ++y)
      for (int x = 0; x < handed_on.width_px; ++x) sum += std::abs(gray_at(handed_on, x, y) - gray_at(rasterised, x, y));
    EXPECT_LT(sum / (picture_width * picture_height), 12) << name;
  }
}

TEST_F(ReaderTest, RasterisesWhateverIsMoreThanOneImage) {
  const auto jpeg = test::make_jpeg(1);
  const std::string font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";
  const auto stamped = page_with(gray_jpeg, jpeg, whole_page + "BT /F 12 Tf 5 5 Td (COPY) Tj ET\n", media, font);
  const auto small = page_with(gray_jpeg, jpeg, "q 108 0 0 72 0 0 cm /Im Do Q\n");
  const auto twice = page_with(gray_jpeg, jpeg, whole_page + whole_page);
  const auto clipped = page_with(gray_jpeg, jpeg, "q 0 0 60 80 re W n 120 0 0 80 0 0 cm /Im Do Q\n");
  test::PdfBuilder masked;
  const auto mask = masked.add(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8", text_of(test::picture_gray()));
  const auto ink = masked.add(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8/SMask " + std::to_string(mask) + " 0 R", std::string(2400, '\0'));
  const auto paper = masked.add(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8", std::string(2400, '\xFF'));
  const auto background_and_mask = masked.finish(media, "q 120 0 0 80 0 0 cm /Paper Do /Ink Do Q\n",
                                                 "/XObject<</Paper " + std::to_string(paper) + " 0 R/Ink " + std::to_string(ink) + " 0 R>>");
  const std::pair<const char*, std::string> cases[] = {{"stamped", stamped}, {"small", small}, {"twice", twice}, {"clipped", clipped}, {"masked", background_and_mask}};
  for (const auto& [name, file] : cases) {
    const auto pdf = source(std::string{name} + ".pdf", file);
    EXPECT_FALSE(is_embedded(pdf)) << name;
    const auto image = image_of(pdf);
    EXPECT_EQ(image.width_px, 500) << name << ": 120 points at 300 dpi";
    EXPECT_DOUBLE_EQ(image.page_dpi, 300);
  }
  // Where the mask is opaque (white in the picture) the ink is seen: the picture's negative.
  const auto image = image_of(source("masked.pdf"));
  EXPECT_GT(gray_at(image, 100, 120), 200);
  EXPECT_LT(gray_at(image, 400, 100), 60);
}

TEST_F(ReaderTest, InvisibleTextOverAnImageChangesNothing) {
  const std::string font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";
  const auto pdf = source("ocr.pdf", page_with(gray_jpeg, test::make_jpeg(1), whole_page + "BT 3 Tr /F 12 Tf 5 5 Td (hidden) Tj ET\n", media, font));
  EXPECT_TRUE(is_embedded(pdf));
  EXPECT_EQ(reader_.probe(pdf).pages.at(0).text_operators, 0U);
}

TEST_F(ReaderTest, CountsTheVisibleText) {
  const std::string font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";
  test::PdfBuilder pdf;
  const auto probe = reader_.probe(source("text.pdf", pdf.finish(media, "BT /F 12 Tf 5 5 Td (one) Tj (two) Tj ET\n", font)));
  ASSERT_EQ(probe.pages.size(), 1U);
  EXPECT_EQ(probe.pages[0].coding, corpus::Coding::drawn);
  EXPECT_EQ(probe.pages[0].text_operators, 2U);
}

TEST_F(ReaderTest, OpensEncryptedDocumentsWithTheirPasswords) {
  const auto odd = std::filesystem::path{PECIA_TEST_DATA} / "odd";
  const auto with = [&](const char* name, const char* password) { return reader_.probe({odd / name, corpus::Format::unknown, password}); };
  EXPECT_EQ(with("fmt_encryption_notextaccess.pdf", "").pages.size(), 1U) << "opens with the empty password";
  for (const auto* name : {"podofo_RC4V2-128.pdf", "podofo_AESV2-128.pdf"}) {
    EXPECT_EQ(with(name, "").problem, Reason::encrypted) << name;
    EXPECT_EQ(with(name, "wrong").problem, Reason::encrypted) << name;
    EXPECT_EQ(with(name, "userpass").pages.size(), 1U) << name;
  }
}

// ---- what goes wrong

TEST_F(ReaderTest, SaysWhyAFileCannotBeRead) {
  EXPECT_EQ(failure_of(source("nowhere.pdf")).reason, Reason::vanished);
  EXPECT_EQ(reader_.probe(source("text.tif", "just text")).problem, Reason::not_a_document);
  folder_.write("empty.pdf", "");
  EXPECT_EQ(reader_.probe(source("empty.pdf")).problem, Reason::unreadable);
  const auto jpeg = test::make_jpeg(1);
  const auto cut = failure_of(source("cut.jpg", jpeg.substr(0, jpeg.size() * 2 / 3)));
  EXPECT_EQ(cut.reason, Reason::unreadable) << cut.detail;
  EXPECT_FALSE(cut.retriable);
  const auto pdf = page_with(gray_jpeg, jpeg);
  EXPECT_EQ(reader_.probe(source("cut.pdf", pdf.substr(0, 100))).problem, Reason::unreadable);
  EXPECT_EQ(failure_of(source("good.pdf", pdf), 2).reason, Reason::unreadable) << "there is no page 2";
}

TEST_F(ReaderTest, MakesAPageOfMorePixelsThanAllowedSmallerAndSaysSo) {
  Limits limits;
  limits.pixels = 1000;
  Reader careful{limits};
  const auto rendered = careful.render(source("large.jpg", test::make_jpeg(1)), 1, gray());
  ASSERT_TRUE(std::holds_alternative<Image>(rendered)) << std::get<Failure>(rendered).detail;
  const auto& image = std::get<Image>(rendered);
  EXPECT_LE(image.width_px * image.height_px, 1000);
  EXPECT_GT(image.width_px * image.height_px, 900);
  EXPECT_EQ(image.page_width_px, test::picture_width) << "page coordinates stay the image's own";
  EXPECT_NEAR(image.to_page.m[0] * image.width_px, test::picture_width, 1e-9);
  ASSERT_EQ(image.steps.size(), 1U);
  EXPECT_EQ(image.steps[0].what, "pixels");
}

TEST_F(ReaderTest, RefusesWhatCannotBeMadeSmaller) {
  Limits limits;
  limits.pixels = 30;
  Reader careful{limits};
  const auto rendered = careful.render(source("large.jpg", test::make_jpeg(1)), 1, gray());
  EXPECT_EQ(std::get<Failure>(rendered).reason, Reason::too_large);
}

TEST_F(ReaderTest, AChildKilledWhileIdleIsReplacedSilently) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  image_of(jpeg);
  test::end_process(reader_.child_pid());
  for (int n = 0; n < 3; ++n) {
    const auto rendered = reader_.render(jpeg, 1, gray());
    // The signal may arrive while the request is under way: then it costs an attempt, which is retriable.
    if (const auto* failure = std::get_if<Failure>(&rendered)) {
      EXPECT_TRUE(failure->retriable);
      continue;
    }
    return;
  }
  FAIL() << "no child took its place";
}

TEST_F(ReaderTest, AChildThatIsStoppedTimesOutAndIsReplaced) {
  Limits limits;
  limits.wall_s = 5;
  Reader reader{limits};
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  ASSERT_TRUE(std::holds_alternative<Image>(reader.render(jpeg, 1, gray())));
  test::stop_process(reader.child_pid());
  const auto failure = std::get<Failure>(reader.render(jpeg, 1, gray()));
  EXPECT_EQ(failure.reason, Reason::timeout);
  EXPECT_TRUE(failure.retriable);
  EXPECT_TRUE(std::holds_alternative<Image>(reader.render(jpeg, 1, gray())));
}

TEST_F(ReaderTest, CanBeInterruptedFromAnotherThread) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  image_of(jpeg);
  test::stop_process(reader_.child_pid());
  std::thread other{[&] { reader_.interrupt(); }};
  EXPECT_EQ(failure_of(jpeg).detail, "interrupted");
  other.join();
}

TEST_F(ReaderTest, NoOddDocumentHarmsIt) {
  for (const auto& entry : std::filesystem::directory_iterator{std::filesystem::path{PECIA_TEST_DATA} / "odd"}) {
    const auto probe = reader_.probe({entry.path(), corpus::Format::unknown, ""});
    if (probe.problem == Reason::none) {
      EXPECT_FALSE(probe.pages.empty()) << entry.path();
    } else {
      EXPECT_FALSE(probe.problem_detail.empty()) << entry.path();
      EXPECT_NE(probe.problem, Reason::child_crashed) << entry.path();
    }
  }
}

}  // namespace reader_test
}  // namespace pecia::page
