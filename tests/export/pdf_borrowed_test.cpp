#include "export/pdf_layer_fixture.hpp"

namespace pecia::exporting {
namespace pdf_borrowed_test {

using namespace test;

/// Pages that hide a form G, which something else paints visibly, that finds it in the page's resources.
class BorrowedForms : public PdfLayerTest {
 protected:
  static std::string reference(int number) { return std::to_string(number) + " 0 R"; }
  std::string font() { return reference(pdf_.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica")); }
  std::string form(const std::string& keys, const std::string& contents) {
    return reference(pdf_.add("/Type/XObject/Subtype/Form/BBox[0 0 300 200]" + keys, contents));
  }
  std::string hidden_form() { return form("/Resources<</Font<</F " + font() + ">>>>", "BT /F 24 Tf 20 10 Td (VISIBLE) Tj ET\n"); }
  /// Nothing of it is lost, and no layer stands beside the other.
  void expect_kept(const Source& from) {
    ASSERT_NE(look(from.file, 100), look(source("blank.pdf", PdfBuilder{}.finish(letter, " ", "")).file, 100));
    const auto result = write(from, {ours(from)});
    EXPECT_EQ(result.pages_replaced, 0U);
    EXPECT_EQ(result.pages_kept, 1U);
    ASSERT_FALSE(result.warnings.empty());
    EXPECT_NE(result.warnings[0].find("page 1: its earlier invisible text cannot be removed"), std::string::npos) << result.warnings[0];
    expect_same_look(from);
  }
  PdfBuilder pdf_;
};

TEST_F(BorrowedForms, AreStillPaintedByFormsThatTakeThemFromThePage) {
  for (const std::string keys : {"", "/Resources<<>>", "/Resources<</XObject<<>>>>"}) {
    pdf_ = {};
    const auto hidden = hidden_form(), borrower = form(keys, "1 0 0 rg 0 Tr /G Do\n");
    const auto middle = form(keys, "/F Do\n");
    for (const std::string painted : {"/F Do", "/M Do"}) {
      auto pdf = pdf_;
      expect_kept(source("in.pdf", pdf.finish(letter, "q 3 Tr /G Do Q " + painted + "\n",
                                              "/XObject<</G " + hidden + "/F " + borrower + "/M " + middle + ">>")));
    }
  }
}

TEST_F(BorrowedForms, AreStillPaintedByFormsThatTakeThemFromAForm) {
  const auto hidden = hidden_form(), borrower = form("", "0 Tr /G Do\n");
  const auto outer = form("/Resources<</XObject<</G " + hidden + "/F " + borrower + ">>>>", "q 3 Tr /G Do Q /F Do\n");
  expect_kept(source("in.pdf", pdf_.finish(letter, "/O Do\n", "/XObject<</O " + outer + ">>")));
}

TEST_F(BorrowedForms, AreStillPaintedByAppearancesAndPatterns) {
  const auto hidden = hidden_form(), appearance = form("", "0 Tr /G Do\n");
  const auto note = pdf_.add("/Type/Annot/Subtype/Stamp/Rect[10 50 290 190]/F 4/AP<</N " + appearance + ">>");
  const auto pattern =
      reference(pdf_.add("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 300 200]/XStep 300/YStep 200", "0 Tr /G Do\n"));
  auto with_note = pdf_, with_pattern = pdf_;
  expect_kept(source("note.pdf", with_note.finish(std::string{letter} + "/Annots[" + reference(note) + "]", "3 Tr /G Do\n",
                                                  "/XObject<</G " + hidden + ">>")));
  const std::string filled = "q 3 Tr /G Do Q /Pattern cs /P scn 0 0 300 200 re f\n";
  expect_kept(source("pattern.pdf", with_pattern.finish(letter, filled, "/XObject<</G " + hidden + ">>/Pattern<</P " + pattern + ">>")));
}

TEST_F(BorrowedForms, GiveWayWhereNobodyBorrowsThem) {
  const auto hidden = hidden_form(), other = form("/Resources<</XObject<<>>>>", "1 0 0 rg 9 9 50 50 re f\n");
  const auto link = pdf_.add("/Type/Annot/Subtype/Link/Rect[10 10 50 50]/A<</S/URI/URI(https://example.org)>>");
  const auto from = source("in.pdf", pdf_.finish(std::string{letter} + "/Annots[" + reference(link) + "]", "q 3 Tr /G Do Q /F Do\n",
                                                 "/XObject<</G " + hidden + "/F " + other + ">>"));

  EXPECT_EQ(write(from, {ours(from)}).pages_replaced, 1U);
  EXPECT_EQ(lines(), std::vector<std::string>{"ours"});
  expect_same_look(from);
}

TEST_F(BorrowedForms, FontsStayForAppearancesAndPatternsThatTakeThemFromThePage) {
  const auto face = font(), appearance = form("", "BT 0 0 1 rg /F 24 Tf 20 10 Td (NOTE) Tj ET\n");
  const auto note = pdf_.add("/Type/Annot/Subtype/Stamp/Rect[10 50 290 190]/F 4/AP<</N " + appearance + ">>");
  const auto pattern = reference(pdf_.add("/Type/Pattern/PatternType 1/PaintType 1/TilingType 1/BBox[0 0 100 40]/XStep 100/YStep 40",
                                          "BT 0 Tr 1 0 0 rg /F 14 Tf 5 10 Td (STAMP) Tj ET\n"));
  const std::string earlier = "BT 3 Tr /F 24 Tf 20 140 Td (earlier) Tj ET\n", fonts = "/Font<</F " + face + ">>";
  auto with_note = pdf_, with_pattern = pdf_;
  const auto noted = source("note.pdf", with_note.finish(std::string{letter} + "/Annots[" + reference(note) + "]", earlier, fonts));
  const auto filled = source("pattern.pdf", with_pattern.finish(letter, earlier + "/Pattern cs /P scn 0 0 300 200 re f\n",
                                                                fonts + "/Pattern<</P " + pattern + ">>"));
  for (const auto& from : {noted, filled}) {
    EXPECT_EQ(write(from, {ours(from)}).pages_replaced, 1U);
    expect_same_look(from);
  }
}

}  // namespace pdf_borrowed_test
}  // namespace pecia::exporting
