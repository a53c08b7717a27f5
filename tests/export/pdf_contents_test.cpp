#include "content_walk.hpp"
#include "export/pdf_layer_fixture.hpp"

namespace pecia::exporting {
namespace pdf_contents_test {

using namespace test;

using PdfContentsTest = PdfLayerTest;

TEST_F(PdfContentsTest, AFormThatTakesItsFontFromThePageKeepsIt) {
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica");
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<<>>", "BT 0 Tr 20 150 Td (Stamp) Tj ET");
  const auto from =
      source("in.pdf", pdf.finish(letter, "/F 20 Tf BT 3 Tr 20 100 Td (earlier) Tj ET /Fm Do\n",
                                  "/Font<</F " + std::to_string(font) + " 0 R>>/XObject<</Fm " + std::to_string(form) + " 0 R>>"));
  ASSERT_NE(look(from.file, 100), look(source("blank.pdf", PdfBuilder{}.finish(letter, " ", "")).file, 100));

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(), (std::vector<std::string>{"Stamp", "ours"}));
  expect_same_look(from);
}

TEST_F(PdfContentsTest, WhatStandsBesideTextThatGivesWayStaysATokenOfItsOwn) {
  const auto from = with(
      "BT /F 20 Tf 20 180 Td 3 Tr 40 TL(hidden)' 0 Tr(one)'(two)' ET\n"
      "BT/F 20 Tf 150 180 Td 3 Tr 30 TL 1 .5(hidden)\" 0 Tr(three)'(four)' 3 Tr/F 10 Tf(hidden)' 0 "
      "Tr(five)' ET\n");

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(), (std::vector<std::string>{"one", "two", "three", "four", "five", "ours"}));
  EXPECT_EQ(check(out_), "");
  expect_same_look(from);
}

TEST_F(PdfContentsTest, AFormThatIsPaintedOftenIsReadOnce) {
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica");
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</Font<</F " + std::to_string(font) + " 0 R>>>>",
                            "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET 10 10 50 50 re f");
  std::string contents;
  for (int n = 0; n < 3000; ++n) contents += "/Fm Do\n";
  const auto from = source("in.pdf", pdf.finish(letter, contents, "/XObject<</Fm " + std::to_string(form) + " 0 R>>"));

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 1U);
  EXPECT_EQ(lines(), std::vector<std::string>{"ours"});
}

/// Pages 3 and on paint one form, each by its own contents. The form paints an image, and another form with invisible text.
std::string pages_with_one_form(const std::vector<std::string>& contents, const std::string& art) {
  PdfBuilder pdf;
  const auto reference = [](int number) { return std::to_string(number) + " 0 R"; };
  const auto font = reference(pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica"));
  const auto image = reference(pdf.add(image_entries + gray_jpeg, make_jpeg(1)));
  const auto inner = reference(pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</Font<</F " + font + ">>>>",
                                       "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET " + art));
  const auto form = reference(
      pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 1 1]/Matrix[2 0 0 2 0 0]/Resources<</XObject<</Im " + image + "/In " + inner + ">>>>",
              "/Im Do /In Do"));
  const auto resources = "/XObject<</Fm " + form + ">>";
  std::string kids = "/Kids[3 0 R";
  for (std::size_t n = 1; n < contents.size(); ++n) {
    const auto own = reference(pdf.add("", contents[n]));
    kids += " " + reference(pdf.add("/Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Contents " + own + "/Resources<<" + resources + ">>"));
  }
  return pdf.finish(letter, contents[0], resources, kids + "]/Count " + std::to_string(contents.size()));
}

TEST_F(PdfContentsTest, AFormThatManyPagesPaintIsWrittenOnce) {
  constexpr std::size_t pages = 20;
  std::string art;
  for (unsigned n = 1, x = 1; n < 4000; ++n) art += std::to_string((x = x * 1664525 + 1013904223) % 300) + " 9 l ";
  const auto from =
      source("in.pdf", pages_with_one_form(std::vector<std::string>(pages, "q 1 0 0 1 9 9 cm /Fm Do Q "), "1 1 m " + art + "S"));
  std::vector<PdfPage> read(pages, ours(from));
  for (std::uint32_t n = 0; n < pages; ++n) read[n].number = n + 1;

  const auto result = write(from, read);

  EXPECT_EQ(result.pages_replaced, pages);
  EXPECT_LT(bytes().size(), art.size() + pages * 500);
  for (const int page : {1, 2, 20}) EXPECT_EQ(lines(page), std::vector<std::string>{"ours"}) << page;
  EXPECT_EQ(check(out_), "");
  for (const int page : {1, 20}) EXPECT_EQ(look(from.file, 100, page), look(out_, 100, page)) << page;
}

