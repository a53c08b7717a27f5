#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merge/drawn.hpp"

namespace paragraphs_test {

using namespace pecia;
using merge::ChangeKind;
using merge::Role;
using test::Drawn;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// Of 40 letters a line, so that the last of the first page is full.
const std::string first_page =
    "page\n"
    "P    The river rises in a wet field behind\n"
    ".  the old chapel, and for the first half\n"
    ".  mile nobody would ever think of calling\n";

TEST(Paragraphs, GoOnOverThePageWhereASentenceIsNotAtItsEnd) {
  const Drawn drawn{first_page + "page\n.  it a river at all.\nP    The children jump over it on their\n.  way to school.\n"};

  EXPECT_THAT(drawn.texts(), ElementsAre("The river rises in a wet field behind the old chapel, and for the first half mile nobody would "
                                         "ever think of calling it a river at all.",
                                         "The children jump over it on their way to school."));
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_paragraph), ElementsAre(HasSubstr("goes on in lower case")));
  EXPECT_EQ(drawn.book().balance.unexplained, 0u);
}

TEST(Paragraphs, GoOnWithACapitalWhereTheLastLineIsFull) {
  const Drawn drawn{first_page + "page\n.  Holm a river at all, or even a brook as\n.  others do.\n"};

  EXPECT_THAT(drawn.texts().size(), 1u);
}

TEST(Paragraphs, EndWhereALastLineIsShortOrTheNextIsIndented) {
  const Drawn shorter{
      "page\nP    The river rises in a wet field behind\n.  the old chapel\npage\nP  Holm is a village as others are, and it\n.  has a "
      "river.\n"};
  const Drawn indented{first_page + "page\nP    Holm is a village as others are, and\n.  it has a river.\n"};

  EXPECT_EQ(shorter.texts().size(), 2u);
  EXPECT_EQ(indented.texts().size(), 2u);
}

TEST(Paragraphs, EndAtAFullStop) {
  const Drawn drawn{
      "page\nP    The river rises in a wet field behind\n.  the old chapel, and that is all of it.\npage\nP  Holm is a village as others "
      "are, and it\n.  has a river.\n"};

  EXPECT_EQ(drawn.texts().size(), 2u);
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_paragraph), IsEmpty());
}

TEST(Paragraphs, GoOnOverFootnotesFiguresAndRunningHeads) {
  const Drawn drawn{
      "page 1200x1000\nH  THE RIVER                              12\n\n"
      "P    The river rises in a wet field behind\n.  the old chapel*, and for the first half\n.  mile nobody would ever think of "
      "calling\n\nF  {.7}* It was pulled down.\n"
      "page\nH  THE RIVER                              13\n\n"
      "K  Fig. 3. The chapel.\n\n.| it a river at all, as the children who\n.  jump over it know.\n"
      "page\nH  THE RIVER                              14\n\nP    Another paragraph is on this page, and\n.  it is the last.\n"};

  const std::string joined =
      "The river rises in a wet field behind the old chapel*, and for the first half mile nobody would ever think of calling it a river at "
      "all, as the children who jump over it know.";
  EXPECT_THAT(drawn.texts(), ElementsAre(joined, "Another paragraph is on this page, and it is the last."));
  EXPECT_THAT(drawn.texts(Role::footnote), ElementsAre("* It was pulled down."));
  EXPECT_THAT(drawn.texts(Role::caption), ElementsAre("Fig. 3. The chapel."));
  ASSERT_GE(drawn.book().units.size(), 2u);
  EXPECT_EQ(drawn.book().units[1].role, Role::footnote) << "behind the last unit that begins on its page";
}

TEST(Paragraphs, GoOnOverABlankPageButNotOverOneThatFailed) {
  const std::string last = "page\n.  it a river at all.\n";

  const Drawn blank{first_page + "page blank\n" + last}, failed{first_page + "page failed\n" + last};

  EXPECT_EQ(blank.texts().size(), 1u);
  EXPECT_EQ(failed.texts().size(), 2u);
}

