#include <libxml/parser.h>

#include "export/pdfa_fixture.hpp"
#include "glyphless_font.hpp"
#include "pdfa.hpp"

namespace pecia::exporting {
namespace pdfa_test {

using namespace test;

void expect_rules(QPDF& pdf, const std::string& bytes) {
  // [6.1.2] header: version 1.n, and a comment of bytes above 127.
  EXPECT_TRUE(bytes.starts_with("%PDF-1.7\n%"));
  for (std::size_t n = 10; n < 14; ++n) EXPECT_GT(static_cast<unsigned char>(bytes.at(n)), 127);
  // [6.1.3] identified, not encrypted; nothing behind the end.
  EXPECT_TRUE(pdf.getTrailer().getKey("/ID").isArray());
  EXPECT_FALSE(pdf.isEncrypted());
  EXPECT_TRUE(bytes.ends_with("%%EOF\n"));
  // [6.2.3] one output intent, with the profile of an RGB monitor.
  auto intents = pdf.getRoot().getKey("/OutputIntents");
  ASSERT_EQ(intents.getArrayNItems(), 1);
  auto intent = intents.getArrayItem(0);
  EXPECT_TRUE(intent.getKey("/S").isNameAndEquals("/GTS_PDFA1"));
  EXPECT_EQ(intent.getKey("/DestOutputProfile").getDict().getKey("/N").getIntValue(), 3);
  // [6.6.2] metadata, not compressed, that say what it is.
  auto metadata = pdf.getRoot().getKey("/Metadata");
  ASSERT_TRUE(metadata.isStream());
  EXPECT_TRUE(metadata.getDict().getKey("/Filter").isNull());
  const auto data = metadata.getStreamData();
  const std::string xmp{reinterpret_cast<const char*>(data->getBuffer()), data->getSize()};
  EXPECT_NE(xmp.find("<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"), std::string::npos);
  EXPECT_TRUE(xmp.starts_with("<?xpacket begin="));
  EXPECT_TRUE(xmp.ends_with("<?xpacket end=\"r\"?>"));
  auto* parsed = xmlReadMemory(xmp.data(), static_cast<int>(xmp.size()), "xmp", "UTF-8", XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
  EXPECT_NE(parsed, nullptr) << "not well formed: " << xmp;
  xmlFreeDoc(parsed);
  // [6.6.3] which agree with the information.
  auto info = pdf.getTrailer().getKey("/Info");
  for (const auto& [key, open] : {std::pair{"/Title", "<rdf:li xml:lang=\"x-default\">"}, std::pair{"/Producer", "<pdf:Producer>"}}) {
    if (!info.getKey(key).isString() || info.getKey(key).getUTF8Value().find('&') != std::string::npos) continue;
    EXPECT_NE(xmp.find(open + info.getKey(key).getUTF8Value() + "<"), std::string::npos) << key;
  }
}

/// Streams: their ends stand on lines of their own [6.1.7.1], none is coded by LZW or lies elsewhere.
void expect_sound_streams(QPDF& pdf, const std::string& bytes) {
  for (std::size_t at = bytes.find("endstream"); at != std::string::npos; at = bytes.find("endstream", at + 1))
    EXPECT_EQ(bytes.at(at - 1), '\n');
  for (auto& object : pdf.getAllObjects()) {
    if (!object.isStream()) continue;
    auto dictionary = object.getDict();
    EXPECT_TRUE(dictionary.getKey("/F").isNull());
    EXPECT_EQ(dictionary.getKey("/Filter").unparse().find("/LZWDecode"), std::string::npos);
  }
}

/// Fonts: embedded, every code leads to a glyph that is not .notdef [6.2.11.8], of the width that both say [6.2.11.5], and to
/// a character.
void expect_sound_fonts(QPDF& pdf) {
  for (auto page : QPDFPageDocumentHelper{pdf}.getAllPages()) {
    auto fonts = page.getAttribute("/Resources", false).getKey("/Font");
    for (const auto& key : fonts.getKeys()) {
      auto font = fonts.getKey(key);
      EXPECT_TRUE(font.getKey("/Encoding").isNameAndEquals("/Identity-H"));
      EXPECT_TRUE(font.getKey("/ToUnicode").isStream());
      auto of_cids = font.getKey("/DescendantFonts").getArrayItem(0);
      EXPECT_TRUE(of_cids.getKey("/FontDescriptor").getKey("/FontFile2").isStream());
      EXPECT_EQ(of_cids.getKey("/DW").getNumericValue(), 1000 * pdf::glyph_width);
      const auto map = of_cids.getKey("/CIDToGIDMap").getStreamData();
      ASSERT_GT(map->getSize(), 2U);
      for (std::size_t n = 2; n < map->getSize(); n += 2) EXPECT_EQ(map->getBuffer()[n] << 8 | map->getBuffer()[n + 1], 1) << n / 2;
    }
  }
}

TEST_F(PdfaTest, ImagesFollowTheRules) {
  write_png(folder_.path() / "in.png", PNG_COLOR_TYPE_GRAY, 8);
  write_tiff(folder_.path() / "in.tif", {.compression = COMPRESSION_CCITTFAX4, .photometric = PHOTOMETRIC_MINISWHITE, .bits = 1});
  for (const auto& from : {source("in.jpg", make_jpeg(3)), source("gray.jpg", make_jpeg(1)), source("in.png"), source("in.tif")}) {
    const auto result = write_archival(from);

    EXPECT_TRUE(result.pdfa) << from.file << ": " << result.not_pdfa;
    EXPECT_EQ(check(out_), "");
    auto pdf = made();
    expect_rules(*pdf, bytes());
    expect_sound_streams(*pdf, bytes());
    expect_sound_fonts(*pdf);
  }
}

TEST_F(PdfaTest, AScannedPdfFollowsTheRulesAndKeepsItsInformation) {
  const auto from = source("in.pdf", page_with(gray_jpeg, make_jpeg(1)));
  QPDF pdf;
  pdf.processFile(from.file.c_str());
  pdf.getTrailer().replaceKey(
      "/Info",
      pdf.makeIndirectObject(QPDFObjectHandle::parse("<</Title(Old & rare)/CreationDate(D:20010203040506+01'00')/ModDate(yesterday)>>")));
  const auto dated = folder_.path() / "dated.pdf";
  QPDFWriter writer{pdf, dated.c_str()};
  writer.write();

  const auto result = write_archival(source("dated.pdf"));

  EXPECT_TRUE(result.pdfa) << result.not_pdfa;
  auto again = made();
  expect_rules(*again, bytes());
  expect_sound_streams(*again, bytes());
  expect_sound_fonts(*again);
  EXPECT_NE(bytes().find("Old &amp; rare"), std::string::npos);
  EXPECT_NE(bytes().find("<xmp:CreateDate>2001-02-03T04:05:06+01:00</xmp:CreateDate>"), std::string::npos);
  EXPECT_TRUE(again->getTrailer().getKey("/Info").getKey("/ModDate").isNull()) << "what is no date cannot agree with one";
}

TEST_F(PdfaTest, MetadataAreWellFormedWhateverTheInformationHolds) {
  const auto from = scan("odd.pdf", [](QPDF& pdf, QPDFPageObjectHelper) {
    auto info = pdf.makeIndirectObject(QPDFObjectHandle::newDictionary());
    const auto text = [&](const char* key, std::string_view bytes) {
      info.replaceKey(key, QPDFObjectHandle::newString(std::string{bytes}));
    };
    using std::string_view_literals::operator""sv;
    text("/Title", "\xFE\xFF\0T\xFF\xFE\0i\xFF\xFF\0t"sv);  // U+FFFE, U+FFFF
    text("/Author", "\xFE\xFF\0A\xD8\0\0B\xDC\0\0C"sv);     // surrogates by themselves
    text("/Subject",
         "\xEF\xBB\xBF\x61\xFF\xED\xA0\x80\x62\x01\xEF\xBF\xBE"sv);  // UTF-8 of PDF 2.0 that is none
    text("/CreationDate", "D:20011340256199");
    text("/ModDate", "D:20010229");
    pdf.getTrailer().replaceKey("/Info", info);
  });

  EXPECT_TRUE(write_archival(from).pdfa);
  auto pdf = made();
  expect_rules(*pdf, bytes());
  auto info = pdf->getTrailer().getKey("/Info");
  EXPECT_EQ(info.getKey("/Title").getUTF8Value(), "Tit") << "as in the metadata";
  EXPECT_NE(bytes().find(">Tit<"), std::string::npos);
  EXPECT_TRUE(info.getKey("/CreationDate").isNull());
  EXPECT_TRUE(info.getKey("/ModDate").isNull()) << "2001 had no 29 February";
}

TEST_F(PdfaTest, ColoursThatTheOutputIntentDoesNotTellAreNone) {
  for (const std::string color : {"0 0 0 1 k", "0 0 0 1 K", "/DeviceCMYK cs 0 0 0 1 sc", "/Pattern CS", "/Sep cs 1 scn"})
    expect_refusal(source("in.pdf", page_with(gray_jpeg, make_jpeg(1), color + "\n" + whole_page)), "colours");
  for (const std::string color : {"0 g 1 G", "1 0 0 rg 0 1 0 RG", "/DeviceGray cs 0 sc", "/DeviceRGB CS 0 0 1 SCN"}) {
    const auto result = write_archival(source("in.pdf", page_with(gray_jpeg, make_jpeg(1), color + "\n" + whole_page)));
    EXPECT_TRUE(result.pdfa) << color << ": " << result.not_pdfa;
  }
  PdfBuilder pdf;
  const auto mask = pdf.add(image_entries + "/ImageMask true/BitsPerComponent 1", std::string(320, '\x55'));
  expect_refusal(source("mask.pdf", pdf.finish(media, "1 0 0 0 k\n" + whole_page, "/XObject<</Im " + std::to_string(mask) + " 0 R>>")),
                 "colours");
}

TEST_F(PdfaTest, StreamsThatBreakTheRulesAreFoundInEveryPlace) {
  EXPECT_TRUE(write_archival(scan_with_stream("plain.pdf", " ", "")).pdfa);
  const std::string blank_by_lzw{"\x80\x08\x20\x20"};
  expect_refusal(scan_with_stream("lzw.pdf", blank_by_lzw, "/Filter/LZWDecode"), "LZWDecode");
  expect_refusal(scan_with_stream("array.pdf", "8008 2020>", "/Filter[/ASCIIHexDecode/LZWDecode]"), "LZWDecode");
  expect_refusal(scan_with_stream("external.pdf", " ", "/F(elsewhere.bin)"), "/F");
  expect_refusal(scan("thumbnail.pdf",
                      [&](QPDF& pdf, QPDFPageObjectHelper page) {
                        auto thumbnail = QPDFObjectHandle::newStream(&pdf, blank_by_lzw);
                        thumbnail.getDict().replaceKey("/Filter", QPDFObjectHandle::newName("/LZWDecode"));
                        page.getObjectHandle().replaceKey("/Thumb", thumbnail);
                      }),
                 "LZWDecode");
}

TEST_F(PdfaTest, WhatCannotBeIsWrittenAsPlainPdfWithTheReason) {
  expect_refusal(source("in.jpg", make_jpeg(4)), "DeviceCMYK");
  write_png(folder_.path() / "alpha.png", PNG_COLOR_TYPE_RGBA, 8);
  expect_refusal(source("alpha.png"), "/SMask");
  expect_refusal(source("drawn.pdf", page_with(gray_jpeg, make_jpeg(1), whole_page + "0 0 10 10 re f\n")), "drawings");
  expect_refusal(source("interpolated.pdf", page_with(gray_jpeg + "/Interpolate true", make_jpeg(1))), "interpolated");
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica");
  expect_refusal(
      source("text.pdf", pdf.finish(media, "BT /F 12 Tf 10 10 Td (text) Tj ET\n", "/Font<</F " + std::to_string(font) + " 0 R>>")),
      "text in fonts of its own");
  PdfBuilder script;
  const auto image = script.add(image_entries + gray_jpeg, make_jpeg(1));
  expect_refusal(source("script.pdf", script.finish(media, whole_page, "/XObject<</Im " + std::to_string(image) + " 0 R>>",
                                                    "/Kids[3 0 R]/Count 1", "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>")),
                 "when it is opened");
}

TEST_F(PdfaTest, ADocumentOfPdf2BecomesOneOfPdf1) {
  auto later = page_with(gray_jpeg, make_jpeg(1));
  later.replace(later.find("%PDF-1.4"), 8, "%PDF-2.0");
  const auto from = source("later.pdf", later);
  const auto stated =
      scan("stated.pdf", [](QPDF& pdf, QPDFPageObjectHelper) { pdf.getRoot().replaceKey("/Version", QPDFObjectHandle::newName("/2.0")); });

  for (const auto& one : {from, stated}) {
    EXPECT_TRUE(write_archival(one).pdfa);
    auto pdf = made();
    expect_rules(*pdf, bytes());
    EXPECT_TRUE(pdf->getRoot().getKey("/Version").isNull()) << "it would go before the header";
  }
}

TEST_F(PdfaTest, APageGetsTheResourcesForItsOwnThatItInherits) {
  const auto from = scan("inherits.pdf", [](QPDF&, QPDFPageObjectHelper page) {
    auto object = page.getObjectHandle();
    object.getKey("/Parent").replaceKey("/Resources", object.getKey("/Resources"));
    object.removeKey("/Resources");
  });

  EXPECT_TRUE(write_archival(from).pdfa);
  auto pdf = made();
  auto own = QPDFPageDocumentHelper{*pdf}.getAllPages().at(0).getObjectHandle().getKey("/Resources");
  ASSERT_TRUE(own.isDictionary());
  EXPECT_TRUE(own.getKey("/XObject").getKey("/Im").isStream());
  EXPECT_TRUE(own.getKey("/Font").isDictionary());
}

TEST_F(PdfaTest, FormsHaveResourcesOfTheirOwn) {
  const auto with_form = [&](const std::string& keys, const std::string& contents) {
    PdfBuilder pdf;
    const auto image = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1))) + " 0 R";
    const auto own = keys.empty() ? "" : "/Resources<</XObject<</Im " + image + ">>>>";
    const auto form = std::to_string(pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 120 80]" + own, contents)) + " 0 R";
    return source("form.pdf", pdf.finish(media, whole_page + "/Fm Do\n", "/XObject<</Im " + image + "/Fm " + form + ">>"));
  };

