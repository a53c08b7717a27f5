#include "pecia/result/align.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <ctime>
#include <random>

#include "result/made_readings.hpp"

namespace pecia::result::test {
namespace align_test {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string text_of(const Reading& reading, const Part& part) {
  return reading.text.substr(part.text_begin, part.text_end - part.text_begin);
}

std::vector<std::string> texts_of(const Reading& reading, const std::vector<Part>& parts) {
  std::vector<std::string> texts;
  for (const auto& part : parts) texts.push_back(text_of(reading, part));
  return texts;
}

/// "word@x,y" in characters and lines.
std::vector<std::string> placed(const Reading& reading, const std::vector<Part>& parts) {
  std::vector<std::string> texts;
  for (const auto& part : parts)
    texts.push_back(text_of(reading, part) + "@" + std::to_string(static_cast<int>(part.box.x0 / character_px)) + "-" +
                    std::to_string(static_cast<int>(part.box.x1 / character_px)) + "," +
                    std::to_string(static_cast<int>(part.box.y0 / line_px)));
  return texts;
}

TEST(AlignWords, GivesTheSameWordsTheirBoxesAndTheTextItsLines) {
  const auto boxes = BoxedPage{}.lines({"The quick brown", "fox jumps over it"}).reading();
  const auto text = ModelPage{"The quick brown fox jumps over it"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words), ElementsAre("The@0-3,0", "quick@4-9,0", "brown@10-15,0", "fox@0-3,1", "jumps@4-9,1",
                                                       "over@10-14,1", "it@15-17,1"));
  EXPECT_THAT(placed(text, aligned.lines), ElementsAre("The quick brown@0-15,0", "fox jumps over it@0-17,1"));
  EXPECT_EQ(aligned.letters, 27u);
  EXPECT_EQ(aligned.placed_letters, 27u);
  EXPECT_EQ(aligned.all_words, 7u);
  EXPECT_EQ(aligned.placed_words, 7u);
  EXPECT_DOUBLE_EQ(aligned.similarity, 1);
  EXPECT_DOUBLE_EQ(aligned.placed_share(), 1);
  EXPECT_FLOAT_EQ(aligned.words[0].confidence, 0.75F) << "of the text";
}

TEST(AlignWords, FindsWordsThatTheOtherEngineMisread) {
  const auto boxes = BoxedPage{}.lines({"1he quiek brovvn fox", "jurnps ouer tke 1azy d0g"}).reading();
  const auto text = ModelPage{"The quick brown fox jumps over the lazy dog"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words), ElementsAre("The@0-3,0", "quick@4-9,0", "brown@10-16,0", "fox@17-20,0", "jumps@0-6,1",
                                                       "over@7-11,1", "the@12-15,1", "lazy@16-20,1", "dog@21-24,1"));
  EXPECT_LT(aligned.similarity, 0.85);
  EXPECT_GT(aligned.similarity, 0.6);
}

TEST(AlignWords, TakesWhatIsNotAlikeAtAllBetweenTwoThatAre) {
  const auto boxes = BoxedPage{}.line("somewhere over xyzqk rainbow", 0, 0).reading();
  const auto text = ModelPage{"somewhere over clear rainbow"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words), ElementsAre("somewhere@0-9,0", "over@10-14,0", "clear@15-20,0", "rainbow@21-28,0"));
}

TEST(AlignWords, GivesAWordOfManyBoxesTheirUnionAndWordsOfOneBoxThatTogether) {
  const auto boxes = BoxedPage{}.lines({"every thing is herenow", "and nothing else"}).reading();
  const auto text = ModelPage{"everything is here now and nothing else"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words), ElementsAre("everything@0-11,0", "is@12-14,0", "here now@15-22,0", "and@0-3,1", "nothing@4-11,1", "else@12-16,1"));
  EXPECT_THAT(placed(text, aligned.lines), ElementsAre("everything is here now@0-22,0", "and nothing else@0-16,1"));
  EXPECT_EQ(aligned.all_words, 7u);
  EXPECT_EQ(aligned.placed_words, 7u);
}

TEST(AlignWords, PutsAWordThatIsHyphenatedInTheBoxesWhereItBegins) {
  const auto boxes = BoxedPage{}.lines({"it is a wonder-", "ful day today"}).reading();
  const auto text = ModelPage{"it is a wonderful day today"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words),
              ElementsAre("it@0-2,0", "is@3-5,0", "a@6-7,0", "wonderful@8-15,0", "day@4-7,1", "today@8-13,1"));
  EXPECT_THAT(texts_of(text, aligned.lines), ElementsAre("it is a wonderful", "day today"));
}

