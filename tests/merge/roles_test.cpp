#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merge/drawn.hpp"

namespace roles_test {

using namespace pecia;
using merge::ChangeKind;
using merge::Kind;
using merge::Role;
using test::Drawn;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

const std::string body =
    "P    The river rises in a wet field behind\n"
    ".  the old chapel, and for the first half\n"
    ".  mile nobody would ever think of calling\n"
    ".  it a river at all.\n";

TEST(Headings, AreTallerOrNumberedOrInCapitals) {
  const Drawn drawn{"page\nT          {1.6}The Source\n\n" + body + "\nT  {1.3}2.1 The mills\n\n" + body +
                    "\nT              CHAPTER III.\n\n" + body};

  EXPECT_THAT(drawn.texts(Role::heading), ElementsAre("The Source", "2.1 The mills", "CHAPTER III."));
  ASSERT_THAT(drawn.book().contents, SizeIs(3));
  EXPECT_EQ(drawn.book().contents[1].title, "2.1 The mills");
  EXPECT_EQ(drawn.book().contents[1].level, 2);
  EXPECT_EQ(drawn.book().contents[2].level, 1);
  EXPECT_THAT(drawn.book().pages[0].blocks[0].evidence, HasSubstr("letters 1.6 times as tall"));
}

TEST(Headings, OfASectionAndItsFirstPartMayStandInOneBlock) {
  const Drawn drawn{"page\n" + body + body + "\nT  {1.4}4.9 Packages\nt  {1.4}4.9.1 On the web\n\n" + body};

  EXPECT_THAT(drawn.texts(Role::heading), ElementsAre("4.9 Packages", "4.9.1 On the web"));
}

TEST(Headings, AreOneEntryWithTheirNumber) {
  const Drawn drawn{"page\nT             {1.5}Chapter 4\n\n\nT             {1.7}The mills\n\n" + body +
                    "\nT             {1.5}Another\n\nT             {1.5}Title\n\n" + body};

  ASSERT_THAT(drawn.book().contents, SizeIs(3));
  EXPECT_EQ(drawn.book().contents[0].title, "Chapter 4 The mills");
  EXPECT_EQ(drawn.book().contents[1].title, "Another");
}

TEST(Headings, AreNotShortParagraphs) {
  const Drawn drawn{"page\n" + body + "P    He went home.\n" + body + "P    And so to bed,\n" + body};

  EXPECT_THAT(drawn.texts(Role::heading), IsEmpty());
  EXPECT_THAT(drawn.book().contents, IsEmpty());
}

TEST(Headings, AreNotMadeOfADropCap) {
  const Drawn drawn{
      "page\nP  {2.2}The winter lay upon\n.      the old hill, and for the first half\n.      mile nobody would ever think of it.\n.  The "
      "road was white.\n" +
      body};

  EXPECT_THAT(drawn.texts(Role::heading), IsEmpty());
}

/// A page whose words have boxes: of each line its left end, baseline and words with their heights.
struct WordLine {
  float x = 0, base = 0;
  std::vector<std::pair<std::string, float>> words;
};
merge::Document page_of_words(const std::vector<std::vector<WordLine>>& blocks, const std::string& before) {
  Drawn drawn{before};
  auto document = drawn.document();
  auto& reading = document.pages[0].outcome.reading;
  for (const auto& lines : blocks) {
    result::Block block{{{1e9F, 1e9F, 0, 0}, 0, 0, .9F}};
    const auto extend = [](result::Box& box, const result::Box& by) {
      box = {std::min(box.x0, by.x0), std::min(box.y0, by.y0), std::max(box.x1, by.x1), std::max(box.y1, by.y1)};
    };
    const auto size = [&] { return static_cast<std::uint32_t>(reading.text.size()); };
    reading.text += "\n\n";
    block.text_begin = size();
    for (const auto& line : lines) {
      if (size() > block.text_begin) reading.text += '\n';
      result::Part part{{1e9F, 1e9F, 0, 0}, size(), 0, .9F};
      auto x = line.x;
      for (const auto& [word, height] : line.words) {
        if (size() > part.text_begin) reading.text += ' ';
        const auto begin = size();
        reading.text += word;
        const auto width = 20 * static_cast<float>(word.size());
        reading.words.push_back({{x, line.base - height, x + width, line.base}, begin, size(), .9F});
        extend(part.box, reading.words.back().box);
        x += width + 20;
      }
      part.text_end = size();
      reading.lines.push_back(part);
      extend(block.box, part.box);
    }
    block.text_end = size();
    reading.blocks.push_back(block);
  }
  return document;
}

TEST(Headings, AreNotMadeOfADropCapInABlockOfItsOwn) {
  const std::string above = "page\n" + body + body;
  const auto initial = page_of_words({{{200, 800, {{"S", 90}, {"moped.", 38}, {"She", 38}, {"sighed.", 38}, {"She", 38}}}}}, above);
  const auto heading = page_of_words({{{300, 800, {{"The", 70}, {"winter", 70}, {"in", 68}, {"town", 60}}}}}, above);

  EXPECT_EQ(std::ranges::count(merge::bind(initial).units, Role::heading, &merge::Unit::role), 0);
  EXPECT_EQ(std::ranges::count(merge::bind(heading).units, Role::heading, &merge::Unit::role), 1);
}

TEST(Headings, AreNotEntriesOfAContents) {
  const Drawn drawn{"page\n" + body + "\nP  {1.3}12.2.5 Usenet..... 2... 12.3 Is\n\n" + body};

  EXPECT_THAT(drawn.texts(Role::heading), IsEmpty());
}

TEST(Headings, AreThoseOfThePdfsOutline) {
  merge::Outline outline;
  outline.entries = {{2, "On mills", 0}, {1, "Elsewhere", 3}};

  const Drawn drawn{"page\nT  On mills\n\n" + body, {}, outline};

  EXPECT_THAT(drawn.texts(Role::heading), ElementsAre("On mills"));
  EXPECT_EQ(drawn.book().pages[0].blocks[0].level, 2);
  EXPECT_THAT(drawn.book().contents, SizeIs(2)) << "the outline itself";
}

TEST(Footnotes, HaveAMarkAndSmallLettersOrAGap) {
  const Drawn small{"page\nP    The river rises in a wet field,1 and\n.  goes on.\n" + body + body +
                    "\nF  {.75}1 Of which more is said in its place.\nf  {.75}And more elsewhere.\n"};
  const Drawn apart{"page\nP    The river rises in a wet field*) and\n.  goes on.\n" + body + body +
                    "\nF  *) Of which more is said.\nF  **) And more elsewhere.\n"};

  EXPECT_THAT(small.texts(Role::footnote), ElementsAre("1 Of which more is said in its place. And more elsewhere."));
  EXPECT_THAT(apart.texts(Role::footnote), ElementsAre("*) Of which more is said.", "**) And more elsewhere."));
}

TEST(Footnotes, AreNotItemsAtTheFootOfAPage) {
  const Drawn drawn{"page\n" + body + body + "I  1) one thing and another\nI  2) a third thing\n"};

  EXPECT_THAT(drawn.texts(Role::footnote), IsEmpty());
  EXPECT_THAT(drawn.texts(Role::list_item), SizeIs(2));
}

TEST(Footnotes, AreNotLinesOfSmallTextThatNothingRefersTo) {
  const Drawn number{"page\n" + body + body + "\nP  {.75}1 mile behind the chapel, in small letters.\n"};
  const Drawn items{"page\n" + body + body + "\nP  * one thing\nP  * another thing\nP  * a third thing\n"};

  EXPECT_THAT(number.texts(Role::footnote), IsEmpty());
  EXPECT_THAT(items.texts(Role::footnote), IsEmpty());
}

TEST(Footnotes, MayBeReferredToByMarksThatWereNotRead) {
  const Drawn drawn{"page\n" + body + body + "\nF  {.75}1 Of which more is said.\nF  {.75}2 And more elsewhere.\n"};

  EXPECT_THAT(drawn.texts(Role::footnote), SizeIs(2));
}

TEST(Footnotes, GoOnOnTheNextPage) {
  const Drawn drawn{"page\nP    The river rises in a wet field,* and\n.  goes on.\n" + body + body +
                    "\nF  {.75}* Of which more is said in its place and\n"
                    "page\nP    The chapel has a priest,* and\n.  he is old.\n" +
                    body + body + "\nF  {.75}in another book by the same author.\nF  {.75}* He is dead.\n"};

  EXPECT_THAT(drawn.texts(Role::footnote),
              ElementsAre("* Of which more is said in its place and in another book by the same author.", "* He is dead."));
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_paragraph), ElementsAre(HasSubstr("footnote")));
}

