#include "export/pdfa_fixture.hpp"

namespace pecia::exporting {
namespace pdfa_limits_test {

using namespace test;

/// What is not so rarely wrong in PDFs of scanners, and not allowed in PDF/A-2b.
class PdfaLimitsTest : public PdfaTest {
 protected:
  Source with_contents(const std::string& contents) {
    return source("in.pdf", page_with(gray_jpeg, make_jpeg(1), contents + "\n" + whole_page));
  }
  /// A page that paints its image, and a form.
  Source with_form(const std::string& keys, const std::string& contents) {
    PdfBuilder pdf;
    const auto image = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1))) + " 0 R";
    const auto form = std::to_string(pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<<>>" + keys, contents)) + " 0 R";
    return source("form.pdf", pdf.finish(media, whole_page + "/Fm Do\n", "/XObject<</Im " + image + "/Fm " + form + ">>"));
  }
  /// A page whose dictionary is changed.
  Source with_page(const std::function<void(QPDF&, QPDFObjectHandle)>& change) {
    return scan("page.pdf", [&](QPDF& pdf, QPDFPageObjectHelper page) { change(pdf, page.getObjectHandle()); });
  }
  Source with_entry(const std::string& key, const std::string& value) {
    return with_page([&](QPDF&, QPDFObjectHandle page) { page.replaceKey(key, QPDFObjectHandle::parse(value)); });
  }
  /// With a stream `more` in the image's dictionary.
  Source with_image(const std::string& key, const std::string& data, const std::string& keys) {
    return scan("image.pdf", [&](QPDF& pdf, QPDFPageObjectHelper page) {
      auto stream = QPDFObjectHandle::newStream(&pdf, data);
      for (auto more = QPDFObjectHandle::parse("<<" + keys + ">>"); const auto& one : more.getKeys())
        stream.getDict().replaceKey(one, more.getKey(one));
      page.getAttribute("/Resources", false).getKey("/XObject").getKey("/Im").getDict().replaceKey(key, stream);
    });
  }
  void expect_archival(const Source& from) {
    const auto result = write_archival(from);
    EXPECT_TRUE(result.pdfa) << result.not_pdfa;
    EXPECT_EQ(check(out_), "");
  }
};

TEST_F(PdfaLimitsTest, GroupsHaveColoursOfTheOutputIntent) {
  expect_archival(with_entry("/Group", "<</S/Transparency/CS/DeviceRGB>>"));
  expect_archival(with_form("/Group<</S/Transparency/CS/DeviceGray>>", "q Q"));
  expect_refusal(with_entry("/Group", "<</S/Transparency/CS/DeviceCMYK>>"), "group of colours");
  expect_refusal(with_form("/Group<</S/Transparency/CS/DeviceCMYK>>", "q Q"), "group of colours");
  expect_refusal(with_form("/Group<</S/Transparency/CS[/CalRGB<<>>]>>", "q Q"), "group of colours");
}

TEST_F(PdfaLimitsTest, ColoursMeanWhatTheyAre) {
  expect_refusal(with_page([](QPDF&, QPDFObjectHandle page) {
                   auto resources = page.getKey("/Resources");
                   resources.replaceKey("/ColorSpace", QPDFObjectHandle::parse("<</DefaultGray[/Separation/Spot/DeviceCMYK<<>>]>>"));
                 }),
                 "/DefaultGray");
}

TEST_F(PdfaLimitsTest, PagesAreOfUsualSize) {
  expect_archival(with_entry("/TrimBox", "[0 0 3 14400]"));
  expect_refusal(with_entry("/ArtBox", "[0 0 1 100]"), "ArtBox");
  expect_refusal(with_entry("/BleedBox", "[0 0 100 14401]"), "BleedBox");
  expect_refusal(with_entry("/TrimBox", "(none)"), "TrimBox");
  PdfBuilder pdf;
  const auto image = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1))) + " 0 R";
  const auto from =
      source("large.pdf", pdf.finish("/MediaBox[0 0 18000 12000]", "q 18000 0 0 12000 0 0 cm /Im Do Q\n", "/XObject<</Im " + image + ">>"));
  expect_refusal(from, "MediaBox");
}

