#include <libxml/parser.h>

#include "export/pdfa_fixture.hpp"
#include "metadata.hpp"
#include "pdfa.hpp"

namespace pecia::exporting {
namespace pdf_metadata_test {

using namespace test;

const std::string claim_1b =
    "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\">"
    "<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>";
const std::string register_1742 =
    "<rdf:Description rdf:about=\"\" xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
    "xmlns:own=\"http://example.org/own/\" "
    "xmlns:p=\"http://ns.adobe.com/photoshop/1.0/\" p:City=\"Bern &amp; Biel\" "
    "xmlns:xmpMM=\"http://ns.adobe.com/xap/1.0/mm/\">"
    "<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Parish register 1742</rdf:li><rdf:li "
    "xml:lang=\"de\">Taufbuch</rdf:li></rdf:Alt>"
    "</dc:title><dc:rights><rdf:Alt><rdf:li xml:lang=\"x-default\">CC BY, "
    "Stadtarchiv</rdf:li></rdf:Alt></dc:rights>"
    "<dc:subject><rdf:Bag><rdf:li>baptisms</rdf:li><rdf:li>1742</rdf:li></rdf:Bag></dc:subject>"
    "<dc:identifier>ark:/12345/x6</dc:identifier><own:shelf>7</own:shelf>"
    "<xmpMM:History><rdf:Seq><rdf:li "
    "rdf:parseType=\"Resource\"><own:a>b</own:a></rdf:li></rdf:Seq></xmpMM:History></"
    "rdf:Description>";

class PdfMetadataTest : public PdfaTest {
 protected:
  void expect_well_formed(const std::string& xmp) {
    auto* parsed = xmlReadMemory(xmp.data(), static_cast<int>(xmp.size()), "xmp", "UTF-8", XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    EXPECT_NE(parsed, nullptr) << "not well formed: " << xmp;
    xmlFreeDoc(parsed);
  }
  bool metadata_have(const std::string& text) { return metadata().find(text) != std::string::npos; }
  PdfResult write_plain(const Source& from) { return write(from, {page_of(from, {line_of({word_at("text", 2, 2, 30, 10)})})}); }
};

TEST_F(PdfMetadataTest, APlainCopyDoesNotClaimToBePdfA) {
  const auto packet = xmp_packet(
      "<rdf:Description rdf:about=\"\" xmlns:pdfaid=\"http://www.aiim.org/pdfa/ns/id/\" "
      "pdfaid:part=\"2\" "
      "pdfaid:conformance=\"B\" xmlns:own=\"http://example.org/own/\" own:shelf=\"7\"/>" +
      claim_1b + register_1742);
  const auto result = write_plain(scan_with_metadata("in.pdf", packet));

  EXPECT_EQ(bytes().find("pdfaid"), std::string::npos);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("says that it is PDF/A-1B; the copy is plain PDF"), std::string::npos) << result.warnings[0];
  for (const std::string kept : {"own:shelf=\"7\"", "Parish register 1742", "<own:shelf>7</own:shelf>", "xmpMM:History", "Bern &amp; Biel"})
    EXPECT_TRUE(metadata_have(kept)) << kept;
  EXPECT_TRUE(metadata().starts_with("<?xpacket begin=")) << metadata();
  EXPECT_TRUE(metadata().ends_with("<?xpacket end=\"w\"?>"));
  expect_well_formed(metadata());
}

TEST_F(PdfMetadataTest, NeitherDoesOneThatCannotBePdfA) {
  const auto from = scan("in.pdf", [](QPDF& pdf, QPDFPageObjectHelper page) {
    pdf.getRoot().replaceKey("/Metadata", QPDFObjectHandle::newStream(&pdf, xmp_packet(claim_1b)));
    page.addPageContents(QPDFObjectHandle::newStream(&pdf, "0 0 9 9 re f"), false);
  });
  expect_refusal(from, "drawings");
}

TEST_F(PdfMetadataTest, WithoutAClaimTheMetadataStayByteForByte) {
  for (const auto& packet : {xmp_packet(register_1742), xmp_packet("<broken"), std::string{"no XML"}}) {
    EXPECT_EQ(write_plain(scan_with_metadata("in.pdf", packet)).warnings.size(), 0U);
    EXPECT_EQ(metadata(), packet);
  }
}

TEST_F(PdfMetadataTest, AClaimThatCannotBeTakenOutIsTold) {
  const auto result = write_plain(scan_with_metadata("in.pdf", xmp_packet(claim_1b + "<broken")));

  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("not well-formed"), std::string::npos) << result.warnings[0];
}

TEST_F(PdfMetadataTest, MetadataThatNobodyCanReadAreTold) {
  const auto with = [&](const std::string& data, const std::string& filter) {
    return scan("in.pdf", [&](QPDF& pdf, QPDFPageObjectHelper) {
      auto metadata = QPDFObjectHandle::newStream(&pdf, data);
      metadata.getDict().replaceKey("/Filter", QPDFObjectHandle::newName(filter));
      pdf.getRoot().replaceKey("/Metadata", metadata);
    });
  };
  for (const auto& from : {with(deflated(std::string(17 << 20, ' ')), "/FlateDecode"), with("data", "/JBIG2Decode")}) {
    const auto result = write_plain(from);
    ASSERT_FALSE(result.warnings.empty());
    EXPECT_NE(result.warnings[0].find("metadata cannot be read"), std::string::npos) << result.warnings[0];
    const auto archived = write_archival(from);
    EXPECT_TRUE(archived.pdfa) << archived.not_pdfa;
    ASSERT_FALSE(archived.warnings.empty());
    EXPECT_NE(archived.warnings[0].find("not well-formed"), std::string::npos) << archived.warnings[0];
  }
}

TEST_F(PdfMetadataTest, EndstreamIsOnALineOfItsOwnInPlainPdfToo) {
  (void)write_plain(source("in.pdf", page_with(gray_jpeg, make_jpeg(1))));
  for (std::size_t at = bytes().find("endstream"); at != std::string::npos; at = bytes().find("endstream", at + 1))
    EXPECT_EQ(bytes().at(at - 1), '\n');
}

TEST_F(PdfMetadataTest, MetadataOfThePdfStayInPdfA) {
  const auto result = write_archival(scan_with_metadata("in.pdf", xmp_packet(claim_1b + register_1742)));

  EXPECT_TRUE(result.pdfa) << result.not_pdfa;
  for (const std::string kept :
       {"<dc:title><rdf:Alt><rdf:li xml:lang=\"x-default\">Parish register 1742</rdf:li><rdf:li "
        "xml:lang=\"de\">Taufbuch</rdf:li></rdf:Alt>",
        "CC BY, Stadtarchiv", "<dc:identifier>ark:/12345/x6<", "<rdf:Bag><rdf:li>baptisms</rdf:li><rdf:li>1742</rdf:li></rdf:Bag>",
        "<photoshop:City>Bern &amp; Biel<", "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B<"})
    EXPECT_TRUE(metadata_have(kept)) << kept << " in " << metadata();
  EXPECT_FALSE(metadata_have("pdfaid:part>1"));
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find(": own:shelf, xmpMM:History"), std::string::npos) << result.warnings[0];
  EXPECT_FALSE(metadata_have("own"));
  expect_well_formed(metadata());
}

