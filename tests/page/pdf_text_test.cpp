#include <gtest/gtest.h>

#include <cmath>

#include "page/reader_fixture.hpp"
#include "pecia/base/error.hpp"
#include "protocol.hpp"
#include "text_looks.hpp"
#include "text_order.hpp"

namespace pecia::page {
namespace pdf_text_test {

using namespace test;

const std::string letter = "/MediaBox[0 0 612 792]";
const std::string sentence = "The quick brown fox jumps over the lazy dog and runs home again";

/// A page of Helvetica in WinAnsiEncoding, named /F, and a picture, named /Im.
std::string pdf_of(const std::string& contents, const std::string& page = letter) {
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding");
  const auto image = pdf.add(image_entries + gray_jpeg, make_jpeg(1));
  return pdf.finish(page, contents, "/Font<</F " + std::to_string(font) + " 0 R>>/XObject<</Im " + std::to_string(image) + " 0 R>>");
}

std::string shown(const std::string& text, int x, int y, int size = 12, const std::string& before = {}) {
  return "BT " + before + " /F " + std::to_string(size) + " Tf " + std::to_string(x) + " " + std::to_string(y) + " Td (" + text + ") Tj ET\n";
}

class PdfTextTest : public PageReaderTest {
 protected:
  TextLayer layer_of(const std::string& pdf) {
    const auto from = source("page" + std::to_string(++files_) + ".pdf", pdf);
    signs_ = std::get<PageInfo>(reader_.info(from, 1)).text;
    auto layer = reader_.text_layer(from, 1, true);
    if (auto* failure = std::get_if<Failure>(&layer)) {
      ADD_FAILURE() << name(failure->reason) << ": " << failure->detail;
      return {};
    }
    return std::get<TextLayer>(layer);
  }
  TextSigns signs_;  ///< of the page asked for last