TEST(Footnotes, ThatWereReadBeforeTextOfTheirPageAreMovedAndSaidToBe) {
  const auto read = [](merge::MergeSettings settings) {
    Drawn drawn{"page\nP  x\n"};
    auto document = drawn.document();
    auto& reading = document.pages[0].outcome.reading;
    reading = {};
    reading.text = "The river.\n\n* A note.\n\nThe chapel.";
    reading.finish_reason = result::FinishReason::stop;
    reading.blocks = {{{{}, 0, 10, .9F}, "text"}, {{{}, 12, 21, .9F}, "footnote"}, {{{}, 23, 34, .9F}, "text"}};
    auto book = merge::bind(document, settings);
    std::vector<Role> roles;
    for (const auto& unit : book.units) roles.push_back(unit.role);
    return std::pair{roles, book.changes.size()};
  };
  merge::MergeSettings in_place;
  in_place.order_columns = false;

  EXPECT_EQ(read({}), (std::pair{std::vector{Role::paragraph, Role::paragraph, Role::footnote}, std::size_t{1}}));
  EXPECT_EQ(read(in_place), (std::pair{std::vector{Role::paragraph, Role::footnote, Role::paragraph}, std::size_t{0}}));
}

TEST(Lists, HaveMarksInSequence) {
  const Drawn drawn{"page\n" + body + "I  • one thing\nI  • another\n" + body + "I  1. first things\nI  2. second things\n" + body};

  EXPECT_THAT(drawn.texts(Role::list_item), ElementsAre("• one thing", "• another", "1. first things", "2. second things"));
}