TEST(Paragraphs, DoNotGoOnFromWhatWasReadOfAPageThatFailed) {
  Drawn drawn{first_page + "page\n.  it a river at all, though\npage\n.  nobody ever\n.  asked them.\n"};
  auto document = drawn.document();
  document.pages[1].outcome.state = result::State::failed;
  document.pages[1].outcome.reason = Reason::no_end;

  const auto book = merge::bind(document);

  EXPECT_THAT(book.changes, IsEmpty());
}

TEST(Paragraphs, GoOnPastAScrap) {
  const Drawn drawn{first_page + "\nP              Az\npage\n.  it a river at all.\n"};

  EXPECT_THAT(drawn.texts(), ElementsAre(HasSubstr("calling it a river at all."), "Az"));
}

TEST(Paragraphs, GoOnPastNoPageThatHasNothingElse) {
  const Drawn drawn{first_page + "page\nP             007\npage\n.  it a river at all.\n"};

  std::string all;
  for (const auto& text : drawn.texts()) all += text + ' ';
  EXPECT_THAT(all, HasSubstr("calling 007 it a river at all."));
}

TEST(Paragraphs, KeepAHyphenBeforeAGap) {
  const Drawn drawn{
      "page\nP    The river rises in a wet field behind\n.  the old chapel, and nobody would ever re-\npage failed\npage\n.  call it.\n"};

  EXPECT_THAT(drawn.texts(), ElementsAre("The river rises in a wet field behind the old chapel, and nobody would ever re-", "call it."));
}

TEST(Paragraphs, AreOnePieceWithAWordThatIsBrokenOverPages) {
  const Drawn drawn{"page\nP    The river rises in a wet field behind\n.  the old chapel, and nobody would ever re-\npage\n-  call it.\n"};

  EXPECT_THAT(drawn.texts(), ElementsAre("The river rises in a wet field behind the old chapel, and nobody would ever recall it."));
  EXPECT_THAT(drawn.evidence(ChangeKind::joined_hyphen), ElementsAre(HasSubstr("it goes on on page 2")));
  EXPECT_EQ(drawn.book().changes.front().page, 0u) << "where the hyphen is";
}

TEST(Paragraphs, StayApartWhereJoiningIsOff) {
  merge::MergeSettings settings;
  settings.join_paragraphs = false;

  const Drawn drawn{first_page + "page\n.  it a river at all.\n", settings};

  EXPECT_EQ(drawn.texts().size(), 2u);
  EXPECT_THAT(drawn.book().changes, IsEmpty());
}

TEST(Paragraphs, OfFormsStayOnTheirPages) {
  merge::MergeSettings settings;
  settings.kind = merge::Kind::forms;

  const Drawn drawn{first_page + "page\n.  it a river at all.\n", settings};

  EXPECT_EQ(drawn.texts().size(), 2u);
}

TEST(Paragraphs, OfJapaneseAreJoinedWithoutBlanks) {
  const Drawn drawn{"page\nP  これは日本語の文章であり\n.  二行にわたっている\n", {}, {}, "jpn"};

  EXPECT_THAT(drawn.texts(), ElementsAre("これは日本語の文章であり二行にわたっている"));
}

TEST(Paragraphs, OfJapaneseMayEndALineInALongVowel) {
  const Drawn drawn{"page\nP  パッケージのメンテナー\n.  リストを見てください\n", {}, {}, "jpn"};

  EXPECT_THAT(drawn.texts(), ElementsAre("パッケージのメンテナーリストを見てください"));
}

TEST(Paragraphs, EndBeforeTheNumberOfASection) {
  const Drawn section{first_page + "page\n.  10.5 Where can one get more of it and\n.  of others\n"};
  const Drawn number{first_page + "page\nP| 10.5\nP| Where can one get more of it and of all\n.  the others\n"};
  const Drawn chapter{first_page + "page\nP|                  4\n\nP| The bells of the north and of the south\n.  are many\n"};
  const Drawn misread{first_page + "page\nP|                  4\n\nP| it a river at all, or even of such\n.  a kind\n"};
  const Drawn quantity{first_page + "page\n.  10.5 miles of it a river, or even of\n.  half of it\n"};

  EXPECT_EQ(section.texts().size(), 2u);
  EXPECT_THAT(number.texts().at(0), testing::EndsWith("calling"));
  EXPECT_THAT(chapter.texts(), testing::SizeIs(3));
  EXPECT_THAT(misread.texts().at(0), testing::EndsWith("a kind")) << "a page's number that was not known as one";
  EXPECT_EQ(quantity.texts().size(), 1u);
}