 private:
  int files_ = 0;
};

TEST_F(PdfTextTest, GivesWordsAndTheirPlacesInPageCoordinates) {
  const auto layer = layer_of(pdf_of(shown("Hello quiet", 72, 700, 24) + shown("world", 72, 672, 24)));

  EXPECT_EQ(layer.text, "Hello quiet\nworld");
  ASSERT_EQ(layer.words.size(), 3U);
  ASSERT_EQ(layer.lines.size(), 2U);
  ASSERT_EQ(layer.blocks.size(), 1U);
  const auto& hello = layer.words[0];
  EXPECT_EQ(layer.text.substr(hello.text_begin, hello.text_end - hello.text_begin), "Hello");
  EXPECT_NEAR(hello.x0, 300, 3) << "72 of 72 points, at 300 dpi";
  EXPECT_LT(hello.y0, 383) << "its baseline";
  EXPECT_GT(hello.y1, 383);
  EXPECT_NEAR(hello.y1 - hello.y0, 100, 25) << "of 24 points";
  EXPECT_EQ(layer.page_width_px, 2550);
  EXPECT_EQ(layer.page_height_px, 3300);
  EXPECT_EQ(layer.evidence.unseen, 0U);
  EXPECT_EQ(why_unsound(layer.evidence), "");
  EXPECT_EQ(layer.evidence.signs.shown_bytes, 16U);
}

TEST_F(PdfTextTest, GivesPlacesOnThePageAsItIsTurnedAndCropped) {
  const auto turned = layer_of(pdf_of(shown("Hello", 72, 700, 24), letter + "/Rotate 90"));
  ASSERT_EQ(turned.words.size(), 1U);
  EXPECT_EQ(turned.page_width_px, 3300);
  EXPECT_NEAR(turned.words[0].y0, 300, 3) << "the text runs down from where x was 72";
  EXPECT_LT(turned.words[0].x0, 2917) << "its baseline";
  EXPECT_GT(turned.words[0].x1, 2917);
  EXPECT_EQ(turned.evidence.unseen, 0U);

  const auto cropped = layer_of(pdf_of(shown("Hello", 72, 700, 24) + shown("gone", 72, 300), letter + "/CropBox[50 600 562 792]"));
  EXPECT_EQ(cropped.text, "Hello") << "what is cut off is not on the page";
  ASSERT_EQ(cropped.words.size(), 1U);
  EXPECT_NEAR(cropped.words[0].x0, 22.0 / 72 * 300, 3);
  EXPECT_EQ(cropped.page_height_px, 800);
}

TEST_F(PdfTextTest, ALayerOverAnImageHasTheImagesCoordinates) {
  const auto layer = layer_of(pdf_of(whole_page + shown("Hello", 20, 40, 10, "3 Tr"), media));

  ASSERT_EQ(layer.words.size(), 1U);
  EXPECT_TRUE(layer.embedded);
  EXPECT_EQ(layer.page_width_px, picture_width);
  EXPECT_NEAR(layer.words[0].x0, 10, 1) << "two points a pixel";
  EXPECT_GT(signs_.hidden_bytes, 0U);
  EXPECT_EQ(signs_.shown_bytes, 0U);
  EXPECT_TRUE(signs_.over_image);
  EXPECT_NE(why_not_born_digital(signs_), "");
}

TEST_F(PdfTextTest, PlacesOverAnImageWithAMarginAreThoseOfItsPixels) {
  // Four points of the page's left edge are not the image's, whose pixels are a point each.
  std::string pixels(296 * 400, '\xFF');
  for (int y = 193; y < 200; ++y) std::fill_n(pixels.begin() + y * 296 + 18, 6, '\0');  // in the word
  for (const std::string turn : {"", "/Rotate 90"}) {
    PdfBuilder pdf;
    const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding");
    const auto image = pdf.add("/Type/XObject/Subtype/Image/Width 296/Height 400/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
                               deflated(pixels));
    const auto layer = layer_of(pdf.finish("/MediaBox[0 0 300 400]" + turn,
                                           "q 296 0 0 400 4 0 cm /Im Do Q\n" + shown("Hello", 20, 200, 10, "3 Tr"),
                                           "/Font<</F " + std::to_string(font) + " 0 R>>/XObject<</Im " + std::to_string(image) + " 0 R>>"));
    ASSERT_EQ(layer.words.size(), 1U);
    const auto& hello = layer.words[0];
    EXPECT_NEAR(turn.empty() ? hello.x0 : hello.y0, 16, 0.5) << turn;
    EXPECT_EQ(layer.evidence.unseen, 0U) << "it is looked for where it is";
    EXPECT_EQ(layer.evidence.shapes, 1U);
    EXPECT_EQ(layer.evidence.shapes_elsewhere, 0U);
  }
}

TEST_F(PdfTextTest, TellsWhatCannotBeSeen) {
  layer_of(pdf_of(shown("below the picture", 20, 40, 10) + whole_page, media));
  EXPECT_NE(why_not_born_digital(signs_), "") << "an image lies on it";

  layer_of(pdf_of(whole_page + shown("above it", 20, 40, 10), media));
  EXPECT_EQ(why_not_born_digital(signs_), "");

  const auto white = layer_of(pdf_of(shown(sentence, 72, 700, 12, "1 1 1 rg")));
  EXPECT_EQ(why_not_born_digital(signs_), "") << "it is painted";
  EXPECT_EQ(white.evidence.unseen, white.evidence.words);
  EXPECT_NE(why_unsound(white.evidence), "");
}

TEST_F(PdfTextTest, TellsWhatLiesUnderAnImageInStrips) {
  const auto strips = [](int count) {
    std::string painted;
    for (int n = 0; n < count; ++n) painted += "q 120 0 0 10 0 " + std::to_string(10 * n) + " cm /Im Do Q\n";
    return painted;
  };
  const auto text = shown("below the picture", 20, 40, 10);
  layer_of(pdf_of(text + strips(8), media));
  EXPECT_NE(why_not_born_digital(signs_), "");
  EXPECT_TRUE(signs_.over_image);
  layer_of(pdf_of(strips(8) + text, media));
  EXPECT_EQ(why_not_born_digital(signs_), "") << "it lies on them";
  EXPECT_TRUE(signs_.over_image);
  layer_of(pdf_of(text + strips(4) + strips(4), media));
  EXPECT_EQ(why_not_born_digital(signs_), "") << "half of the page has no image";
  EXPECT_FALSE(signs_.over_image);
}

TEST_F(PdfTextTest, TellsWhatLiesUnderAnImageInAFormThatIsPaintedOftener) {
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding");
  const auto image = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1)));
  const auto form = pdf.add("/Type/XObject/Subtype/Form/BBox[0 0 120 80]/Resources<</XObject<</Im " + image + " 0 R>>>>", whole_page);
  layer_of(pdf.finish(media, "/Fm Do /Fm Do\n" + shown("in between", 20, 40, 10) + "/Fm Do\n",
                      "/Font<</F " + std::to_string(font) + " 0 R>>/XObject<</Fm " + std::to_string(form) + " 0 R>>"));
  EXPECT_NE(why_not_born_digital(signs_), "");
}

