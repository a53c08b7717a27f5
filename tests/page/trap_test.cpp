#include <gtest/gtest.h>

#include <fstream>
#include <limits>
#include <memory>

#include "page/made_jpeg2000.hpp"
#include "page/reader_fixture.hpp"
#include "pecia/base/error.hpp"
#include "protocol.hpp"
#include "support/confined.hpp"

// Documents that look like one thing and are another: what must not be handed on, must not be lost,
// and must not cost the machine.
namespace pecia::page {
namespace trap_test {

using namespace test;

using TrapTest = test::PageReaderTest;

const std::string font = "/Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>";

std::string contents_of(const std::filesystem::path& file) {
  std::ifstream in{file, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

TEST_F(TrapTest, AnImageSeenThroughTextIsNoPage) {
  const auto contents = "BT /F 12 Tf 7 Tr 5 5 Td (O) Tj ET\n" + whole_page;
  EXPECT_FALSE(is_embedded(source("clip.pdf", page_with(gray_jpeg, test::make_jpeg(1), contents, media, font))));
}

TEST_F(TrapTest, AFormShowsOnlyWhatIsInItsBox) {
  const auto with_box = [&](const std::string& box) {
    test::PdfBuilder pdf;
    const auto image = pdf.add(image_entries + gray_jpeg, test::make_jpeg(1));
    const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox" + box + "/Resources<</XObject<</Im " + std::to_string(image) + " 0 R>>>>", whole_page);
    return source("form" + box.substr(1, 9) + ".pdf", pdf.finish(media, "/Form Do\n", "/XObject<</Form " + std::to_string(form) + " 0 R>>"));
  };
  EXPECT_TRUE(is_embedded(with_box("[0 0 120 80]")));
  EXPECT_FALSE(is_embedded(with_box("[0 0 60 80]")));
}

TEST_F(TrapTest, AJpegOfAnotherSizeThanThePdfSaysLosesNoPart) {
  auto entries = std::string{"/Type/XObject/Subtype/Image/Width 30/Height 20"} + gray_jpeg;
  test::PdfBuilder pdf;
  const auto image = pdf.add(entries, test::make_jpeg(1));
  const auto rendered = image_of(source("lie.pdf", pdf.finish(media, whole_page, "/XObject<</Im " + std::to_string(image) + " 0 R>>")));
  EXPECT_EQ(rendered.page_width_px, 30) << "as info says";
  EXPECT_DOUBLE_EQ(rendered.to_page.m[0], 0.5);
  // The L's foot is at the picture's middle and ends at two thirds of its width.
  EXPECT_LT(gray_at(rendered, rendered.width_px / 2, rendered.height_px * 29 / 40), 100);
  EXPECT_GT(gray_at(rendered, rendered.width_px / 2, rendered.height_px / 2), 150);
}

TEST_F(TrapTest, Jpeg2000InInkOrWithAPaletteIsLeftToTheRasteriser) {
  make_jpeg2000(folder_.path() / "cmyk.jp2", 4);
  make_jpeg2000(folder_.path() / "gray.jp2", 1);
  const auto cmyk = contents_of(folder_.path() / "cmyk.jp2"), plain = contents_of(folder_.path() / "gray.jp2");
  const auto image = image_of(source("cmyk.pdf", page_with("/ColorSpace/DeviceCMYK/BitsPerComponent 8/Filter/JPXDecode", cmyk)));
  EXPECT_LT(gray_at(image, 10, 10), gray_at(image, 50, 10)) << "ink is darker than paper";
  std::string palette(768, '\0');  // black and white change places
  for (std::size_t n = 0; n < 3; ++n) palette[n] = '\xFF';
  std::string hex;
  for (const char c : palette) hex += c == '\0' ? "00" : "FF";
  const auto negative = image_of(source("indexed.pdf", page_with("/ColorSpace[/Indexed/DeviceRGB 255<" + hex + ">]/BitsPerComponent 8/Filter/JPXDecode", plain)));
  EXPECT_GT(gray_at(negative, 10, 10), 200);
  EXPECT_LT(gray_at(negative, 50, 10), 50);
}

TEST_F(TrapTest, TransparencyOfJpeg2000LiesOverWhite) {
  for (const auto alpha : {Alpha::plain, Alpha::premultiplied, Alpha::unspecified}) {
    for (const unsigned components : {2U, 4U}) {
      const auto name = std::to_string(static_cast<unsigned>(alpha)) + "-" + std::to_string(components) + ".jp2";
      make_jpeg2000(folder_.path() / name, components, alpha);
      EXPECT_LT(difference(image_of(source(name))), same) << name;
    }
  }
}

TEST_F(TrapTest, SenselessPredictorsCostNoChild) {
  const std::string flate = "/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns ";
  const auto stream = deflated(text_of(test::picture_gray()));
  for (const auto* columns : {"-1", "4000000000000000", "1e30"}) {
    const auto rendered = reader_.render(source(std::string{"p"} + columns + ".pdf", page_with(flate + columns + ">>", stream)), 1, gray());
    if (const auto* failure = std::get_if<Failure>(&rendered)) {
      EXPECT_EQ(failure->reason, Reason::unreadable) << columns << ": " << failure->detail;
    }
  }
}

TEST_F(TrapTest, NumbersThatNoIntHoldsCostNoChild) {
  const auto stream = deflated(text_of(test::picture_gray()));
  for (const auto* number : {"1e30", "-1e30", "4294967297"}) {
    const auto of = [&](const std::string& entries) {
      return source(std::string{"n"} + std::to_string(entries.size()) + number + ".pdf",
                    page_with("/ColorSpace/DeviceGray/BitsPerComponent " + entries, stream));
    };
    for (const auto& entries : {std::string{number} + "/Filter/FlateDecode", std::string{"8/Filter/FlateDecode/DecodeParms<</Predictor "} + number + ">>",
                                std::string{"1/Filter/CCITTFaxDecode/DecodeParms<</K "} + number + "/Columns " + number + ">>"}) {
      const auto rendered = reader_.render(of(entries), 1, gray());
      if (const auto* failure = std::get_if<Failure>(&rendered)) {
        EXPECT_EQ(failure->reason, Reason::unreadable) << entries << ": " << failure->detail;
      }
    }
  }
}

TEST_F(TrapTest, UndoesAPredictorOverHalfBytes) {
  // Three samples of 4 bits: the pixel to the left begins one byte and a half before, so two (PNG, 9.2).
  std::string rows;
  for (int y = 0; y < picture_height; ++y) {
    std::string row;
    for (int x = 0; x < picture_width; x += 2)
      for (int n = 0; n < 6; n += 2) {
        const auto nibble = [&](int at) { return test::picture(x + at / 3, y) / 17; };
        row += static_cast<char>(nibble(n) << 4 | nibble(n + 1));
      }
    rows += '\1';
    for (std::size_t n = 0; n < row.size(); ++n) rows += static_cast<char>(row[n] - (n >= 2 ? row[n - 2] : 0));
  }
  const auto image = image_of(source("nibbles.pdf", page_with("/ColorSpace/DeviceRGB/BitsPerComponent 4/Filter/FlateDecode/DecodeParms<</Predictor 11/Colors 3/BitsPerComponent 4/Columns 60>>", deflated(rows))));
  EXPECT_LT(difference(image), same);
}

TEST_F(TrapTest, APageListedTwiceIsTwoPages) {
  test::PdfBuilder pdf;
  const auto ink = pdf.add("", "0 g 0 0 120 80 re f\n");
  const auto black = pdf.add("/Type/Page/Parent 2 0 R" + media + "/Contents " + std::to_string(ink) + " 0 R");
  const auto book = source("twice.pdf", pdf.finish(media, "1 g 0 0 1 1 re f\n", "", "/Count 3/Kids[3 0 R 3 0 R " + std::to_string(black) + " 0 R]"));

  EXPECT_EQ(reader_.probe(book).pages.size(), 3U);
  EXPECT_EQ(gray_at(image_of(book, 2), 250, 150), 255);
  EXPECT_EQ(gray_at(image_of(book, 3), 250, 150), 0);
}

#ifndef PECIA_SANITIZED  // their handler of faults ends it otherwise
TEST_F(TrapTest, ADocumentThatIsCutOffWhileItIsReadCostsItsPageAndSaysSo) {
  write_tiff(folder_.path() / "cut.tif", {});
  const auto document = source("cut.tif");
  ASSERT_TRUE(std::holds_alternative<PageInfo>(reader_.info(document, 1)));
  std::filesystem::resize_file(folder_.path() / "cut.tif", 0);
  const auto failure = failure_of(document);
  EXPECT_EQ(failure.reason, Reason::io_error) << failure.detail;
  EXPECT_TRUE(failure.retriable);
  EXPECT_NE(failure.detail.find("cut off while it was read"), std::string::npos) << failure.detail;
  EXPECT_EQ(failure_of(document).reason, Reason::unreadable) << "empty, by the next process";
}
#endif

TEST_F(TrapTest, AStampInAnAnnotationIsSeen) {
  test::PdfBuilder pdf;
  const auto image = pdf.add(image_entries + "/ColorSpace/DeviceGray/BitsPerComponent 8", std::string(2400, '\xFF'));
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 50 50]", "0 g 0 0 50 50 re f\n");
  const auto stamp = pdf.add("/Type/Annot/Subtype/Stamp/F 4/Rect[0 0 50 50]/AP<</N " + std::to_string(form) + " 0 R>>");
  const auto page = source("stamp.pdf", pdf.finish(media + "/Annots[" + std::to_string(stamp) + " 0 R]", whole_page, "/XObject<</Im " + std::to_string(image) + " 0 R>>"));
  EXPECT_FALSE(is_embedded(page));
  EXPECT_LT(gray_at(image_of(page), 100, 250), 50);
}

TEST_F(TrapTest, DamagedFaxCodesAreNotSilentlyWhite) {
  test::TiffOptions options{COMPRESSION_CCITTFAX4, PHOTOMETRIC_MINISWHITE, 1};
  test::write_tiff(folder_.path() / "fax.tif", options);
  auto bytes = contents_of(folder_.path() / "fax.tif");
  for (std::size_t n = 8; n < 20; ++n) bytes[n] = '\0';  // the first strip's codes
  EXPECT_EQ(failure_of(source("damaged.tif", bytes)).reason, Reason::unreadable);
}

TEST_F(TrapTest, AJpegThatLacksNothingButItsEndMarkIsRead) {
  const auto jpeg = test::make_jpeg(3);
  EXPECT_LT(difference(image_of(source("endless.jpg", jpeg.substr(0, jpeg.size() - 2)))), same);
  EXPECT_EQ(failure_of(source("cut.jpg", jpeg.substr(0, jpeg.size() - 60))).reason, Reason::unreadable);
}

TEST_F(TrapTest, SaysWhichLimitWasReached) {
  Limits limits;
  limits.wall_s = 5;
  Reader reader{limits};
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  ASSERT_TRUE(std::holds_alternative<Image>(reader.render(jpeg, 1, gray())));
  test::stop_process(reader.child_pid());
  const auto failure = std::get<Failure>(reader.render(jpeg, 1, gray()));
  EXPECT_EQ(failure.detail.find("more than 60 s of CPU time"), std::string::npos) << failure.detail;
}

TEST_F(TrapTest, AfterAnInterruptNothingIsReadAnyMore) {
  const auto jpeg = source("a.jpg", test::make_jpeg(1));
  reader_.interrupt();
  EXPECT_EQ(failure_of(jpeg).detail, "interrupted");
  EXPECT_EQ(reader_.probe(jpeg).problem, Reason::timeout);
}

TEST_F(TrapTest, PagesThatAreTooMuchToLookIntoAreStillCounted) {
  std::string much;
  for (int n = 0; n < 900'000; ++n) much += "q Q\n";
  std::string kids = "/Kids[";
  for (int n = 0; n < 30; ++n) kids += "3 0 R ";
  const auto heavy = source("heavy.pdf", test::PdfBuilder{}.finish(media, much, "", kids + "]/Count 30"));
  Limits limits;
  limits.cpu_s = 0.15;
  Reader reader{limits};

  EXPECT_EQ(reader.probe(heavy).problem, Reason::timeout);
  const auto counted = reader.count_pages(heavy);

  EXPECT_EQ(counted.problem, Reason::none) << counted.problem_detail;
  ASSERT_EQ(counted.pages.size(), 30U);
  EXPECT_EQ(counted.pages[0].coding, corpus::Coding::unknown);
}

TEST(PageProtocol, MakesLegibleWhatADocumentSays) {
  const auto sent = [](protocol::Answer answer) {
    protocol::make_legible(answer);
    return protocol::decode_answer(protocol::encode(answer));
  };
  std::string much = "line\none \xFF";
  for (int n = 0; n < 5'000; ++n) much += "\u00E9";
  protocol::Rendered image;
  image.image = test::make_image(1, 1, PixelFormat::gray8, 300).image;
  image.image.steps.resize(1'000, {"pdf", much, {}});
  const auto steps = std::get<protocol::Rendered>(sent(image)).image.steps;
  EXPECT_LE(steps.size(), 64U);
  EXPECT_TRUE(steps[0].detail.starts_with("line\\x0aone \\xff\u00E9")) << steps[0].detail;
  EXPECT_TRUE(steps[0].detail.ends_with("\u00E9...")) << steps[0].detail;
  EXPECT_LE(steps[0].detail.size(), 1'024U);
  TextLayer layer;
  layer.steps = image.image.steps;
  layer.made_by = much;
  EXPECT_EQ(std::get<TextLayer>(sent(layer)).steps, steps);
  EXPECT_THROW((void)protocol::decode_answer(protocol::encode(protocol::Answer{layer})), Error);
  layer.made_by = "poppler";
  layer.steps = {{"pdf", std::string(10'000, 'a'), {}}};
  EXPECT_THROW((void)protocol::decode_answer(protocol::encode(protocol::Answer{layer})), Error);
  EXPECT_EQ(std::get<Failure>(sent(Failure{Reason::unreadable, "\xFF", false})).detail, "\\xff");
}

TEST(PageProtocol, RefusesNonsenseAboutAPage) {
  PageInfo good;
  good.width_px = good.height_px = 100;
  EXPECT_NO_THROW((void)protocol::decode_answer(protocol::encode(protocol::Answer{good})));
  auto bad = good;
  bad.width_px = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW((void)protocol::decode_answer(protocol::encode(protocol::Answer{bad})), Error);
  bad = good;
  bad.coding = static_cast<corpus::Coding>(200);
  EXPECT_THROW((void)protocol::decode_answer(protocol::encode(protocol::Answer{bad})), Error);
}

}  // namespace trap_test
}  // namespace pecia::page