TEST(Lists, DoNotBeginWithADate) {
  const Drawn drawn{"page\n" + body + "P  5. May was the day on which they came to\n.  the river.\n"};

  EXPECT_THAT(drawn.texts(Role::list_item), IsEmpty());
}

TEST(Captions, NameAFigureAndItsNumber) {
  const Drawn drawn{"page\n" + body + "K  Abb. 3: Die alte Kapelle.\n" + body +
                    "P  Figure 3 shows what nobody has ever seen\n.  before.\n"};

  EXPECT_THAT(drawn.texts(Role::caption), ElementsAre("Abb. 3: Die alte Kapelle."));
}

TEST(Marginals, StandBesideTheText) {
  const Drawn drawn{
      "page\nP            A narrower text is set beside the\n.          notes of the margin, and for half a\n.          mile nobody would "
      "ever call it\n.          a river at all, but only a ditch\n"
      ".          with opinions of its own.  All the\n.          children jump over it, as they do\n.          on their way to the old "
      "school.\nP& 1648.\n"};

  EXPECT_THAT(drawn.texts(Role::marginal), IsEmpty()) << "a number alone is no note";
  const Drawn noted{
      "page\nP            A narrower text is set beside the\n.          notes of the margin, and for half a\n.          mile nobody would "
      "ever call it\n.          a river at all, but only a ditch\n"
      ".          with opinions of its own.  All the\n.          children jump over it, as they do\n.          on their way to the old "
      "school.\nP& A ditch\n"};
  EXPECT_THAT(noted.texts(Role::marginal), ElementsAre("A ditch"));
}

/// A page of two columns of three paragraphs each, in the order that is given. `lower`: lines by which the right one begins lower.
std::string two_columns(const std::string& order, int lower = 2) {
  std::string text = "page 2000x2000\n";
  for (const char block : order) {
    const bool right = block >= 'd';
    const int first = right ? (block - 'd') * 4 + lower : (block - 'a') * 4;
    for (int line = 0; line < 4; ++line) {
      const int top = 200 + 50 * (first + line), left = right ? 1050 : 100;
      text += (line == 0 ? "P| [" : ".  [") + std::to_string(left) + ' ' + std::to_string(top) + ' ' + std::to_string(left + 850) + ' ' +
              std::to_string(top + 40) + "] Paragraph " + block + " has a line of words, and ends.\n";
    }
  }
  return text;
}