TEST_F(PdfTextTest, ReadsColumnByColumn) {
  std::string contents;
  for (int line = 0; line < 8; ++line) {
    contents += shown("left column has its line number " + std::to_string(line), 50, 700 - 14 * line, 10);
    contents += shown("right column has its line number " + std::to_string(line), 330, 700 - 14 * line, 10);
  }
  const auto layer = layer_of(pdf_of(contents));

  EXPECT_EQ(layer.lines.size(), 16U);
  EXPECT_LT(layer.text.find("left column has its line number 7"), layer.text.find("right column has its line number 0"));
  EXPECT_EQ(layer.blocks.size(), 2U);
}

TEST_F(PdfTextTest, FindsTextThatIsGarbled) {
  // What comes of glyph numbers that are taken for characters: each letter 29 places off.
  std::string shifted;
  for (const char letter_of : sentence + " " + sentence) shifted += letter_of == ' ' ? ' ' : static_cast<char>(letter_of - 29);
  std::string escaped;
  for (const char character : shifted) escaped += (character == '(' || character == ')' || character == '\\' ? "\\" : "") + std::string{character};

  EXPECT_NE(why_unsound(layer_of(pdf_of(shown(escaped, 20, 700, 8))).evidence), "");
  EXPECT_EQ(why_unsound(layer_of(pdf_of(shown(sentence + " " + sentence, 20, 700, 8))).evidence), "");
}

TEST_F(PdfTextTest, KnowsTheCharactersOfAdobesCollections) {
  for (const auto& [ordering, is_known] : {std::pair{"Japan1", true}, {"GB1", true}, {"Identity", false}}) {
    for (const bool direct : {false, true}) {
      PdfBuilder pdf;
      const std::string info = std::string{"/Registry(Adobe)/Ordering("} + ordering + ")/Supplement 2";
      const auto reference = std::to_string(pdf.add(info)) + " 0 R";
      const auto descendant = "/Type/Font/Subtype/CIDFontType0/BaseFont/Mincho/CIDSystemInfo " + (direct ? reference : "<<" + info + ">>");
      const auto of_it = direct ? "<<" + descendant + ">>" : std::to_string(pdf.add(descendant)) + " 0 R";
      const auto font = pdf.add("/Type/Font/Subtype/Type0/BaseFont/Mincho/Encoding/Identity-H/DescendantFonts[" + of_it + "]");
      const auto from = source("cjk" + std::string{ordering} + (direct ? "1" : "0") + ".pdf",
                               pdf.finish(letter, "BT /F 12 Tf 72 700 Td <0E5A0E5B> Tj ET\n", "/Font<</F " + std::to_string(font) + " 0 R>>"));
      const auto signs = std::get<PageInfo>(reader_.info(from, 1)).text;
      EXPECT_EQ(signs.shown_bytes, 4U);
      EXPECT_EQ(signs.unmapped_bytes, is_known ? 0U : 4U) << ordering << direct;
    }
  }
}

TEST_F(PdfTextTest, LeavesAPageToTheEngineThatIsMostlyInPictures) {
  std::string picture;
  for (int row = 0; row < 20; ++row) {
    for (int column = 0; column < 30; ++column)
      picture += std::to_string(60 + 15 * column) + " " + std::to_string(100 + 20 * row) + " 6 9 re f\n";  // 600 shapes like letters
  }
  const auto layer = layer_of(pdf_of(picture + shown(sentence, 72, 740)));
  EXPECT_GT(layer.evidence.shapes_elsewhere, 500U);
  EXPECT_NE(why_unsound(layer.evidence), "");
}