TEST_F(PdfContentsTest, APageIsTheSameWhetherItsFormsAreKnownOrNot) {
  const auto from = source("in.pdf", pages_with_one_form({"/Fm Do ", "q 3 0 0 4 5 6 cm /Fm Do Q "}, "/Wrong ri 1 2 foo 0 0 9 9 re f"));
  QPDF pdf;
  pdf.processFile(from.file.c_str());
  const auto pages = QPDFPageDocumentHelper{pdf}.getAllPages();
  pdf::KnownForms known, none;

  (void)pdf::contents_of(pages.at(0), known);
  ASSERT_EQ(known.size(), 2U);
  const auto after = pdf::contents_of(pages.at(1), known), alone = pdf::contents_of(pages.at(1), none);

  for (const auto& contents : {after, alone}) {
    EXPECT_TRUE(contents.readable);
    EXPECT_EQ(contents.images, 1U);
    EXPECT_EQ(contents.image_objects.size(), 1U);
    ASSERT_TRUE(contents.image);
    EXPECT_EQ(contents.image->a, 6);
    EXPECT_EQ(contents.image->d, 8);
    EXPECT_EQ(contents.image->e, 5);
    EXPECT_TRUE(contents.invisible_text);
    EXPECT_TRUE(contents.drawings);
    EXPECT_TRUE(contents.unknown_intents);
    EXPECT_TRUE(contents.unknown_operators);
    EXPECT_EQ(contents.cleaned_forms.size(), 1U);
  }
  EXPECT_EQ(known.size(), 2U);
}

TEST_F(PdfContentsTest, AFormInTwoStatesKeepsItsTextWhereItIsSeen) {
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica");
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<</Font<</F " + std::to_string(font) + " 0 R>>>>",
                            "BT /F 12 Tf 20 100 Td (stamp) Tj ET");
  const auto from =
      source("in.pdf", pdf.finish(letter, "3 Tr /Fm Do /Fm Do 0 Tr /Fm Do\n", "/XObject<</Fm " + std::to_string(form) + " 0 R>>"));

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_replaced, 0U);
  expect_same_look(from);
}

TEST_F(PdfContentsTest, FormsThatPaintEachOtherWithoutEndEnd) {
  PdfBuilder pdf;
  std::string names = "/XObject<<";
  for (int n = 0; n < 20; ++n) names += "/F" + std::to_string(n) + " " + std::to_string(4 + n) + " 0 R";
  std::string all;
  for (int n = 0; n < 20; ++n) all += "/F" + std::to_string(n) + " Do ";
  for (int n = 0; n < 20; ++n) pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Resources<<" + names + ">>>>", all);
  const auto page = ours(with(painted_));  // `pecia-page` gives such pages up

  const auto result = write(source("endless.pdf", pdf.finish(letter, "/F0 Do\n", names + ">>")), {page});

  EXPECT_EQ(result.pages_with_text, 1U);
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_NE(result.warnings[0].find("page 1: its contents cannot be followed"), std::string::npos) << result.warnings[0];
}

TEST_F(PdfContentsTest, FormsCountForTheMostThatIsFollowed) {
  PdfBuilder pdf;
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]/Filter/FlateDecode", deflated(std::string(65 << 20, ' ')));
  const auto page = ours(with(painted_));

  const auto result = write(source("long.pdf", pdf.finish(letter, "/Fm Do\n", "/XObject<</Fm " + std::to_string(form) + " 0 R>>")), {page});

  EXPECT_EQ(result.pages_with_text, 1U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("cannot be followed"), std::string::npos) << result.warnings[0];
}

TEST_F(PdfContentsTest, ANumberBeyondAllIntegersCostsNoPage) {
  const auto from = with("2 0 0 2 0 0 cm q 99999999999999999999 w Q\n" + painted_);

  const auto result = write(from, {ours(from)});
  const auto layer = std::get<page::TextLayer>(reader_.text_layer(written(), 1, false));

  EXPECT_EQ(result.pages_with_text, 1U);
  EXPECT_EQ(layer.text, "ours");
  EXPECT_NEAR(layer.words.at(0).x0, .1 * layer.page_width_px, .02 * layer.page_width_px);
  ASSERT_FALSE(result.warnings.empty());
  EXPECT_NE(result.warnings[0].find("page 1: its contents cannot be followed"), std::string::npos) << result.warnings[0];
  expect_same_look(from);
}