TEST_F(PdfMetadataTest, TheInformationGoesBeforeTheMetadata) {
  const auto result =
      write_archival(scan_with_metadata("in.pdf", xmp_packet(register_1742), "/Title(Taufen)/Author(Scribe)/CreationDate(D:20010203)"));

  EXPECT_TRUE(metadata_have("<rdf:li xml:lang=\"x-default\">Taufen</rdf:li><rdf:li xml:lang=\"de\">Taufbuch</rdf:li>")) << metadata();
  EXPECT_TRUE(metadata_have("<dc:creator><rdf:Seq><rdf:li>Scribe</rdf:li></rdf:Seq></dc:creator>"));
  EXPECT_FALSE(metadata_have("Parish"));
  ASSERT_EQ(result.warnings.size(), 2U);
  EXPECT_NE(result.warnings[1].find("do not agree"), std::string::npos);
  EXPECT_TRUE(result.warnings[1].ends_with(": dc:title")) << result.warnings[1];
}

TEST_F(PdfMetadataTest, ValuesThatPdfADoesNotAllowAreLeftOut) {
  const std::string open =
      "<rdf:Description xmlns:dc=\"http://purl.org/dc/elements/1.1/\" "
      "xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" ";
  const auto left_out = [&](const std::string& rest) {
    const auto result = write_archival(scan_with_metadata("in.pdf", xmp_packet(open + rest)));
    EXPECT_TRUE(result.pdfa) << rest;
    expect_well_formed(metadata());
    return result.warnings.size() == 1;
  };
  EXPECT_TRUE(left_out("xmp:MetadataDate=\"yesterday\"/>"));
  EXPECT_TRUE(left_out("xmp:Unheard=\"1\"/>"));
  EXPECT_TRUE(
      left_out("><dc:source><rdf:Bag><rdf:li>a</rdf:li><rdf:li>b</rdf:li></rdf:Bag></dc:source></"
               "rdf:Description>"));
  EXPECT_TRUE(left_out("><dc:source dc:format=\"x\">a</dc:source></rdf:Description>"));
  EXPECT_TRUE(left_out("><dc:source>a</dc:source><dc:source>b</dc:source></rdf:Description>"));
  EXPECT_FALSE(
      left_out("xmp:MetadataDate=\"2022-08-06T14:36:59.055384-07:00\" "
               "dc:format=\"x\"><dc:creator><rdf:Seq><rdf:li/></rdf:Seq>"
               "</dc:creator><dc:source>a</dc:source></rdf:Description>"));
  EXPECT_TRUE(metadata_have("<dc:source>a</dc:source>"));
  EXPECT_TRUE(left_out("<broken"));
}