/// A scan of so many shapes like letters, 300 x 400 pixels, under `contents`.
std::string scan_with(int shapes, const std::string& contents) {
  std::string pixels(300 * 400, '\xFF');
  for (int n = 0; n < shapes; ++n)
    for (int y = 0; y < 8; ++y) std::fill_n(pixels.begin() + (100 + 20 * (n / 20) + y) * 300 + 10 + 14 * (n % 20), 5, '\0');
  PdfBuilder pdf;
  const auto font = pdf.add("/Type/Font/Subtype/Type1/BaseFont/Helvetica/Encoding/WinAnsiEncoding");
  const auto image = pdf.add("/Type/XObject/Subtype/Image/Width 300/Height 400/ColorSpace/DeviceGray/BitsPerComponent 8/Filter/FlateDecode",
                             deflated(pixels));
  return pdf.finish("/MediaBox[0 0 300 400]", "q 300 0 0 400 0 0 cm /Im Do Q\n" + contents,
                    "/Font<</F " + std::to_string(font) + " 0 R>>/XObject<</Im " + std::to_string(image) + " 0 R>>");
}

TEST_F(PdfTextTest, AStampOnAScanIsNotThePagesText) {
  const auto stamp = shown("Downloaded from the library of the university", 20, 20, 8);
  EXPECT_NE(why_unsound(layer_of(scan_with(24, stamp)).evidence), "") << "a title page";
  EXPECT_NE(why_unsound(layer_of(scan_with(300, stamp)).evidence), "");
  EXPECT_EQ(why_unsound(layer_of(scan_with(3, stamp)).evidence), "") << "specks on paper";
}

TEST_F(PdfTextTest, WhatIsNoPdfHasNoText) {
  write_png(folder_.path() / "page.png", PNG_COLOR_TYPE_GRAY, 8);
  EXPECT_FALSE(std::get<PageInfo>(reader_.info(source("page.png"), 1)).text.may_be_text());
  EXPECT_EQ(std::get<TextLayer>(reader_.text_layer(source("page.png"), 1, true)).words.size(), 0U);
}

// ---- the order of what is written

PopplerWord word_of(const std::u32string& text, double x = 0, bool space_after = true) {
  PopplerWord word;
  word.size_pt = 10;
  word.space_after = space_after;
  for (const auto character : text) {
    const double wide = 4 + static_cast<double>(character % 5);  // letters differ
    word.glyphs.push_back({character, x, 0, x + wide, 10});
    x += wide;
  }
  return word;
}

std::string line_of(const std::vector<std::u32string>& words) {
  std::vector<Token> tokens;
  double x = 0;
  for (const auto& text : words) {
    for (auto& token : tokens_of(word_of(text, x))) tokens.push_back(token);
    x += 100;
  }
  tokens.back().space_after = false;
  std::string text;
  for (const auto& line : lines_of(tokens)) {
    for (const auto& token : line) text += written(token.text) + (token.space_after ? " " : "");
    text += "|";
  }
  return text;
}

TEST(TextOrder, PutsRightToLeftInTheOrderOfReading) {
  EXPECT_EQ(line_of({U"םלוע", U"םולש"}), "שלום עולם|");
  EXPECT_EQ(line_of({U".ןאכ", U"1987", U"תנשב"}), "בשנת 1987 כאן.|");
  EXPECT_EQ(line_of({U"English", U"םלוע", U"םולש", U"again"}), "English שלום עולם again|");
  EXPECT_EQ(line_of({U"םולש", U"GNU", U"Linux", U"םולש", U"םלוע"}), "עולם שלום GNU Linux שלום|");
  EXPECT_EQ(line_of({U"25-ה"}), "ה-25|");
}

