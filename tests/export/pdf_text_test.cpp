#include "export/pdf_fixture.hpp"
#include "glyphless_font.hpp"
#include "writing_direction.hpp"

namespace pecia::exporting {
namespace pdf_text_test {

using namespace test;

class PdfTextLayerTest : public PdfTest {
 protected:
  /// A page of 1200 x 800 pixels at 150 dpi without anything on it.
  Source empty() { return source("empty.pdf", PdfBuilder{}.finish("/MediaBox[0 0 576 384]", " ", "")); }
  PdfPage with(std::vector<PdfLine> lines) {
    auto page = page_of(empty(), std::move(lines));
    page.width_px /= 2, page.height_px /= 2, page.dpi /= 2;
    return page;
  }
};

TEST_F(PdfTextLayerTest, WordsAreExtractedLineByLine) {
  (void)write(
      empty(),
      {with({line_of({word_at("The", 100, 100, 180, 140), word_at("quick", 190, 101, 300, 141), word_at("(brown)", 310, 100, 480, 140)}),
             line_of({word_at("fox\\", 100, 160, 180, 200), word_at("jumps.", 185, 160, 330, 200)})})});

  EXPECT_EQ(lines(), (std::vector<std::string>{"The quick (brown)", "fox\\ jumps."}));
  EXPECT_EQ(check(out_), "");
}

TEST_F(PdfTextLayerTest, WordsWithoutABlankBetweenThemAreOneWord) {
  (void)write(empty(), {with({line_of({word_at("Don", 100, 100, 180, 140, false), word_at("'t", 180, 100, 210, 140)})})});

  EXPECT_EQ(lines(), std::vector<std::string>{"Don't"});
}

TEST_F(PdfTextLayerTest, GapsBetweenInkAreNoBlanksWhereTheTextHasNone) {
  (void)write(empty(), {with({line_of({word_at("リリ", 100, 100, 180, 140, false), word_at("ース", 200, 104, 270, 136, false),
                                       word_at("。", 300, 130, 306, 140, true), word_at("次", 330, 100, 370, 140)}),
                              line_of({word_at("Don", 100, 200, 180, 240, false), word_at("'t", 195, 200, 215, 240)}),
                              line_of({word_at("של", 300, 300, 380, 340, false), word_at("ום", 200, 300, 280, 340)})})});

  const auto found = lines();
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0], "リリース。 次");
  EXPECT_EQ(found[1], "Don't");
  EXPECT_NE(found[2].find("שלום"), std::string::npos) << found[2];
}

TEST_F(PdfTextLayerTest, WordsWithoutABlankMayOverlapWidely) {
  (void)write(empty(), {with({line_of({word_at("リリ", 532, 208, 702, 247, false), word_at("ー", 599, 199, 639, 266, false),
                                       word_at("ス", 638, 208, 683, 247, false), word_at("クリ", 723, 208, 745, 247)})})});

  EXPECT_EQ(lines(), std::vector<std::string>{"リリースクリ"});
}

TEST_F(PdfTextLayerTest, ColumnsAreExtractedWithoutBlanks) {
  (void)write(empty(), {with({line_of({word_at("縦書", 100, 100, 140, 180, false), word_at("き", 100, 200, 140, 230, false),
                                       word_at("の本", 100, 260, 140, 340)})})});

  EXPECT_EQ(std::get<page::TextLayer>(reader_.text_layer(written(), 1, false)).text, "縦書きの本");
}

TEST_F(PdfTextLayerTest, WordsWhoseBoxesTouchStayWords) {
  (void)write(
      empty(),
      {with({line_of({word_at("one", 100, 100, 180, 140), word_at("two", 179, 100, 260, 140), word_at(",", 250, 100, 262, 140)})})});

  EXPECT_EQ(words_of(lines().at(0)), (std::vector<std::string>{",", "one", "two"}));
}

TEST_F(PdfTextLayerTest, EveryScriptIsExtracted) {
  const std::vector<std::string> texts{"Größe", "œuvre", "Ελλάδα", "Москва", "עברית", "العربية", "हिन्दी", "ไทย", "漢字", "ſ𝔉𝔯𝔞𝔨𝔱𝔲𝔯", "𠀋𐐷"};
  std::vector<PdfLine> put;
  float y = 20;
  for (const auto& text : texts) put.push_back(line_of({word_at(text, 100, y, 400, y + 40)})), y += 60;

  (void)write(empty(), {with(put)});
  std::vector<std::string> found;
  for (auto line : lines()) {
    for (const std::string mark : {"\u202A", "\u202B", "\u202C"}) {  // Poppler says where the direction changes
      for (auto at = line.find(mark); at != std::string::npos; at = line.find(mark)) line.erase(at, mark.size());
    }
    found.push_back(line);
  }

  EXPECT_EQ(found, texts);
}