TEST(AlignWords, LeavesOutWhatTheOtherEngineDidNotSee) {
  const auto boxes = BoxedPage{}.lines({"the first line of the page", "noise ;. |", "a third line of it follows"}).reading();
  const auto text =
      ModelPage{"the first line of the page\nhandwriting that nobody else could decipher here\na third line of it follows"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(texts_of(text, aligned.lines), ElementsAre("the first line of the page", "a third line of it follows"));
  EXPECT_THAT(aligned.words, SizeIs(12));
  EXPECT_LT(aligned.placed_share(), 0.6);
}

TEST(AlignWords, FindsNothingOnAnotherPage) {
  const auto boxes = BoxedPage{}.lines({"Lorem ipsum dolor sit amet", "consectetur adipiscing elit"}).reading();
  const auto text = ModelPage{"It was the best of times, it was the worst of times"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(aligned.words, IsEmpty());
  EXPECT_THAT(aligned.lines, IsEmpty());
  EXPECT_EQ(aligned.placed_share(), 0);
}

TEST(AlignWords, LooksForWordsWhereTheirBlockStands) {
  // Tesseract took the two columns for one.
  const auto boxes = BoxedPage{}.lines({"one two three one two four", "one two five one two six"}).reading();
  const auto text = ModelPage{}
                        .block("one two three one two five", {0, 0, 135, 60})
                        .block("one two four one two six", {140, 0, 270, 60})
                        .reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words),
              ElementsAre("one@0-3,0", "two@4-7,0", "three@8-13,0", "one@0-3,1", "two@4-7,1", "five@8-12,1", "one@14-17,0", "two@18-21,0",
                          "four@22-26,0", "one@13-16,1", "two@17-20,1", "six@21-24,1"));
  EXPECT_THAT(texts_of(text, aligned.lines), ElementsAre("one two three", "one two five", "one two four", "one two six"));
  EXPECT_FLOAT_EQ(aligned.words[0].confidence, 0.5F) << "of the block";
}

TEST(AlignWords, FindsColumnsInAnotherOrderWithoutBlocks) {
  const std::vector<std::string> left{"apples and pears grow", "in the orchard behind", "the old stone house"};
  const std::vector<std::string> right{"fishes swim slowly through", "the river under bridges", "made of grey granite"};
  const auto boxes = BoxedPage{}.lines(right, 40).lines(left, 0).reading();
  const auto text = ModelPage{left[0] + " " + left[1] + " " + left[2] + "\n\n" + right[0] + " " + right[1] + " " + right[2]}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_EQ(aligned.placed_words, aligned.all_words);
  EXPECT_THAT(texts_of(text, aligned.lines), ElementsAre(left[0], left[1], left[2], right[0], right[1], right[2]));
}

TEST(AlignWords, LooksOnTheWholePageForABlockThatIsNotWhereTheModelSays) {
  const auto boxes = BoxedPage{}.lines({"the block is not here", "but on the second line"}).reading();
  const auto text = ModelPage{}.block("but on the second line", {500, 500, 600, 600}).reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.lines), ElementsAre("but on the second line@0-22,1"));
}