TEST(TextOrder, KnowsALamThatAnAlefFollows) {
  auto ligature = word_of(U"ةثلاث");
  ligature.glyphs[2].x1 = ligature.glyphs[3].x0 = ligature.glyphs[2].x0 + 4;  // one glyph in two halves
  ligature.glyphs[3].x1 = ligature.glyphs[3].x0 + 4.05;
  EXPECT_EQ(written(tokens_of(ligature).at(0).text), "ثلاثة");
  auto article = word_of(U"باتكلا");
  article.glyphs[4].x1 = article.glyphs[4].x0 + 4;
  article.glyphs[5].x1 = article.glyphs[5].x0 + 4;
  EXPECT_EQ(written(tokens_of(article).at(0).text), "الكتاب");
}

TEST(TextOrder, WritesLettersForWhatTheyLookLike) {
  EXPECT_EQ(written(U"e\u0301te\u0301 o\uFB03ce"), "\u00E9t\u00E9 office");
  EXPECT_EQ(written(U"\uFEFB"), "\u0644\u0627");
  EXPECT_EQ(written(U"Maece\u00AD"), "Maece-");
  EXPECT_EQ(written(U"Mae\u00ADcenas"), "Maecenas");
  EXPECT_EQ(written(std::u32string{0x03, 0xD800, U'a'}), "\uFFFD\uFFFDa");
}

TEST(TextOrder, SplitsAtSpacesAndLeavesOutWhatNobodySees) {
  const auto tokens = tokens_of(word_of(U"two\u00A0wo\u200Brds"));
  ASSERT_EQ(tokens.size(), 2U);
  EXPECT_EQ(tokens[0].text, U"two");
  EXPECT_EQ(tokens[1].text, U"words");
  EXPECT_GT(tokens[1].x0, tokens[0].x1);
}

// ---- soundness

std::string why(const std::vector<std::u32string>& words, int times = 12) {
  TextLooks looks;
  for (int n = 0; n < times; ++n)
    for (const auto& word : words) looks.add(word);
  TextEvidence evidence;
  looks.put_into(evidence);
  evidence.signs.shown_bytes = evidence.characters;
  return why_unsound(evidence);
}

TEST(Soundness, TakesTheLanguagesOfTheWorld) {
  EXPECT_EQ(why({U"Le", U"cœur", U"s’ouvre", U"à", U"l’été", U"passé."}), "");
  EXPECT_EQ(why({U"Angstschweiß,", U"Rindfleischetikettierung", U"und", U"Straßen"}), "");
  EXPECT_EQ(why({U"Vlk", U"zmrzl", U"a", U"čtvrt", U"hodiny", U"čekala", U"babička", U"potichu", U"na", U"příbuzné"}), "");
  EXPECT_EQ(why({U"Война", U"и", U"мир", U"начинается"}), "");
  EXPECT_EQ(why({U"السلام", U"عليكم", U"ورحمة"}), "");
  EXPECT_EQ(why({U"この文書が扱う範囲", U"Debianパッケージ", U"放棄、引き取り、再導入)"}), "");
  EXPECT_EQ(why({U"x86_64", U"/usr/share/doc", U"apt-get", U"README.txt", U"install", U"the", U"package"}), "");
}

TEST(Soundness, TakesTheBulletsOfSymbolFontsForBullets) {
  TextLooks looks;
  const std::string bullets[] = {"\u2022", "\u25AA", "\u27A2", "\u2713"};
  std::size_t next = 0;
  for (const auto character : {U'\uF0B7', U'\uF0A7', U'\uF0D8', U'\uF0FC'}) {
    const auto text = tokens_of(word_of({character})).at(0).text;
    EXPECT_EQ(written(text), bullets[next++]);
    EXPECT_EQ(looks.add(text), 1) << "a character that is known";
    looks.add(U"slide");
  }
  TextEvidence evidence;
  looks.put_into(evidence);
  evidence.signs.shown_bytes = evidence.characters;
  EXPECT_EQ(why_unsound(evidence), "");
  EXPECT_NE(why({U"\uE0B7", U"slide"}), "") << "what is no known one";
}

