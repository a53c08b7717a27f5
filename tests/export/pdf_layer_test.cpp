#include "export/pdf_layer_fixture.hpp"
#include "pecia/base/error.hpp"

namespace pecia::exporting {
namespace pdf_layer_test {

using namespace test;

TEST_F(PdfLayerTest, InvisibleTextGivesWayAndTheRestStays) {
  const auto from = with(painted_ + "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET BT 0 Tr /F 20 Tf 20 150 Td (Stamp) Tj ET\n");

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(), (std::vector<std::string>{"Stamp", "ours"}));
  EXPECT_EQ(check(out_), "");
  expect_same_look(from);
}

TEST_F(PdfLayerTest, TextThatIsPaintedVisiblyIsSeenByTheComparison) {
  const auto seen = source("seen.pdf", read_file(with(painted_ + "BT /F 12 Tf 20 100 Td (seen) Tj ET\n").file));
  const auto before = with(painted_);

  for (const double dpi : {100.0, 300.0}) EXPECT_NE(look(before.file, dpi), look(seen.file, dpi)) << dpi;
}

/// Whose A is a square. Returns the number of its object.
int add_type_three_font(PdfBuilder& pdf) {
  const auto glyph = pdf.add("", "500 0 d0 0 0 400 400 re f");
  return pdf.add(
      "/Type/Font/Subtype/Type3/FontBBox[0 0 500 500]/FontMatrix[.001 0 0 .001 0 0]/Encoding<</Differences[65/a]>>/FirstChar 65/LastChar "
      "65/Widths[500]"
      "/CharProcs<</a " +
      std::to_string(glyph) + " 0 R>>");
}

TEST_F(PdfLayerTest, TextOfATypeThreeFontIsVisibleInEveryMode) {
  PdfBuilder pdf;
  const auto font = add_type_three_font(pdf);
  const auto from =
      source("in.pdf", pdf.finish(letter, "BT /T 40 Tf 3 Tr 20 100 Td (AAA) Tj ET\n", "/Font<</T " + std::to_string(font) + " 0 R>>"));

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 0U);
  expect_same_look(from);
}

TEST_F(PdfLayerTest, ATypeThreeFontOfAGraphicsStateIsSeen) {
  PdfBuilder pdf;
  const auto font = add_type_three_font(pdf);
  const auto plain = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica");
  const auto from = source(
      "in.pdf", pdf.finish(letter, "BT /F 12 Tf /G gs 3 Tr 20 100 Td (AAA) Tj ET\n",
                           "/Font<</F " + std::to_string(plain) + " 0 R>>/ExtGState<</G<</Font[" + std::to_string(font) + " 0 R 40]>>>>"));

  EXPECT_EQ(write(from, {ours(from)}).pages_replaced, 0U);
}

TEST_F(PdfLayerTest, AModeThatIsNoIntegerHidesNothing) {
  for (const auto& [mode, kept] :
       {std::pair{"3 Tr 0.0 Tr", 1}, std::pair{"3 Tr 1.5 Tr", 1}, std::pair{"3.0 Tr", 1}, std::pair{"3 Tr 3.0 Tr", 0}}) {
    const auto from = with(painted_ + "BT /F 20 Tf 3 Tr 20 150 Td (hidden) Tj 0 Tr 0 -40 Td " + mode + " (shown) Tj ET\n");

    const auto result = write(from, {ours(from)});

    EXPECT_EQ(result.pages_replaced, 1U) << mode;
    EXPECT_EQ(std::ranges::count(lines(), "shown"), kept) << mode;
    EXPECT_EQ(std::ranges::count(lines(), "hidden"), 0) << mode;
    expect_same_look(from);
  }
}

TEST_F(PdfLayerTest, InvisibleTextOnWhichThePlaceOfVisibleTextDependsStays) {
  const auto from = with("BT /F 20 Tf 20 100 Td 3 Tr (hidden) Tj 0 Tr (shown) Tj ET\n");

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 0U);
  EXPECT_EQ(result.pages_with_text, 0U) << "one layer beside the other";
  EXPECT_EQ(result.pages_kept, 1U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("page 1"), std::string::npos) << result.warnings[0];
  EXPECT_EQ(lines(), std::vector<std::string>{"hiddenshown"});
  expect_same_look(from);
}