TEST(AlignWords, DoesNotPlaceMarksAndFormulas) {
  const auto boxes = BoxedPage{}.lines({"A heading", "some bold words and x2 here", "first entry", "Smith & Sons"}).reading();
  const auto text =
      ModelPage{"# A heading\n\nsome **bold** words and \\(x^2\\) here\n\n- first entry\n\nSmith &amp; Sons"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(texts_of(text, aligned.words),
              ElementsAre("A", "heading", "some", "bold", "words", "and", "here", "first", "entry", "Smith", "&amp;", "Sons"));
  EXPECT_THAT(texts_of(text, aligned.lines),
              ElementsAre("# A heading", "some **bold** words and \\(x^2\\) here", "- first entry", "Smith &amp; Sons"));
  EXPECT_EQ(aligned.all_words, 11u) << "the formula is not counted";
}

TEST(AlignWords, ReadsSignsOfMarkupAsTheyAreWhereNoModelWroteThem) {
  const auto boxes = BoxedPage{}.line("# if a <b> c costs $5 or $6", 0, 0).reading();
  auto text = ModelPage{"# if a <b> c costs $5 or $6"}.reading();
  text.finish_reason = FinishReason::none;

  EXPECT_THAT(texts_of(text, align_words(text, boxes).words), ElementsAre("#", "if", "a", "<b>", "c", "costs", "$5", "or", "$6"));
}

TEST(AlignWords, KeepsSumsOfMoney) {
  const auto boxes = BoxedPage{}.line("it costs $5 or perhaps $6 today", 0, 0).reading();
  const auto text = ModelPage{"it costs $5 or perhaps $6 today"}.reading();

  EXPECT_THAT(texts_of(text, align_words(text, boxes).words), ElementsAre("it", "costs", "$5", "or", "perhaps", "$6", "today"));
}

TEST(AlignWords, GivesEachCellOfATableItsLines) {
  const auto boxes = BoxedPage{}.lines({"Name Born Died", "Anna 1822 1899", "Johann 1817 1901"}).reading();
  const auto text =
      ModelPage{}
          .block("<table><tr><td>Name</td><td>Born</td><td>Died</td></tr><tr><td>Anna</td><td>1822</td><td>1899</td></tr>"
                 "<tr><td>Johann</td><td>1817</td><td>1901</td></tr></table>",
                 {0, 0, 200, 90}, BlockKind::table)
          .reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words), ElementsAre("Name@0-4,0", "Born@5-9,0", "Died@10-14,0", "Anna@0-4,1", "1822@5-9,1",
                                                       "1899@10-14,1", "Johann@0-6,2", "1817@7-11,2", "1901@12-16,2"));
  EXPECT_THAT(placed(text, aligned.lines),
              ElementsAre("<table><tr><td>Name</td><td>@0-4,0", "Born</td><td>@5-9,0", "Died</td></tr><tr><td>@10-14,0",
                          "Anna</td><td>@0-4,1", "1822</td><td>@5-9,1", "1899</td></tr><tr><td>@10-14,1", "Johann</td><td>@0-6,2", "1817</td><td>@7-11,2",
                          "1901</td></tr></table>@12-16,2"));
}