TEST(Soundness, RefusesWhatIsGarbled) {
  EXPECT_NE(why({U"\uFFFD\uFFFD\uFFFD", U"\uFFFD\uFFFD"}), "");
  EXPECT_NE(why({U"\uE001\uE002\uE003", U"word"}), "");
  EXPECT_NE(why({U"7KH", U"TXLFN", U"EURZQ", U"IR[", U"MXPSV", U"RYHU"}), "");
  EXPECT_NE(why({U"Ã©tÃ©", U"passÃ©", U"par", U"lÃ\u00A0"}), "") << "UTF-8 read as Latin-1";
  EXPECT_NE(why({U"T", U"h", U"e", U"q", U"u", U"i", U"c", U"k", U"fox"}), "");
  EXPECT_NE(why({U"x%q&z", U"b$k*l", U"q{r}t"}), "");
  EXPECT_NE(why({U"тhе", U"quісk", U"brоwn", U"fоx"}), "") << "two alphabets in one word";
}

TEST(Soundness, AsksForBetterWordsOfFontsThatDoNotNameTheirCharacters) {
  TextEvidence evidence;
  evidence.words = evidence.lettered = evidence.judged = 100;
  evidence.characters = 500;
  evidence.like_words = 70;
  evidence.signs.shown_bytes = 500;
  EXPECT_EQ(why_unsound(evidence), "");
  evidence.signs.unmapped_bytes = 400;
  EXPECT_NE(why_unsound(evidence), "");
  evidence.like_words = 95;
  EXPECT_EQ(why_unsound(evidence), "");
}

TEST(Soundness, RefusesWhatLiesOnOrOutsideOfThePage) {
  TextEvidence sound;
  sound.words = 100;
  sound.characters = 500;
  sound.signs.shown_bytes = 500;
  sound.seen = true;
  sound.shapes = 500;
  ASSERT_EQ(why_unsound(sound), "");
  const auto with = [&](auto change) {
    auto evidence = sound;
    change(evidence);
    return why_unsound(evidence);
  };
  EXPECT_NE(with([](auto& is) { is.overlapping = 60; }), "");
  EXPECT_NE(with([](auto& is) { is.outside = 300; }), "");
  EXPECT_NE(with([](auto& is) { is.unseen = 50; }), "");
  EXPECT_NE(with([](auto& is) { is.shapes_elsewhere = 400; }), "");
  EXPECT_EQ(with([](auto& is) { is.shapes_elsewhere = 100; }), "") << "a figure";
  EXPECT_NE(with([](auto& is) { is.signs.known = false; }), "");
  EXPECT_NE(with([](auto& is) { is.words = 0; }), "");
  EXPECT_NE(with([](auto& is) { is.cut_short = true; }), "");
}

// ---- messages

TEST(TextLayerMessage, RefusesLies) {
  TextLayer layer;
  layer.text = "one two";
  layer.words = {{1, 1, 2, 2, 0, 3, 1}, {3, 1, 4, 2, 4, 7, 0.5F}};
  layer.lines = layer.blocks = {{1, 1, 4, 2, 0, 7, 1}};
  layer.evidence.words = 2;
  layer.evidence.signs.hidden_bytes = 7;
  layer.made_by = "poppler";
  const auto sent = [](const TextLayer& it) { return protocol::decode_answer(protocol::encode(protocol::Answer{it})); };
  const auto got = std::get<TextLayer>(sent(layer));
  EXPECT_EQ(got.text, layer.text);
  EXPECT_EQ(got.words[1].text_begin, 4U);
  EXPECT_EQ(got.evidence.words, 2U);
  EXPECT_EQ(got.evidence.signs.hidden_bytes, 7U);
  const auto lie = [&](auto change) {
    auto it = layer;
    change(it);
    EXPECT_THROW((void)sent(it), Error);
  };
  lie([](auto& it) { it.text = "one\xFFtwo"; });
  lie([](auto& it) { it.words[1].text_end = 8; });
  lie([](auto& it) { it.words[1].text_begin = 8; });
  lie([](auto& it) { std::swap(it.words[0], it.words[1]); });
  lie([](auto& it) { it.words[0].x0 = NAN; });
  lie([](auto& it) { it.words[0].x0 = 3; });
  lie([](auto& it) { it.words[0].confidence = 2; });
  lie([](auto& it) { it.page_dpi = -1; });
  lie([](auto& it) { it.words.resize(most_layer_words + 1, it.words[1]); });
}

}  // namespace pdf_text_test
}  // namespace pecia::page
