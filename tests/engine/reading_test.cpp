#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "engine/engine_contract.hpp"
#include "engine/made_sheets.hpp"
#include "table.hpp"
#include "pecia/engine/reading_quality.hpp"
#include "tesseract/blank.hpp"
#include "tesseract/fraktur.hpp"
#include "tesseract/long_s.hpp"
#include "tesseract/ways.hpp"
#include "tesseract_engine.hpp"
#include "tesseract_reading.hpp"

namespace pecia {
namespace reading_test {

using engine::blankness_of;
using test::made;
using test::Sheet;

/// Words of one text, all of one confidence.
result::Reading reading_of(const std::string& text, float confidence = 0.9F) {
  result::Reading reading;
  reading.text = text;
  reading.confidence = confidence;
  for (const auto& word : engine::words_of(text)) {
    result::Part part;
    part.text_begin = static_cast<std::uint32_t>(word.begin);
    part.text_end = static_cast<std::uint32_t>(word.end);
    part.confidence = confidence;
    reading.words.push_back(part);
  }
  reading.lines.push_back({{}, 0, static_cast<std::uint32_t>(text.size()), confidence});
  return reading;
}

std::string word(const result::Reading& reading, std::size_t number) {
  const auto& part = reading.words.at(number);
  return reading.text.substr(part.text_begin, part.text_end - part.text_begin);
}

// ---- which of two readings

TEST(BetterReading, IsTheOneWithMoreSureText) {
  const auto page = reading_of("a whole page of words that are rather sure", 0.6F);
  const auto letters = reading_of("abc", 0.99F);
  const auto noise = reading_of("thrice as many letters that were all made up out of specks and dirt and nothing else at all", 0.2F);

  EXPECT_EQ(&engine::better_reading(letters, page), &page);
  EXPECT_EQ(&engine::better_reading(page, letters), &page) << "three sure letters do not beat a page";
  EXPECT_EQ(&engine::better_reading(page, noise), &page);
  EXPECT_EQ(&engine::better_reading(noise, page), &page);
}

TEST(BetterReading, IsAPageNumberThatIsSureWhereThereWasNothing) {
  const result::Reading nothing;
  const auto number = reading_of("17", 0.97F), speck = reading_of("ii", 0.4F);
  EXPECT_EQ(&engine::better_reading(nothing, number), &number);
  EXPECT_EQ(&engine::better_reading(nothing, speck), &nothing);
}

TEST(BetterReading, IsTheFirstWhereTheyAreWorthAboutTheSame) {
  const auto first = reading_of("columns read as columns, one after the other", 0.52F);
  const auto second = reading_of("columns read as columns, one after the other", 0.54F);
  EXPECT_EQ(&engine::better_reading(first, second), &first);
  EXPECT_EQ(&engine::better_reading(second, first), &second);
}

TEST(PoorReading, IsUnsureOrEmpty) {
  EXPECT_TRUE(engine::poor(reading_of("niz qfl xv", 0.4F)));
  EXPECT_TRUE(engine::poor(result::Reading{})) << "a page that is not blank has no words";
  EXPECT_FALSE(engine::poor(reading_of("clear words", 0.8F)));
}

// ---- old prints

bool is_known(const std::string& word) {
  static const std::set<std::string> words{"esprit", "sacer", "discursu", "passions", "fait", "sait", "fleurs", "offense", "first", "of", "misere"};
  return words.contains(word);
}

TEST(LongS, IsPutWhereTheDictionaryHasOnlyS) {
  const auto reading = engine::with_long_s(reading_of("efprit Paffions facer difcurfu fait fleurs mifere l'efprit Zefphi f'en neuf"), is_known);

  EXPECT_EQ(reading.text, "e\u017Fprit Pa\u017F\u017Fions \u017Facer di\u017Fcur\u017Fu fait fleurs mi\u017Fere l'e\u017Fprit Ze\u017Fphi \u017F'en neuf");
  EXPECT_EQ(word(reading, 1), "Pa\u017F\u017Fions") << "words keep what is theirs";
  EXPECT_EQ(word(reading, 4), "fait") << "known with both";
  EXPECT_EQ(word(reading, 12), "neuf") << "never at a word's end";
  EXPECT_EQ(reading.lines[0].text_end, reading.text.size());
  EXPECT_EQ(result::problem_of(reading), "");
  ASSERT_EQ(reading.steps.size(), 1U);
  EXPECT_EQ(reading.steps[0].what, "long_s");
}

TEST(LongS, IsSeenByHowOftenAnFStandsWhereNoLanguageHasIt) {
  const auto reading = engine::with_long_s(reading_of("il feroit mal aife de le perfuader efprit fouuent fans fon fecours auffi bien"), is_known);
  EXPECT_EQ(reading.text.find('f'), std::string::npos) << reading.text;
}

TEST(LongS, IsNotPutIntoTodaysTexts) {
  const std::string today = "fait fleurs of first offense Fafner Haflinger Offset";
  EXPECT_EQ(engine::with_long_s(reading_of(today), is_known).text, today) << "unknown words alone say nothing";
  const std::string one = "fait fleurs efprit";
  EXPECT_EQ(engine::with_long_s(reading_of(one), is_known).text, one) << "one misread word says nothing";
  const std::string knows = "e\u017Fprit efprit facer mifere";
  EXPECT_EQ(engine::with_long_s(reading_of(knows), is_known).text, knows) << "its model knows the letter";
}

TEST(FrakturGlyphs, AreReadAsWhatTheyAre) {
  const auto reading = engine::with_fraktur_glyphs(reading_of("i< ſ<honet ſ{ôn {wer niht ſih Noh ſhwer durh Landshut Jhr Johann sieht Vieh 3 < 4 { J"), is_known);

  EXPECT_EQ(reading.text, "ich ſchonet ſchôn ſchwer nicht ſich Noch ſchwer durch Landshut Ihr Johann sieht Vieh 3 < 4 { J");
  EXPECT_EQ(result::problem_of(reading), "");
  ASSERT_EQ(reading.steps.size(), 1U);
  EXPECT_TRUE(engine::with_fraktur_glyphs(reading_of("Nichts daran iſt falſch"), is_known).steps.empty());
}

TEST(FrakturGlyphs, OfWordsInTheDictionaryStay) {
  const auto has = [](const std::string& word) { return word == "shawl" || word == "Jbn"; };
  const auto reading = engine::with_fraktur_glyphs(reading_of("Shawl shawl Jbn ſhon"), has);
  EXPECT_EQ(reading.text, "Shawl shawl Jbn ſchon");
}

TEST(FrakturGlyphs, OfTheCommonestWordsAreMendedThoughADictionaryHasThemMisreadWhereThePageMisreadsOthers) {
  const auto has = [](const std::string& word) { return word == "ih" || word == "niht" || word == "euh" || word == "sih"; };
  EXPECT_EQ(engine::with_fraktur_glyphs(reading_of("ſ<on ih Niht Euh sih"), has).text, "ſchon ich Nicht Euch sih");
  EXPECT_EQ(engine::with_fraktur_glyphs(reading_of("durh ih"), has).text, "durch ich");
  const std::string middle_high_german = "ih niht Jrland wol";
  EXPECT_EQ(engine::with_fraktur_glyphs(reading_of(middle_high_german), has).text, "ih niht Irland wol") << "no ch was misread";
}

TEST(FrakturGlyphs, AreThoseOfPagesInFrakturAndGerman) {
  using Languages = std::vector<std::string>;
  for (const auto& languages : {Languages{"frk"}, {"Fraktur"}, {"script/Fraktur"}, {"deu_latf"}, {"deu_frak"}, {"frk", "lat"}, {"frk", "deu"}})
    EXPECT_TRUE(engine::is_fraktur(languages)) << languages.back();
  for (const auto& languages : {Languages{}, {"dan_frak"}, {"slk_frak"}, {"frk", "dan_frak"}, {"eng", "frk"}, {"lat", "frk"}, {"frk", "eng"}, {"deu"}})
    EXPECT_FALSE(engine::is_fraktur(languages)) << testing::PrintToString(languages);
}

// ---- tables

/// Cells of a table as lines, column by column; each of `text` with its row's number.
result::Reading table(int columns, int rows, const std::string& text) {
  result::Reading reading;
  for (int column = 0; column < columns; ++column) {
    for (int row = 0; row < rows; ++row) {
      result::Part line;
      line.box = {100.0F * static_cast<float>(column), 30.0F * static_cast<float>(row), 100.0F * static_cast<float>(column) + 60,
                  30.0F * static_cast<float>(row) + 20};
      line.text_begin = static_cast<std::uint32_t>(reading.text.size());
      reading.text += text;
      line.text_end = static_cast<std::uint32_t>(reading.text.size());
      reading.text += '\n';
      reading.lines.push_back(line);
    }
  }
  return reading;
}

TEST(Tables, AreSeenByTheirCells) {
  EXPECT_NE(engine::table_evidence(table(4, 10, "1815")), "");
  EXPECT_EQ(engine::table_evidence(table(4, 10, "Abel")), "") << "a list of names in columns";
  EXPECT_EQ(engine::table_evidence(table(2, 20, "1815")), "") << "an index in two columns";
  EXPECT_EQ(engine::table_evidence(table(3, 20, "1815 war ein Jahr wie jedes andere")), "") << "columns of prose";
  EXPECT_EQ(engine::table_evidence(table(3, 2, "1815")), "") << "too little";
}

page::Image image_of(Pix* pix);

TEST(Tables, AreReadAcrossWhereTheyAreToBe) {
  const engine::PixPointer page{pixCreate(1500, 1000, 8)};
  pixSetAllArbitrary(page.get(), 255);
  L_Bmf* font = bmfCreate(nullptr, 10);
  for (int column = 0; column < 4; ++column) {
    for (int row = 0; row < 8; ++row) {
      l_int32 width = 0, overflow = 0;
      pixSetTextline(page.get(), font, std::to_string(1000 * (column + 1) + 100 * row + 23).c_str(), 20, 100 + 350 * column, 100 + 100 * row, &width, &overflow);
    }
  }
  bmfDestroy(&font);
  engine::TesseractEngine tesseract{{"eng"}};
  auto options = test::english();
  const auto read = [&] {
    tesseract.submit(1, tesseract.prepare(image_of(page.get()), options));
    return std::get<result::Reading>(tesseract.step(std::chrono::seconds{1}).at(0).result);
  };
  const auto columns = read();
  EXPECT_TRUE(engine::is_table_in_columns(columns)) << columns.text;
  const auto is_reading = [](const Step& step) { return step.what == "reading"; };
  EXPECT_TRUE(std::ranges::none_of(columns.steps, is_reading)) << "it is read once";
  options.reading = 1;
  options.by_rows = true;
  const auto rows = read();
  EXPECT_NE(rows.text.find("1023 2023 3023 4023"), std::string::npos) << rows.text;
  EXPECT_FALSE(engine::is_table_in_columns(rows));
  EXPECT_EQ(&engine::better_reading(columns, rows), &rows);
  ASSERT_EQ(std::ranges::count_if(rows.steps, is_reading), 1);
  EXPECT_EQ(rows.steps.back().detail.find("otsu, psm 4, row by row, confidence "), 0U) << rows.steps.back().detail;
}

// ---- blank pages

void expect_blank(const char* what, void (*change)(Sheet&), bool blank) {
  Sheet sheet;
  change(sheet);
  const auto seen = blankness_of(made(sheet).get());
  EXPECT_EQ(seen.blank, blank) << what << ": " << seen.evidence;
  EXPECT_FALSE(seen.evidence.empty());
}

TEST(BlankPages, ArePaperWithDustShadowsEdgesAndWhatShinesThrough) {
  expect_blank("paper", [](Sheet&) {}, true);
  expect_blank("grainy paper", [](Sheet& sheet) { sheet.grain = 9; }, true);
  expect_blank("shading", [](Sheet& sheet) { sheet.shading = 80; }, true);
  expect_blank("dust", [](Sheet& sheet) { sheet.dust = 60; }, true);
  expect_blank("show-through", [](Sheet& sheet) { sheet.show_through = 60; }, true);
  expect_blank("strong show-through", [](Sheet& sheet) { sheet.show_through = 110; }, true);
  expect_blank("borders and a fold", [](Sheet& sheet) { sheet.border_px = 60, sheet.fold = true; }, true);
}

TEST(BlankPages, AreNotThoseWithAPageNumberALineAStampOrAPicture) {
  expect_blank("page number", [](Sheet& sheet) { sheet.text = "17"; }, false);
  expect_blank("one digit", [](Sheet& sheet) { sheet.text = "7"; }, false);
  expect_blank("faint page number", [](Sheet& sheet) { sheet.text = "128", sheet.ink = 165; }, false);
  expect_blank("number on what shines through", [](Sheet& sheet) { sheet.text = "9", sheet.show_through = 60, sheet.dust = 40; }, false);
  expect_blank("a line", [](Sheet& sheet) { sheet.text = "Finis operis"; }, false);
  expect_blank("stamp", [](Sheet& sheet) { sheet.stamp = true; }, false);
  expect_blank("picture", [](Sheet& sheet) { sheet.picture = true; }, false);
}

engine::PixPointer made_by_program() {
  engine::PixPointer page{pixCreate(1240, 1754, 8)};
  pixSetAllArbitrary(page.get(), 255);
  return page;
}

page::Image image_of(Pix* pix) {
  auto made = page::make_image(pixGetWidth(pix), pixGetHeight(pix), page::PixelFormat::gray8, 300);
  for (int y = 0; y < made.image.height_px; ++y) {
    for (int x = 0; x < made.image.width_px; ++x) {
      l_uint32 gray = 0;
      pixGetPixel(pix, x, y, &gray);
      made.pixels[static_cast<std::size_t>(y) * made.image.stride_bytes + static_cast<std::size_t>(x)] = static_cast<std::byte>(gray);
    }
  }
  return made.image;
}

TEST(BlankPages, AreSaidToBeByTheEngineAndWhy) {
  Sheet sheet;
  sheet.dust = 20;
  engine::TesseractEngine engine{{"eng"}};
  const auto done = test::read_all(engine, {image_of(made(sheet).get())});

  const auto* blank = std::get_if<engine::Blank>(&done.at(1).result);
  ASSERT_NE(blank, nullptr);
  ASSERT_EQ(blank->reading.steps.size(), 1U);
  EXPECT_EQ(blank->reading.steps[0].what, "blank");
}

/// What a page with this text in this gray becomes.
engine::Completion read_sheet(const Sheet& sheet, bool find_blank) {
  engine::TesseractEngine engine{{"eng"}};
  auto options = test::english();
  options.find_blank = find_blank;
  engine.submit(1, engine.prepare(image_of(made(sheet).get()), options));
  return engine.step(std::chrono::seconds{1}).at(0);
}

TEST(BlankPages, AreReadFirstWhereTheJobSaysSoAndAreBlankIfThatFindsNoWord) {
  Sheet faint;
  faint.grain = 0;
  faint.text = "Finis operis";
  faint.ink = faint.paper - 20;
  EXPECT_TRUE(std::holds_alternative<engine::Blank>(read_sheet(faint, true).result));
  EXPECT_NE(test::text_of(read_sheet(faint, false)).find("Finis"), std::string::npos);
  const auto paper = read_sheet({}, false);
  ASSERT_TRUE(std::holds_alternative<engine::Blank>(paper.result));
  EXPECT_EQ(std::get<engine::Blank>(paper.result).reading.steps.at(0).what, "blank");
}

#ifdef PECIA_SANITIZED  // which make minutes of these seconds
constexpr int longest_narrow_px = 8000;
#else
constexpr int longest_narrow_px = 30'000;
#endif

TEST(NarrowPages, HaveAResult) {
  engine::TesseractEngine engine{{"eng"}};
  for (const auto& [width, height] : std::initializer_list<std::pair<int, int>>{
           {1, 1}, {1, 2000}, {2000, 1}, {3, 8000}, {7, 7}, {8, 8}, {9, 300}, {10, 20'000}, {20'000, 12}, {30, 30'000}}) {
    if (std::max(width, height) > longest_narrow_px) continue;
    for (const auto format : {page::PixelFormat::gray1, page::PixelFormat::gray8, page::PixelFormat::rgb8}) {
      auto made = page::make_image(width, height, format, 300);
      unsigned random = 1;
      for (auto& byte : made.pixels) byte = static_cast<std::byte>((random = random * 1664525U + 1013904223U) >> 24U);
      for (const bool find_blank : {true, false}) {
        engine::ReadOptions options = test::english();
        options.find_blank = find_blank;
        options.split = true;
        options.reading = find_blank ? 0 : 1;
        engine.submit(1, engine.prepare(made.image, options));
        const auto done = engine.step(std::chrono::seconds{1});
        const auto* failure = std::get_if<engine::PageFailure>(&done.at(0).result);
        EXPECT_EQ(failure, nullptr) << width << " x " << height << ": " << (failure ? failure->detail : "");
        EXPECT_TRUE(std::min(width, height) >= 8 || std::holds_alternative<engine::Blank>(done.at(0).result)) << width;
      }
    }
  }
}

// ---- old letters, by the engine

/// A line of text that Tesseract reads in these languages.
result::Reading read_line(const std::string& text, const std::vector<std::string>& languages, bool mend = true) {
  Sheet sheet;
  sheet.text = text;
  engine::TesseractEngine engine{languages};
  engine::ReadOptions options;
  options.languages = languages;
  options.mend_old_letters = mend;
  engine.submit(1, engine.prepare(image_of(made(sheet).get()), options));
  auto done = engine.step(std::chrono::seconds{1});
  return std::get<result::Reading>(std::move(done.at(0).result));
}

TEST(OldLetters, OfFrakturAreNotPutIntoEnglishThatIsReadWithItsModelBesides) {
  if (!engine::TesseractEngine{{"eng", "frk"}}.missing_languages().empty()) GTEST_SKIP() << "eng and frk are not installed";
  const auto text = read_line("she said that she should shut the ship", {"eng", "frk"}).text;
  EXPECT_EQ(text.find("sch"), std::string::npos) << text;
  EXPECT_NE(text.find("should"), std::string::npos) << text;
}

TEST(OldLetters, AreThoseOfTheDictionaryOfAnyOfThePagesLanguages) {
  if (!engine::TesseractEngine{{"eng", "fra"}}.missing_languages().empty()) GTEST_SKIP() << "eng and fra are not installed";
  const auto text = read_line("laiffer choifir maifon deux fois", {"eng", "fra"}).text;
  EXPECT_NE(text.find("choi\u017Fir"), std::string::npos) << text;
  EXPECT_NE(text.find(" fois"), std::string::npos) << text << " (a word of the second language)";
}

// ---- languages of words

/// "eng Keeping fra choisir", word by word.
std::string by_languages(const result::Reading& reading, const std::vector<std::string>& languages) {
  std::string told;
  for (const auto& word : reading.words)
    told += (word.language == 0 ? "-" : languages.at(word.language - 1)) + " " +
            reading.text.substr(word.text_begin, word.text_end - word.text_begin) + " ";
  return told;
}

TEST(Words, HaveTheLanguageOfTheModelThatReadThem) {
  const std::vector<std::string> languages{"eng", "fra"};
  if (!engine::TesseractEngine{languages}.missing_languages().empty()) GTEST_SKIP() << "eng and fra are not installed";
  const auto told = by_languages(read_line("through weather c'est l'heure", languages), languages);
  EXPECT_NE(told.find("eng weather"), std::string::npos) << told;
  EXPECT_NE(told.find("fra c"), std::string::npos) << told << " (of an apostrophe the English model is unsure)";
  EXPECT_EQ(by_languages(read_line("the weather", {"eng"}), {"eng"}), "- the - weather ");
}

TEST(Words, AreOfTheLanguageForWhichTheirModelStands) {
  const std::vector<std::string> languages{"eng", "jpn", "Latin", "script/Arabic"};
  EXPECT_EQ(engine::place_of_model("eng", languages), 1U);
  EXPECT_EQ(engine::place_of_model("jpn_vert", languages), 2U);
  EXPECT_EQ(engine::place_of_model("script/Latin", languages), 3U);
  EXPECT_EQ(engine::place_of_model("script/Arabic", languages), 4U);
  EXPECT_EQ(engine::place_of_model("fra", languages), 0U);
}

TEST(OldLetters, StayAsTesseractHasThemWhereTheJobSaysSo) {
  const std::string printed = "the firft and laft of thefe caufes";
  const auto mended = read_line(printed, {"eng"}), plain = read_line(printed, {"eng"}, false);
  EXPECT_NE(mended.text.find("cau\u017Fes"), std::string::npos) << mended.text;
  EXPECT_NE(plain.text.find("caufes"), std::string::npos) << plain.text;
  const auto is_long_s = [](const Step& step) { return step.what == "long_s"; };
  EXPECT_TRUE(std::ranges::any_of(mended.steps, is_long_s));
  EXPECT_TRUE(std::ranges::none_of(plain.steps, is_long_s));
}

// ---- how a page is read

TEST(Ways, FollowWhatThePageLooksLike) {
  engine::PageLook look;
  look.letter_px = 18;
  EXPECT_EQ(way_for(look, 0), (engine::Way{engine::Binarisation::otsu, 3, 1, false}));
  look.paper_variation = 35;
  look.paper = 205;
  EXPECT_EQ(way_for(look, 0).binarisation, engine::Binarisation::whitened);
  look.letter_px = 36;
  EXPECT_NEAR(way_for(look, 0).scale, 0.5, 0.01) << "letters of twice the size that is needed";
  look.dark_areas = true;
  EXPECT_TRUE(way_for(look, 0).inverted);
  look.bilevel = true;
  EXPECT_EQ(way_for(look, 0).binarisation, engine::Binarisation::bilevel);
}

TEST(Ways, OfAnotherReadingDifferFromTheFirstAndFromOneAnother) {
  engine::PageLook look;
  look.letter_px = 10;
  std::vector<engine::Way> ways;
  for (int reading = 0; reading <= 4; ++reading) {
    ways.push_back(way_for(look, reading));
    EXPECT_EQ(std::ranges::count(ways, ways.back()), 1) << reading;
  }
  EXPECT_GT(ways[1].scale, 1.5) << "small letters are enlarged first";
  EXPECT_EQ(ways[2].binarisation, engine::Binarisation::sauvola);
  EXPECT_EQ(way_for(look, 9), ways[4]);
}

TEST(Ways, EnlargeNoPageBeyondWhatTakesLittleMemory) {
  const auto scale_of = [](int width_px, int height_px) {
    engine::PageLook look;
    look.letter_px = 9;
    look.width_px = width_px;
    look.height_px = height_px;
    return way_for(look, 1).scale;
  };
  EXPECT_EQ(scale_of(1000, 1500), 2);
  const double bounded = scale_of(3000, 4000);
  EXPECT_GT(bounded, 1.2);
  EXPECT_LE(bounded * 3000 * bounded * 4000, 20e6 + 1);
  EXPECT_EQ(scale_of(5000, 5000), 1) << "it is read in another way instead";
  EXPECT_EQ(scale_of(7000, 7000), 1);
  EXPECT_LE(scale_of(20000, 200) * 20000, 32767);
  EXPECT_GT(scale_of(20000, 200), 1.5);
}

TEST(Ways, ShadedPaperIsSeenAndMadeWhite) {
  Sheet sheet;
  sheet.shading = 60;
  sheet.show_through = 40;
  sheet.text = "Finis operis";
  const auto page = made(sheet);
  const auto look = engine::look_at(page.get());
  EXPECT_GT(look.paper_variation, 30);
  Sheet even;
  EXPECT_LT(engine::look_at(made(even).get()).paper_variation, 8);
  EXPECT_GT(engine::look_at(made(even).get()).grain, 0.9);
  EXPECT_EQ(engine::look_at(made_by_program().get()).grain, 0);

  const auto white = engine::whitened(page.get());
  const auto gray_at = [&](int x, int y) {
    l_uint32 gray = 0;
    pixGetPixel(white.get(), x, y, &gray);
    return gray;
  };
  for (const int x : {50, 600, 1200}) EXPECT_GT(gray_at(x, 100), 245U) << x;
}

TEST(Ways, LettersAreMeasuredOverTheWholePage) {
  const engine::PixPointer page{pixCreate(1000, 1400, 8)};
  pixSetAllArbitrary(page.get(), 255);
  const auto write = [&](int top, int bottom, int height) {
    for (int y = top; y + height < bottom; y += 2 * height) {
      for (int x = 50; x + height < 950; x += height + 4) {
        pixRasterop(page.get(), x, y, height / 3, height, PIX_CLR, nullptr, 0, 0);
        pixRasterop(page.get(), x, y + height - height / 3, height - 2, height / 3, PIX_CLR, nullptr, 0, 0);
      }
    }
  };
  write(50, 350, 9);
  const double small = engine::look_at(page.get()).letter_px;
  EXPECT_NEAR(small, 9, 1);
  write(360, 1350, 18);
  EXPECT_NEAR(engine::look_at(page.get()).letter_px, 18, 1) << "notes in small print stand at the head of the page";
}

TEST(Ways, BoxesOfAPageReadSmallerAreOnThePage) {
  auto small = test::read_netpbm(std::string{PECIA_TEST_DATA} + "/engine/phototest.pbm", 300);
  const auto pix = engine::to_pix(small);
  const engine::PixPointer gray{pixConvert1To8(nullptr, pix.get(), 255, 0)};
  const engine::PixPointer twice{pixScale(gray.get(), 2, 2)};
  engine::TesseractEngine engine{{"eng"}};
  auto done = test::read_all(engine, {small, image_of(twice.get())});

  const auto& first = std::get<result::Reading>(done.at(1).result);
  const auto& second = std::get<result::Reading>(done.at(2).result);
  EXPECT_TRUE(std::ranges::any_of(second.steps, [](const Step& step) { return step.what == "scale"; }));
  ASSERT_GE(second.words.size(), 8U);
  for (std::size_t n = 0; n < 8; ++n) {
    EXPECT_EQ(word(second, n), word(first, n));
    EXPECT_NEAR(second.words[n].box.x0, 2 * first.words[n].box.x0, 6);
    EXPECT_NEAR(second.words[n].box.y1, 2 * first.words[n].box.y1, 6);
  }
}

}  // namespace reading_test
}  // namespace pecia