TEST_F(PdfLayerTest, LinesThatBeginByShowingKeepTheirPlaces) {
  const auto from = with("BT /F 20 Tf 24 TL 20 150 Td 3 Tr (hidden) ' 0 Tr (shown) ' ET\n");

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(), (std::vector<std::string>{"shown", "ours"}));
  expect_same_look(from);
}

TEST_F(PdfLayerTest, ALayerInAFormGivesWayOnItsPageAlone) {
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica");
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</Font<</F " + std::to_string(font) + " 0 R>>>>",
                            "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET 10 10 50 50 re f");
  const auto resources = "/XObject<</Fm " + std::to_string(form) + " 0 R>>";
  const auto second =
      pdf.add("/Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents " + std::to_string(form + 2) + " 0 R/Resources<<" + resources + ">>");
  const auto from = source("in.pdf", pdf.finish(letter, "/Fm Do\n", resources, "/Kids[3 0 R " + std::to_string(second) + " 0 R]/Count 2"));
  auto kept = page_of(from, {}, 2);
  kept.act = PdfPage::Act::leave;

  const auto result = write(from, {ours(from), kept});

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(1), std::vector<std::string>{"ours"});
  EXPECT_EQ(lines(2), std::vector<std::string>{"earlier"});
  expect_same_look(from);
}

TEST_F(PdfLayerTest, PagesWithTextOfTheirOwnAreLeftAloneWhereTheyAreToBeKept) {
  const auto from = with(painted_ + "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET\n");

  const auto result = write(from, {ours(from, PdfPage::Act::add)});

  EXPECT_EQ(result.pages_kept, 1U);
  EXPECT_EQ(lines(), std::vector<std::string>{"earlier"});
}

TEST_F(PdfLayerTest, WhatContentsLeaveOpenEndsBeforeTheLayer) {
  for (const std::string open : {"q 2 0 0 2 50 50 cm q\n", "Q Q q\n", "BT /F 9 Tf\n", "0 1 -1 0 300 0 cm 0 0 10 10 re W n\n"}) {
    const auto from = with(painted_ + open);

    (void)write(from, {ours(from)});
    const auto layer = std::get<page::TextLayer>(reader_.text_layer(written(), 1, false));

    ASSERT_EQ(layer.words.size(), 1U) << open;
    EXPECT_EQ(layer.text, "ours");
    EXPECT_NEAR(layer.words[0].x0, .1 * layer.page_width_px, .02 * layer.page_width_px) << open;
    EXPECT_NEAR(layer.words[0].y1, .55 * layer.page_height_px, .02 * layer.page_height_px) << open;
    expect_same_look(from);
  }
}

TEST_F(PdfLayerTest, TheLayerIsInFrontOfContentsThatAreCutOff) {
  const std::string earlier = "BT /F 9 Tf 3 Tr (earlier) Tj ET\n";
  for (const std::string cut : {"(never closed", "<41", "[ (a) 5", "<</A 5", "q BI /W 1 /H 1 ID abc"}) {
    for (const auto& contents : {painted_ + cut, earlier + painted_ + cut}) {
      const auto from = with(contents);

      const auto result = write(from, {ours(from)});

      EXPECT_EQ(result.pages_with_text, 1U) << cut;
      EXPECT_EQ(lines(), std::vector<std::string>{"ours"}) << cut;
      expect_same_look(from);
    }
  }
  for (const std::string whole : {"% not closed (", "q Q % [\n\n"}) {
    const auto from = with("2 0 0 2 0 0 cm\n" + painted_ + whole);
    (void)write(from, {ours(from)});
    EXPECT_EQ(lines(), std::vector<std::string>{"ours"}) << whole;
    EXPECT_EQ(contents_of(out_).substr(0, 3), "q\n2") << "wrapped as others";
  }
}

TEST_F(PdfLayerTest, ASecondExportReplacesTheFirstAndDoesNotGrow) {
  const auto from = with(painted_);
  (void)write(from, {ours(from)}, {}, "first.pdf");
  const auto first = written();
  const auto size = bytes().size();

  const auto result = write(first, {ours(first)}, {}, "second.pdf");

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(), std::vector<std::string>{"ours"});
  EXPECT_LT(bytes().size(), size + 300);
}