TEST(Listings, KeepTheirLines) {
  const std::string prose =
      "P    The river rises in a wet field behind\n.  the old chapel, and for the first half\n.  mile nobody would ever think of it.\n";
  const Drawn drawn{"page\n" + prose + "P  dists/testing/\n.  dists/testing/main/\n.  dists/testing/contrib/\n.  dists/\n" + prose};
  const Drawn narrow{"page\n" + prose + prose +
                     "P  The river rises in\n.  a wet field and in\n.  the old chapel of\n.  a village is told\n"};

  EXPECT_THAT(drawn.texts(), testing::Contains("dists/testing/\ndists/testing/main/\ndists/testing/contrib/\ndists/"));
  EXPECT_THAT(narrow.texts().back(), "The river rises in a wet field and in the old chapel of a village is told");
}

TEST(Verse, KeepsItsLines) {
  std::string page = "page\n";
  for (const auto* line :
       {"The winter lay along the hill,", "And all was still;", "No smoke arose from any cottage there,", "No bell was heard upon the air.",
        "Then came a rider from the gate,", "The hour was late;", "He asked for shelter at the abbey door,", "As many had before"})
    page += std::string{"V      "} + line + "\n";

  const Drawn drawn{page + page};

  const auto texts = drawn.texts();
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_THAT(texts[0], HasSubstr("The winter lay along the hill,\nAnd all was still;\nNo smoke"));
}

TEST(ItemsOfLists, GoOnOverThePage) {
  const Drawn drawn{
      "page\nI  - one that is short enough\nI  - another that is longer than a line is\n.    and goes on in the second and third "
      "of\npage\n.  its lines.\n"};

  EXPECT_THAT(drawn.texts(Role::list_item),
              ElementsAre("- one that is short enough",
                          "- another that is longer than a line is and goes on in the second and third of its lines."));
}

TEST(TablesOfContents, KeepTheirLines) {
  const Drawn drawn{
      "page\nP  The source of the river . . . . . . . . . 3\n.  The mills of the river . . . . . . . . . 17\n.  The town . . . . . . . . . "
      ". . . . . . . 29\n"};

  EXPECT_THAT(drawn.texts(), ElementsAre(HasSubstr(". 3\nThe mills")));
}

TEST(TablesOfContents, KeepTheirLinesWhereLeadersWereMisread) {
  const Drawn drawn{
      "page\nP  1.1 What is the source? 2.0... 0... 1\n.  1.2 The mills of it .. 2... 2. ee 2\n.  1.3 Why does it go to town and\n.     "
      "where? ....... 2... .. ee 3\n"};
  const Drawn plain{"page\nP  1.1 What is the source\n.  1.2 The mills of the river\n.  1.10 The town, its people and its cats\n"};

  EXPECT_THAT(drawn.texts(), ElementsAre(HasSubstr("0... 1\n1.2 The mills")));
  EXPECT_THAT(plain.texts(), ElementsAre(HasSubstr("source\n1.2 The mills of the river\n1.10")));
}

TEST(PagesOfAModel, GoOnToo) {
  Drawn drawn{"page\nP  x\n"};
  auto document = drawn.document();
  document.pages.resize(2, document.pages[0]);
  const std::string texts[] = {"# The river\n\nThe river rises in a wet field, and nobody would ever re-", "call it.\n\n| a | b |"};
  for (std::size_t n = 0; n < 2; ++n) {
    document.pages[n].number = static_cast<std::uint32_t>(n) + 1;
    document.pages[n].outcome.reading = {};
    document.pages[n].outcome.reading.text = texts[n];
    document.pages[n].outcome.reading.finish_reason = result::FinishReason::stop;
  }

  const auto book = merge::bind(document);

  ASSERT_EQ(book.units.size(), 3u);
  EXPECT_EQ(merge::text_of(book, book.units[1]), "The river rises in a wet field, and nobody would ever recall it.");
  EXPECT_EQ(book.contents.at(0).title, "The river");
  EXPECT_EQ(book.balance.unexplained, 0u);
}

}  // namespace paragraphs_test