TEST_F(PdfaLimitsTest, LevelsOfTheGraphicsStateAreCounted) {
  const auto nested = [](int levels) {
    std::string open, close;
    for (int n = 0; n < levels; ++n) open += "q ", close += "Q ";
    return open + close;
  };
  expect_archival(with_contents(nested(27)));
  expect_refusal(with_contents(nested(28)), "28 levels");  // the layer has one more
  expect_archival(with_form("", nested(26)));
  expect_refusal(with_form("", nested(27)), "28 levels");
}

TEST_F(PdfaLimitsTest, NamesStringsAndNumbersAreCounted) {
  const auto marked = [](const std::string& name) { return "/" + name + " BMC EMC"; };
  expect_archival(with_contents(marked(std::string(127, 'N'))));
  expect_refusal(with_contents(marked(std::string(128, 'N'))), "127 bytes");
  expect_refusal(with_form("", marked(std::string(128, 'N'))), "127 bytes");
  expect_archival(with_contents("/Span <</ActualText (" + std::string(32'767, 'a') + ")>> BDC EMC"));
  expect_refusal(with_contents("/Span <</ActualText (" + std::string(32'768, 'a') + ")>> BDC EMC"), "32,767 bytes");
  expect_archival(with_contents("2147483647 w"));
  expect_refusal(with_contents("2147483648 w"), "32 bits");
  expect_refusal(with_form("", "2147483648 w"), "32 bits");
  expect_refusal(with_entry("/Own", "[/" + std::string(128, 'N') + "]"), "127 bytes");
  expect_refusal(with_entry("/" + std::string(128, 'N'), "1"), "127 bytes");
  expect_refusal(with_entry("/Own", "<</Inner 4294967296>>"), "32 bits");
}

TEST_F(PdfaLimitsTest, HexadecimalStringsAreWhole) {
  expect_archival(with_contents("/Span <</ActualText <AB C1>>> BDC EMC"));
  expect_refusal(with_contents("/Span <</ActualText <ABC>>> BDC EMC"), "hexadecimal");
  expect_refusal(with_form("", "/Span <</ActualText <ABC>>> BDC EMC"), "hexadecimal");
}

TEST_F(PdfaLimitsTest, MasksFollowTheRulesOfImages) {
  const std::string mask = "/Type/XObject/Subtype/Image/Width 8/Height 1/BitsPerComponent 1/ImageMask true";
  expect_archival(with_image("/Mask", "\x55", mask));
  expect_refusal(with_image("/Mask", "\x55", mask + "/Interpolate true"), "interpolated");
  expect_refusal(with_image("/Mask", "\x55", mask + "/Intent/Wrong"), "rendering intent");
}

TEST_F(PdfaLimitsTest, MetadataAreThoseOfTheDocumentAlone) {
  expect_refusal(with_image("/Metadata", "<?xpacket begin=\"\" bytes=\"99\"?><broken", "/Type/Metadata/Subtype/XML"),
                 "metadata of its own");
}

TEST_F(PdfaLimitsTest, ContentsOfFormsAreWholeAndSound) {
  expect_archival(with_form("", "q Q BT ET"));
  for (const std::string unsound : {"q (abc", "q", "Q", "BT", "q Q [ 1 2"}) expect_refusal(with_form("", unsound), "a form");
  expect_refusal(with_contents("Q"), "without the other");
  expect_refusal(with_contents("> 1 w"), "not sound");
  expect_archival(with_contents("q BT"));  // is closed before the layer
}

TEST_F(PdfaLimitsTest, APageThatStaysAsItIsClosesWhatItOpens) {
  auto page = page_of(with_contents(""), {});
  page.act = PdfPage::Act::leave;
  EXPECT_TRUE(write(with_contents(""), {page}, archival).pdfa);
  EXPECT_NE(write(with_contents("q"), {page}, archival).not_pdfa.find("without the other"), std::string::npos);
}

TEST_F(PdfaLimitsTest, NothingIsToBeRenderedFirst) {
  const auto from =
      with_page([](QPDF& pdf, QPDFObjectHandle) { pdf.getRoot().replaceKey("/NeedsRendering", QPDFObjectHandle::newBool(true)); });
  const auto page = page_of(source("plain.pdf", page_with(gray_jpeg, make_jpeg(1))), {});  // `pecia-page` gives such documents up
  EXPECT_NE(write(from, {page}, archival).not_pdfa.find("/NeedsRendering"), std::string::npos);
}

}  // namespace pdfa_limits_test
}  // namespace pecia::exporting