TEST(AlignWords, ReadsFromTheRightWhereTheTextDoes) {
  // Hebrew: the first word of the text is the rightmost.
  const std::vector<std::string> words{"שלום", "עולם", "יפה"};
  Reading boxes;
  float right = 300;
  for (const auto& word : words) {
    const auto width = static_cast<float>(BoxedPage::characters(word)) * character_px;
    Part part;
    part.box = {right - width, 0, right, ink_px};
    part.text_begin = static_cast<std::uint32_t>(boxes.text.size());
    boxes.text += word;
    part.text_end = static_cast<std::uint32_t>(boxes.text.size());
    boxes.words.push_back(part);
    boxes.text += ' ';
    right -= width + character_px;
  }
  const auto text = ModelPage{"שָׁלוֹם עולם יפה"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(texts_of(text, aligned.words), ElementsAre("שָׁלוֹם", "עולם", "יפה"));
  EXPECT_GT(aligned.words[0].box.x0, aligned.words[1].box.x1);
  EXPECT_DOUBLE_EQ(aligned.similarity, 1) << "vowel points are no letters";
}

TEST(AlignWords, TakesTheWordsOfTheBoxesWhereTheTextHasNoBlanks) {
  const auto boxes = BoxedPage{}.lines({"古池 や 蛙 飛び", "込む 水の 音"}).reading();
  const auto text = ModelPage{"古池や蛙飛び込む水の音"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_THAT(placed(text, aligned.words),
              ElementsAre("古池@0-2,0", "や@3-4,0", "蛙@5-6,0", "飛び@7-9,0", "込む@0-2,1", "水の@3-5,1", "音@6-7,1"));
  EXPECT_THAT(texts_of(text, aligned.lines), ElementsAre("古池や蛙飛び", "込む水の音"));
  EXPECT_EQ(aligned.all_words, 11u);
}

TEST(AlignWords, KnowsLettersByOtherFormsOfThem) {
  const auto boxes = BoxedPage{}.line("DAS FLUSS fliesst Strasse Oeuvre lesen", 0, 0).reading();
  const auto text = ModelPage{"das Fluſs ﬂieſst Straße œuvre léſén"}.reading();

  const auto aligned = align_words(text, boxes);

  EXPECT_DOUBLE_EQ(aligned.placed_share(), 1);
  EXPECT_DOUBLE_EQ(aligned.similarity, 1);
}

TEST(AlignWords, PlacesAPageNumberAlone) {
  const auto boxes = BoxedPage{}.line("7", 30, 0).reading();
  const auto text = ModelPage{"7"}.reading();

  EXPECT_THAT(placed(text, align_words(text, boxes).words), ElementsAre("7@30-31,0"));
}

TEST(AlignWords, DoesNotTakeAShortWordSomewhereElse) {
  const auto boxes =
      BoxedPage{}.lines({"completely other things are written on this line", "and the next has a word or two", "in it"}).reading();
  const auto text = ModelPage{"handschriftliche Notizen in vielen verschiedenen Sprachen or Dialekten"}.reading();

  EXPECT_THAT(align_words(text, boxes).words, IsEmpty());
}

TEST(AlignWords, HasNothingToSayOfEmptyPages) {
  const auto boxes = BoxedPage{}.line("word", 0, 0).reading();
  const auto text = ModelPage{"word"}.reading();

  EXPECT_THAT(align_words({}, boxes).words, IsEmpty());
  EXPECT_THAT(align_words(text, {}).words, IsEmpty());
  EXPECT_EQ(align_words(text, {}).letters, 4u);
  EXPECT_EQ(align_words({}, {}).placed_share(), 0);
}

TEST(AlignWords, NeedsLittleTimeForLargePagesOfTheSameWords) {
  // Nothing occurs once, and all letters of all words are the same.
#ifdef PECIA_SANITIZED
  constexpr int lines = 50;  // which take as long as a thousand do otherwise
#else
  constexpr int lines = 1000;
#endif
  std::string words;
  BoxedPage page;
  for (int line = 0; line < lines; ++line) {
    std::string of_line;
    for (int n = 0; n < 10; ++n) of_line += (line + n) % 3 == 0 ? "listen " : (line * n) % 2 == 0 ? "silent " : "enlist ";
    of_line.pop_back();
    page.line(of_line, 0, static_cast<float>(line));
    words += of_line + " ";
  }
  const auto text = ModelPage{words}.reading();

  const auto began = std::clock();  // of processor time: others run beside it
  const auto aligned = align_words(text, page.reading());
  const double took_s = static_cast<double>(std::clock() - began) / CLOCKS_PER_SEC;

  EXPECT_EQ(aligned.placed_words, 10u * lines);
  EXPECT_EQ(aligned.lines.size(), std::size_t{lines});
  EXPECT_LT(took_s, 30) << ".5 s is usual, 2 with sanitizers";
}

/// A page of random words in one or two columns, as it would be read without a mistake.
struct MadePage {
  std::vector<std::string> lines;  ///< of the left column, then of the right
  std::size_t left = 0;
};

class RandomPages : public testing::TestWithParam<unsigned> {
 protected:
  std::size_t below(std::size_t most) { return random_() % most; }
  bool chance(std::size_t of) { return below(of) == 0; }

  std::string letter() {
    static const std::vector<std::string> letters{"a", "b", "c", "é", "ß", "ſ", "ﬁ", "я", "ω", "א", "م",
                                                  "漢", "字", "か", "-", ".", "1", "7", "*", "<", "$", "&"};
    return letters[chance(3) ? below(letters.size()) : below(3)];
  }
  std::string word() {
    std::string made;
    for (std::size_t n = 0; n <= below(9); ++n) made += letter();
    return made;
  }
  MadePage page() {
    MadePage made;
    std::vector<std::string> known(1 + below(60));
    for (auto& one : known) one = word();
    made.lines.resize(below(30));
    made.left = chance(2) ? made.lines.size() : below(made.lines.size() + 1);
    for (auto& line : made.lines) {
      for (std::size_t n = 0; n <= below(10); ++n) line += (line.empty() ? "" : " ") + known[below(known.size())];
    }
    return made;
  }

  /// With mistakes: letters, words and lines that are others, or missing.
  Reading boxes_of(const MadePage& page) {
    BoxedPage made;
    for (std::size_t n = 0; n < page.lines.size(); ++n) {
      if (chance(12)) continue;
      std::string line;
      for (const char c : page.lines[n]) {
        if (c == ' ' && chance(15)) continue;
        if (static_cast<unsigned char>(c) < 0x80 && c != ' ' && chance(12)) {
          if (chance(2)) line += chance(4) ? ' ' : 'x';
          continue;
        }
        line += c;
      }
      while (line.ends_with(' ')) line.pop_back();
      const bool right = n >= page.left;
      if (!line.empty() && line.front() != ' ') made.line(line, right ? 200 : 0, static_cast<float>(right ? n - page.left : n));
    }
    return made.reading();
  }

  Reading text_of(const MadePage& page) {
    ModelPage made{chance(3) ? "words before any block" : ""};
    for (std::size_t n = 0; n < page.lines.size();) {
      std::string text = chance(8) ? "## " : chance(8) ? "<table><tr><td>" : "";
      const auto first = n;
      for (std::size_t more = 1 + below(6); more > 0 && n < page.lines.size(); --more, ++n)
        text += page.lines[n] + (chance(6) ? "\n" : chance(9) ? "</td><td>" : " ");
      const auto place = [&](std::size_t line) { return static_cast<float>(line >= page.left ? line - page.left : line) * line_px; };
      const float left = first >= page.left ? 2000 : 0;
      const Box box{left, place(first), left + 1000, std::max(place(first), place(n - 1)) + line_px};
      made.block(text, chance(4) ? Box{} : box, chance(8) ? BlockKind::table : BlockKind::text);
    }
    return made.reading();
  }

  std::mt19937 random_{GetParam()};  // NOLINT: the same pages each time
};

/// Whatever is found: words and lines are such that a run can keep them, in order and apart, and boxes are those of the other reading.
void expect_sound(const Reading& text, const Reading& boxes, const AlignedWords& aligned) {
  auto placed = text;
  placed.words = aligned.words;
  placed.lines = aligned.lines;
  ASSERT_EQ(problem_of(placed), "");
  ASSERT_LE(aligned.placed_letters, aligned.letters);
  ASSERT_LE(aligned.placed_words, aligned.all_words);
  ASSERT_GE(aligned.similarity, 0);
  ASSERT_LE(aligned.similarity, 1);
  std::uint32_t cursor = 0;
  for (const auto& word : aligned.words) {
    ASSERT_LT(word.text_begin, word.text_end);
    ASSERT_GE(word.text_begin, cursor) << "words lie apart";
    cursor = word.text_end;
    const auto has_corner = [&](float Box::*x, float Box::*y) {
      return std::ranges::any_of(boxes.words, [&](const Part& box) { return box.box.*x == word.box.*x && box.box.*y == word.box.*y; });
    };
    ASSERT_TRUE(has_corner(&Box::x0, &Box::y0) && has_corner(&Box::x1, &Box::y1)) << "the box is made of others";
    const auto within = [&](const Part& line) { return line.text_begin <= word.text_begin && word.text_end <= line.text_end; };
    ASSERT_EQ(std::ranges::count_if(aligned.lines, within), 1) << "every word lies in one line";
  }
  cursor = 0;
  for (const auto& line : aligned.lines) {
    ASSERT_LT(line.text_begin, line.text_end);
    ASSERT_GE(line.text_begin, cursor) << "lines lie apart";
    cursor = line.text_end;
    ASSERT_EQ(line.box.y1 - line.box.y0, ink_px) << "a line of the text stands on one line of the page";
    ASSERT_EQ(text_of(text, line).find('\n'), std::string::npos);
  }
}

TEST_P(RandomPages, HaveWordsInOrderAndBoxesOfTheOtherReading) {
  std::uint64_t letters = 0, found = 0;
  for (int n = 0; n < 100; ++n) {
    const auto made = page();
    const auto text = text_of(made), boxes = boxes_of(made);
    const auto aligned = align_words(text, boxes);
    ASSERT_NO_FATAL_FAILURE(expect_sound(text, boxes, aligned)) << "page " << n << ": " << text.text;
    letters += aligned.letters;
    found += aligned.placed_letters;
    const auto other = boxes_of(page());
    ASSERT_NO_FATAL_FAILURE(expect_sound(text, other, align_words(text, other))) << "page " << n << ", boxes of another one";
  }
  EXPECT_GT(static_cast<double>(found), 0.7 * static_cast<double>(letters)) << "one line in twelve is missing, one letter in twelve wrong";
}

INSTANTIATE_TEST_SUITE_P(AlignWords, RandomPages, testing::Range(0U, 10U));

}  // namespace align_test
}  // namespace pecia::result::test