  EXPECT_TRUE(write_archival(with_form("/Resources", whole_page)).pdfa);
  EXPECT_TRUE(write_archival(with_form("", "q Q ")).pdfa) << "it uses none";
  expect_refusal(with_form("", whole_page), "no resources of its own");
}

TEST_F(PdfaTest, ContentsHoldNothingThatPdf17DoesNotKnow) {
  const auto with_contents = [&](const std::string& before) {
    return source("in.pdf", page_with(gray_jpeg, make_jpeg(1), before + "\n" + whole_page));
  };

  EXPECT_TRUE(write_archival(with_contents("/Perceptual ri BX EX 1 w")).pdfa);
  expect_refusal(with_contents("1 2 foo"), "operators");
  expect_refusal(with_contents("BX 1 2 foo EX"), "operators");
  expect_refusal(with_contents("/Wrong ri"), "rendering intent");
  expect_refusal(with_contents("/Nothing Do"), "neither an image nor a form");
  expect_refusal(source("intent.pdf", page_with(gray_jpeg + "/Intent/Wrong", make_jpeg(1))), "rendering intent");
}

TEST_F(PdfaTest, NothingRunsAndNothingLiesElsewhere) {
  const auto with = [&](const std::string& xobject_keys, const std::string& page_keys, const std::string& catalog) {
    PdfBuilder pdf;
    const auto image = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1))) + " 0 R";
    const auto other = std::to_string(pdf.add(xobject_keys, "q Q ")) + " 0 R";
    return source("in.pdf", pdf.finish(media + page_keys, whole_page, "/XObject<</Im " + image + "/Other " + other + ">>",
                                       "/Kids[3 0 R]/Count 1", catalog));
  };
  const std::string form = "/Type/XObject/Subtype/Form/BBox[0 0 1 1]";

  EXPECT_TRUE(write_archival(with(form, "", "/OpenAction<</S/GoTo/D[3 0 R/Fit]>>")).pdfa);
  expect_refusal(with(form, "", "/OpenAction<</S/GoTo/D[3 0 R/Fit]/Next<</S/JavaScript/JS(app.alert\\(1\\))>>>>"), "when it is opened");
  expect_refusal(with(form, "/PresSteps<</Type/NavNode>>", ""), "/PresSteps");
  expect_refusal(with(form, "", "/AF[<</Type/Filespec/F(x)>>]"), "/AF");
  expect_refusal(with("/Type/XObject/Subtype/PS", "", ""), "PostScript");
  expect_refusal(with(form + "/Ref<</F(x.pdf)/Page 1>>", "", ""), "/Ref");
}

TEST(SrgbProfile, HasAHeaderAndTagsWithinItself) {
  const auto profile = pdf::srgb_profile();
  const auto number = [&](std::size_t at) {
    std::size_t value = 0;
    for (std::size_t n = 0; n < 4; ++n) value = value << 8 | static_cast<unsigned char>(profile.at(at + n));
    return value;
  };

  EXPECT_EQ(number(0), profile.size());
  EXPECT_EQ(profile.substr(12, 12), "mntrRGB XYZ ");
  EXPECT_EQ(profile.substr(36, 4), "acsp");
  ASSERT_EQ(number(128), 10U);
  for (std::size_t n = 0; n < 10; ++n) {
    const auto offset = number(132 + 12 * n + 4), size = number(132 + 12 * n + 8);
    EXPECT_EQ(offset % 4, 0U);
    EXPECT_LE(offset + size, profile.size());
  }
  EXPECT_LT(profile.size(), 1000U);
}

}  // namespace pdfa_test
}  // namespace pecia::exporting