TEST(Columns, AreReadOneAfterTheOther) {
  const Drawn drawn{two_columns("adbecf")};

  std::string order;
  for (const auto& text : drawn.texts()) order += text.at(10);
  EXPECT_EQ(order, "abcdef");
  EXPECT_THAT(drawn.evidence(ChangeKind::moved_block), testing::Each(HasSubstr("two columns")));
  EXPECT_EQ(drawn.book().balance.unexplained, 0u);
}

TEST(Columns, StayAsTheyWereReadWithoutClearEvidence) {
  const Drawn in_order{two_columns("abcdef")}, one_jump{two_columns("abdcef")};
  merge::MergeSettings off;
  off.order_columns = false;
  const Drawn switched_off{two_columns("adbecf"), off};

  EXPECT_THAT(in_order.evidence(ChangeKind::moved_block), IsEmpty());
  EXPECT_THAT(one_jump.evidence(ChangeKind::moved_block), IsEmpty());
  EXPECT_THAT(switched_off.evidence(ChangeKind::moved_block), IsEmpty());
  EXPECT_THAT(switched_off.texts()[1], HasSubstr("Paragraph d"));
}

TEST(Columns, OfArticlesOneBelowTheOtherStay) {
  const Drawn drawn{two_columns("adbecf", 0)};

  EXPECT_THAT(drawn.evidence(ChangeKind::moved_block), IsEmpty());
  EXPECT_THAT(drawn.texts()[1], HasSubstr("Paragraph d"));
}

TEST(Columns, MoreThanTwoStay) {
  std::string text = "page 2000x2000\n";
  const auto add = [&](int column, int row) {
    for (int line = 0; line < 4; ++line) {
      const int top = 200 + 50 * (4 * row + line) + 30 * column, left = 100 + 640 * column;
      text += (line == 0 ? "P| [" : ".  [") + std::to_string(left) + ' ' + std::to_string(top) + ' ' + std::to_string(left + 560) + ' ' +
              std::to_string(top + 40) + "] Words of column " + std::to_string(column) + " that end in a line.\n";
    }
  };
  for (int block = 0; block < 9; ++block) add(block % 3, block / 3);

  EXPECT_THAT(Drawn{text}.evidence(ChangeKind::moved_block), IsEmpty());
}

TEST(Columns, AreNotLabelsAndTheirValues) {
  std::string text = "page 2000x2000\n";
  for (int n = 0; n < 6; ++n) {
    for (const int left : {100, 1050}) {
      for (int line = 0; line < 2; ++line) {
        const int top = 200 + 100 * n + 50 * line;
        text += (line == 0 ? "P| [" : ".  [") + std::to_string(left) + ' ' + std::to_string(top) + ' ' + std::to_string(left + 300) + ' ' +
                std::to_string(top + 40) + "] Label " + std::to_string(n) + "\n";
      }
    }
  }

  EXPECT_THAT(Drawn{text}.evidence(ChangeKind::moved_block), IsEmpty());
}

TEST(KindOfDocument, IsFoundByItsParagraphsAndItsLabels) {
  const Drawn text{"page\n" + body + body};
  const Drawn form{"page\nP| Name: Schmidt\nP| Born: 3. 4. 1871\nP| Place: Hagen\nP| Occupation: miller\nP| Married: ____________\n"};
  const Drawn mixed{
      "page\n" + body +
      "P| Name of the owner: Schmidt and his sons\nP| Place of the mill: Hagen on the river\nP| Year of the fire: eighteen hundred\n"};
  merge::MergeSettings forms;
  forms.kind = Kind::forms;

  EXPECT_EQ(text.book().kind, Kind::text);
  EXPECT_EQ(form.book().kind, Kind::forms);
  EXPECT_EQ(mixed.book().kind, Kind::mixed);
  EXPECT_EQ((Drawn{"page\n" + body, forms}.book().kind), Kind::forms);
}

}  // namespace roles_test