TEST_F(PdfLayerTest, APageThatCannotBeReadIsNotLostInSilence) {
  std::string bad_tokens;
  for (int n = 0; n < 12; ++n) bad_tokens += "/a#00b";
  const auto two_pages = [&](const std::string& kid) {
    PdfBuilder pdf;
    const auto second = pdf.add("/Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Junk[" + bad_tokens + "]");
    return source("in.pdf",
                  pdf.finish(letter, " ", "", "/Kids[3 0 R " + (kid.empty() ? std::to_string(second) + " 0 R" : kid) + "]/Count 2"));
  };
  const auto page = ours(with(painted_));

  for (const std::string kid : {"", "77 0 R"}) {
    try {
      (void)write(two_pages(kid), {page, page});
      ADD_FAILURE() << kid << " was written";
    } catch (const pdf::Refusal& refusal) {
      EXPECT_NE(std::string{refusal.what()}.find("page 2"), std::string::npos) << refusal.what();
    }
  }
  PdfBuilder pdf;
  const auto image = pdf.add(image_entries + gray_jpeg + "/Junk[" + bad_tokens + "]", make_jpeg(1));
  const auto result = write(source("image.pdf", pdf.finish(letter, painted_, "/XObject<</Im " + std::to_string(image) + " 0 R>>")), {page});
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_NE(result.warnings[0].find("cannot read 1 object "), std::string::npos) << result.warnings[0];
}

TEST_F(PdfLayerTest, WhatADocumentSaysOfItselfCommandsNoTerminal) {
  const auto odd = source("odd.pdf", PdfBuilder{}.finish(std::string{letter} + "/#1b#5b1m 1/#1b#5b1m 2", painted_, ""));

  const auto result = write(odd, {ours(with(painted_))});

  ASSERT_FALSE(result.warnings.empty());
  EXPECT_EQ(result.warnings.back().find('\x1b'), std::string::npos);
  EXPECT_NE(result.warnings.back().find("\\x1b[1m"), std::string::npos) << result.warnings.back();
}

TEST_F(PdfLayerTest, LinksOutlineAndInformationStay) {
  PdfBuilder pdf;
  const auto link = pdf.add("/Type/Annot/Subtype/Link/Rect[10 10 50 50]/A<</S/URI/URI(https://example.org)>>");
  const auto outline = pdf.add("/Type/Outlines/First 6 0 R/Last 6 0 R/Count 1");
  const auto entry = pdf.add("/Title(Chapter)/Parent 5 0 R/Dest[3 0 R/Fit]");
  ASSERT_EQ(outline, 5);
  ASSERT_EQ(entry, 6);
  const auto from = source("in.pdf", pdf.finish(std::string{letter} + "/Annots[" + std::to_string(link) + " 0 R]", " ", "",
                                                "/Kids[3 0 R]/Count 1", "/Outlines 5 0 R/PageLabels<</Nums[0<</S/r>>]>>"));

  (void)write(from, {ours(from)});

  QPDF made;
  made.processFile(out_.c_str());
  EXPECT_EQ(made.getRoot().getKey("/Outlines").getKey("/First").getKey("/Title").getUTF8Value(), "Chapter");
  EXPECT_TRUE(made.getRoot().getKey("/PageLabels").isDictionary());
  auto page = QPDFPageDocumentHelper{made}.getAllPages().at(0);
  EXPECT_EQ(page.getObjectHandle().getKey("/Annots").getArrayItem(0).getKey("/A").getKey("/URI").getStringValue(), "https://example.org");
}

TEST_F(PdfLayerTest, TheSameDocumentGivesTheSameBytes) {
  const auto from = with(painted_);

  (void)write(from, {ours(from)}, {}, "one.pdf");
  const auto one = bytes();
  (void)write(from, {ours(from)}, {}, "two.pdf");

  EXPECT_EQ(one, bytes());
}

TEST_F(PdfLayerTest, AFullDiskIsAnError) {
  const auto from = with(painted_);
  const PdfOrder order{corpus::Format::pdf, {}, {}, 1, {}};
  const auto maker = pdf::open_pdf(open_for_reading(from.file), order);
  maker->add(ours(from));
  const UniqueFd full{::open("/dev/full", O_WRONLY | O_CLOEXEC)};

  EXPECT_THROW((void)maker->finish(full.get()), StorageError);
}

TEST_F(PdfLayerTest, LinearizesWhereAsked) {
  const auto from = with(painted_);

  (void)write(from, {ours(from)}, {.linearize = true});

  QPDF made;
  made.processFile(out_.c_str());
  EXPECT_TRUE(made.isLinearized());
  EXPECT_EQ(check(out_), "");
}

}  // namespace pdf_layer_test
}  // namespace pecia::exporting