TEST_F(PdfMetadataTest, LineEndsAndTabsAreBlanksInPdfA) {
  EXPECT_TRUE(write_archival(scan("in.pdf", [](QPDF& pdf, QPDFPageObjectHelper) {
                pdf.getTrailer().replaceKey(
                    "/Info",
                    pdf.makeIndirectObject(QPDFObjectHandle::parse(R"(<</Author(A. Scribe\nB. Copyist)/Keywords(a\tb\r\nc\rd)>>)")));
              })).pdfa);
  const auto pdf = made();
  auto info = pdf->getTrailer().getKey("/Info");
  EXPECT_EQ(info.getKey("/Author").getUTF8Value(), "A. Scribe B. Copyist");
  EXPECT_TRUE(metadata_have(">A. Scribe B. Copyist<"));
  EXPECT_EQ(info.getKey("/Keywords").getUTF8Value(), "a b c d");
  EXPECT_TRUE(metadata_have(">a b c d<"));
}

TEST_F(PdfMetadataTest, ANoticeOfGapsGoesWithTheGapsAndReplacesNoDescription) {
  QPDF pdf;
  pdf.processFile(source("in.pdf", page_with(gray_jpeg, make_jpeg(1))).file.c_str());
  const auto packet = [&] {
    const auto data = pdf.getRoot().getKey("/Metadata").getStreamData();
    return std::string{reinterpret_cast<const char*>(data->getBuffer()), data->getSize()};
  };
  EXPECT_EQ(pdf::note_gaps(pdf, "gaps: page 1"), "");
  (void)pdf::make_pdfa(pdf);
  EXPECT_NE(packet().find("<dc:coverage>gaps: page 1<"), std::string::npos);
  const auto earlier = pdf::note_gaps(pdf, "");
  EXPECT_EQ(earlier, "gaps: page 1");
  EXPECT_TRUE(pdf::make_pdfa(pdf, earlier).empty());
  EXPECT_EQ(packet().find("gaps"), std::string::npos);

  pdf.getRoot().replaceKey("/Metadata", QPDFObjectHandle::newStream(&pdf, xmp_packet("<rdf:Description xmlns:dc=\"http://purl.org/dc/"
                                                                                     "elements/1.1/\" dc:description=\"Births\"/>")));
  (void)pdf::note_gaps(pdf, "gaps: page 2");
  EXPECT_TRUE(pdf::make_pdfa(pdf).empty());
  EXPECT_NE(packet().find(">Births<"), std::string::npos);
  EXPECT_NE(packet().find("<dc:coverage>gaps: page 2<"), std::string::npos);
  EXPECT_TRUE(pdf.getTrailer().getKey("/Info").getKey("/Subject").isNull());
}

/// With an output intent whose profile is `data`.
void set_intent(QPDF& pdf, const std::string& keys, const std::string& data, int components) {
  auto profile = QPDFObjectHandle::newStream(&pdf, data);
  profile.getDict().replaceKey("/N", QPDFObjectHandle::newInteger(components));
  auto intent = QPDFObjectHandle::parse("<</Type/OutputIntent" + keys + ">>");
  intent.replaceKey("/DestOutputProfile", profile);
  pdf.getRoot().replaceKey("/OutputIntents", QPDFObjectHandle::newArray({intent}));
}

TEST_F(PdfMetadataTest, TheOutputIntentOfThePdfStays) {
  auto adobe = pdf::srgb_profile();
  adobe.replace(adobe.find("\0s\0R\0G\0B", 0, 8), 8, std::string_view{"\0a\0d\0o\0b", 8});
  const std::string keys = "/S/GTS_PDFA1/OutputConditionIdentifier(Adobe RGB)";
  const auto with = [&](const std::string& of, const std::string& data, int components) {
    return scan("in.pdf", [&](QPDF& pdf, QPDFPageObjectHelper) { set_intent(pdf, of, data, components); });
  };

  EXPECT_TRUE(write_archival(with(keys, adobe, 3)).pdfa);
  const auto pdf = made();
  auto intents = pdf->getRoot().getKey("/OutputIntents");
  ASSERT_EQ(intents.getArrayNItems(), 1);
  EXPECT_EQ(intents.getArrayItem(0).getKey("/OutputConditionIdentifier").getUTF8Value(), "Adobe RGB");
  const auto data = intents.getArrayItem(0).getKey("/DestOutputProfile").getStreamData();
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(data->getBuffer()), data->getSize()), adobe);

  auto cmyk = adobe, later = adobe;
  cmyk.replace(16, 4, "CMYK");
  later[8] = 5;
  expect_refusal(with(keys, cmyk, 4), "output intent");
  expect_refusal(with(keys, cmyk, 3), "output intent");
  expect_refusal(with(keys, later, 3), "output intent");
  expect_refusal(with(keys, adobe.substr(0, 500), 3), "output intent");
  expect_refusal(with("/S/GTS_PDFX/OutputConditionIdentifier(Adobe RGB)", adobe, 3), "output intent");
}

}  // namespace pdf_metadata_test
}  // namespace pecia::exporting