TEST_F(PdfContentsTest, ALayerThatCannotBeRemovedStaysTheOnlyOne) {
  const auto from = with(painted_ + "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET 99999999999999999999 w\n");

  const auto result = write(from, {ours(from)});

  EXPECT_EQ(result.pages_with_text, 0U);
  EXPECT_EQ(result.pages_kept, 1U);
  EXPECT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(lines(), std::vector<std::string>{"earlier"});
}

TEST_F(PdfContentsTest, ARestoringTooManyRestoresNothingAsBefore) {
  for (const std::string earlier : {"", "BT /F 12 Tf 3 Tr 1 1 Td (earlier) Tj ET\n"}) {
    const auto from = with(earlier + "1 0 0 rg 2 0 0 2 0 0 cm Q 10 10 50 50 re f\n");

    const auto result = write(from, {ours(from)});
    const auto layer = std::get<page::TextLayer>(reader_.text_layer(written(), 1, false));

    EXPECT_EQ(result.pages_with_text, 1U);
    EXPECT_EQ(layer.text, "ours");
    EXPECT_NEAR(layer.words.at(0).x0, .1 * layer.page_width_px, .02 * layer.page_width_px);
    expect_same_look(from);
  }
}

TEST_F(PdfContentsTest, WhatIsOddInContentsIsNoRepair) {
  std::string odd;
  for (int n = 0; n < 2000; ++n) odd += "> ";
  const auto from = with(painted_ + odd);

  const auto result = write(from, {ours(from)});

  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_EQ(result.warnings[0],
            "page 1: libqpdf finds the contents odd, which stay as they are (2000 findings): "
            "unexpected >");
}

TEST_F(PdfContentsTest, WhatIsFoundOnTheWayIsNotKeptInMemory) {
  QPDF pdf;
  pdf.setSuppressWarnings(true);
  pdf.processFile(with(painted_).file.c_str());
  pdf::Findings findings{pdf};
  for (int n = 0; n < 1000; ++n) {
    pdf.warn({qpdf_e_damaged_pdf, "page object 3 0", "content", 0, "unexpected >"});
    findings.take_if_many();
    ASSERT_LT(pdf.numWarnings(), 300U);
  }
  pdf.warn({qpdf_e_damaged_pdf, pdf::document_name, "object 3 0", 0, "too many errors; giving up on reading object"});
  findings.take();

  EXPECT_EQ(pdf.numWarnings(), 0U);
  EXPECT_EQ(findings.in_contents().count, 1000U);
  EXPECT_EQ(findings.in_file().count, 1U);
  EXPECT_EQ(findings.lost_objects(), 1U);
}

TEST_F(PdfContentsTest, APageOfWhichNobodyKnowsIsKeptWhereTextIsToBeKept) {
  PdfBuilder pdf;
  const auto font = std::to_string(pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica"));
  const auto image = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1)));
  const auto earlier =
      pdf.add("/Filter/FlateDecode", deflated(painted_ + "BT /F 12 Tf 3 Tr 20 100 Td (earlier) Tj ET\n" + std::string(65 << 20, ' ')));
  auto long_one = pdf.finish(letter, " ", "/Font<</F " + font + " 0 R>>/XObject<</Im " + image + " 0 R>>");
  const auto contents = "/Contents " + std::to_string(earlier + 1) + " 0 R";
  const auto at = long_one.find(contents);
  ASSERT_NE(at, std::string::npos);
  long_one.replace(at, contents.size(), "/Contents " + std::to_string(earlier) + " 0 R");
  const auto page = ours(with(painted_), PdfPage::Act::add);  // `pecia-page` gives such pages up

  const auto result = write(source("long.pdf", long_one), {page});

  EXPECT_EQ(result.pages_with_text, 0U);
  EXPECT_EQ(result.pages_kept, 1U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("page 1: its contents cannot be followed: it may have text of its own"), std::string::npos)
      << result.warnings[0];
  EXPECT_EQ(lines(), std::vector<std::string>{"earlier"});
}

}  // namespace pdf_contents_test
}  // namespace pecia::exporting