TEST_F(PdfTextLayerTest, EachDistinctCharacterTakesOneCode) {
  QPDF pdf;
  pdf.emptyPDF();
  pdf::GlyphlessFont font{pdf};
  std::size_t count = 0;

  EXPECT_EQ(font.codes("aba", count), (std::string{"\0\1\0\2\0\1", 6}));
  EXPECT_EQ(count, 3U);
  EXPECT_EQ(font.codes("\U0001D509", count), (std::string{"\0\3", 2})) << "one code beyond the BMP, too";
}

TEST_F(PdfTextLayerTest, ALineThatRunsUpwardsIsExtractedInItsOrder) {
  (void)write(empty(), {with({line_of({word_at("first", 100, 300, 140, 400), word_at("second", 100, 180, 140, 290),
                                       word_at("third", 100, 60, 140, 170)})})});
  const auto layer = std::get<page::TextLayer>(reader_.text_layer(written(), 1, false));

  EXPECT_EQ(layer.text, "first second third");
  const auto& second = layer.words.at(1);
  EXPECT_NEAR(second.x0, 200, 6);  // in pixels of 300 dpi
  EXPECT_NEAR(second.y0, 360, 6);
  EXPECT_NEAR(second.y1, 580, 6);
}

TEST_F(PdfTextLayerTest, WordsOfALineThatRunsAskewGetBaselinesOfTheirOwn) {
  std::vector<PdfWord> words;
  for (int n = 0; n < 8; ++n) {
    const auto x = static_cast<float>(50 + 120 * n), y = static_cast<float>(100 + 12 * n);
    words.push_back(word_at("word" + std::to_string(n), x, y, x + 100, y + 30));
  }
  (void)write(empty(), {with({line_of(words)})});
  const auto document = open(out_);
  const std::unique_ptr<poppler::page> shown{document->create_page(0)};
  const auto found = shown->text_list();

  ASSERT_EQ(found.size(), words.size());
  for (std::size_t n = 0; n < words.size(); ++n) {
    const double middle = static_cast<double>(words[n].box.y0 + words[n].box.y1) / 2 * 72 / 150;
    EXPECT_LT(found[n].bbox().top(), middle);
    EXPECT_GT(found[n].bbox().bottom(), middle);
    EXPECT_LT(found[n].bbox().height(), 20) << "of 15: not as high as the whole line";
  }
}

TEST(WritingDirection, FollowsTheWords) {
  EXPECT_EQ(pdf::direction_of(line_of({word_at("a", 0, 0, 10, 10), word_at("b", 20, 0, 30, 10)})), pdf::Direction::right);
  EXPECT_EQ(pdf::direction_of(line_of({word_at("a", 20, 0, 30, 10), word_at("b", 0, 0, 10, 10)})), pdf::Direction::left) << "upside down";
  EXPECT_EQ(pdf::direction_of(line_of({word_at("א", 20, 0, 30, 10), word_at("ב", 0, 0, 10, 10)})), pdf::Direction::right)
      << "upright letters";
  EXPECT_EQ(pdf::direction_of(line_of({word_at("a", 0, 0, 10, 10), word_at("b", 0, 20, 10, 30)})), pdf::Direction::down);
  EXPECT_EQ(pdf::direction_of(line_of({word_at("縦書き", 0, 0, 10, 90)})), pdf::Direction::down);
  EXPECT_EQ(pdf::direction_of(line_of({word_at("spine", 0, 0, 10, 90)})), pdf::Direction::up);
}

TEST(WritingDirection, CharactersStandAsTheyAreDrawn) {
  EXPECT_EQ(pdf::in_drawing_order("אבג"), "גבא");
  EXPECT_EQ(pdf::in_drawing_order("אב12"), "12בא") << "digits run from left to right";
  EXPECT_EQ(pdf::in_drawing_order("plain"), "plain");
}

}  // namespace pdf_text_test
}  // namespace pecia::exporting
