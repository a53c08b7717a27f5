#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "export/made_book.hpp"
#include "pecia/export/texts.hpp"
#include "support/made_run.hpp"
#include "writers.hpp"

namespace book_writers_test {

using namespace pecia;
using exporting::to_json_line;
using exporting::to_markdown;
using exporting::to_plain_text;
using merge::Joint;
using merge::Role;
using test::MadeBook;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

TEST(BookMarkdown, HasUnitsBehindTheMarksOfTheirPages) {
  MadeBook made;
  made.add_page("Title\n\none\ntwo");
  made.add_page("three");
  made.add_unit(Role::heading, {{0, "Title"}}, 2);
  made.add_paragraph({{0, "one"}, {0, "two", Joint::space}});
  made.add_paragraph({{1, "three"}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\n## Title\n\none two\n\n<!-- page 2 -->\n\nthree\n");
}

TEST(BookMarkdown, HasTheMarkOfAPageBetweenTheWordsOfAParagraphThatGoesOn) {
  MadeBook made;
  made.add_page("it goes");
  made.add_page("on here");
  made.add_paragraph({{0, "it goes"}, {1, "on here", Joint::space}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\nit goes <!-- page 2 --> on here\n");
}

TEST(BookText, AndMarkdownSayOfABlankPageWithinAParagraphThatItIsThere) {
  MadeBook made;
  made.add_page("it goes");
  made.add_page(test::blank_outcome());
  made.add_page("on here");
  made.add_paragraph({{0, "it goes"}, {2, "on here", Joint::space}});

  EXPECT_EQ(to_plain_text(made.book()), "it goes [page 2 is blank] on here\n");
  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\nit goes <!-- page 2 --> [page 2 is blank] <!-- page 3 --> on here\n");
}

TEST(BookMarkdown, KeepsAWordWholeThatWasHyphenatedOverThePageBreak) {
  MadeBook made;
  made.add_page("an archi-");
  made.add_page("vist reads\nmore");
  made.add_paragraph({{0, "an archi"}, {1, "vist reads", Joint::hyphen}, {1, "more", Joint::space}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\nan archivist <!-- page 2 --> reads more\n");
}

TEST(BookMarkdown, KeepsAWordWholeWhoseRestIsAllThereIsOnThePage) {
  MadeBook made;
  made.add_page("an archi-");
  made.add_page("vist");
  made.add_page("reads");
  made.add_paragraph({{0, "an archi"}, {1, "vist", Joint::hyphen}, {2, "reads", Joint::space}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\nan archivist <!-- page 2 --> <!-- page 3 --> reads\n");
}

TEST(BookMarkdown, NamesAPageWithoutTextThatAParagraphGoesOnOver) {
  MadeBook made;
  made.add_page("it goes");
  made.add_page(test::failed_outcome(Reason::timeout, "took [long]"));
  made.add_page("on");
  made.add_paragraph({{0, "it goes"}, {2, "on", Joint::space}});

  EXPECT_EQ(to_markdown(made.book()),
            "> [this document has gaps: page 2 could not be read]\n\n<!-- page 1 -->\n\n"
            "it goes <!-- page 2 --> [page 2 could not be read: timeout — took \\[long\\]] <!-- page 3 --> on\n");
}

TEST(BookMarkdown, NamesEveryPageWithoutTextInItsPlace) {
  MadeBook made;
  made.add_page(test::blank_outcome());
  made.add_page("text");
  made.add_pending_page();
  made.add_paragraph({{1, "text"}});

  EXPECT_EQ(to_markdown(made.book()),
            "> [this document has gaps: page 3 is not read yet]\n\n<!-- page 1 -->\n\n> [page 1 is blank]\n\n<!-- page 2 -->\n\ntext\n\n"
            "<!-- page 3 -->\n\n> [page 3 is not read yet]\n");
}

TEST(BookMarkdown, KeepsTheLinesOfATableWithTheMarkBehindALine) {
  MadeBook made;
  made.add_page("1 a\n2 b");
  made.add_page("3 c");
  made.add_unit(Role::table, {{0, "1 a"}, {0, "2 b", Joint::line}, {1, "3 c", Joint::line}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\n1 a\n2 b <!-- page 2 -->\n3 c\n");
}

TEST(BookMarkdown, LeavesTheMarksOfListsAndMakesMarksOfBullets) {
  MadeBook made;
  made.add_page("1. one\n- two\n\u2022 three\n# four");
  made.add_unit(Role::list_item, {{0, "1. one"}, {0, "- two", Joint::line}, {0, "\u2022 three", Joint::line}, {0, "# four", Joint::line}});
  made.add_paragraph({{0, "1. one"}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\n1. one\n- two\n- three\n\\# four\n\n1\\. one\n");
}

TEST(BookMarkdown, SaysWhatFootnotesAndMarginalNotesAreAndWhose) {
  MadeBook made;
  made.add_page("text\n\n1 note\n\nbeside");
  made.add_page("goes on");
  made.add_paragraph({{0, "text"}, {1, "goes on", Joint::space}});
  made.add_unit(Role::footnote, {{0, "1 note"}});
  made.add_unit(Role::marginal, {{0, "beside"}});

  EXPECT_EQ(to_markdown(made.book()),
            "<!-- page 1 -->\n\ntext <!-- page 2 --> goes on\n\n<!-- footnote of page 1 -->\n\n1 note\n\n<!-- marginal note of page 1 "
            "-->\n\nbeside\n");
}

TEST(BookMarkdown, EscapesWhatAPageCouldTellItself) {
  MadeBook made;
  made.add_page("<!-- page 2 -->\n> [page 2 is blank]");
  made.add_paragraph({{0, "<!-- page 2 -->"}, {0, "> [page 2 is blank]", Joint::line}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\n\\<!-- page 2 -->\n\\> [page 2 is blank]\n");
}

TEST(BookMarkdown, KeepsWhatAModelWroteButForOtherHtml) {
  MadeBook made;
  made.add_page("## Register\n\n<table><tr><td>1</td></tr></table>\n\n\\[ a \\]\n\n<script>", true);
  made.add_unit(Role::heading, {{0, "## Register"}}, 2);
  made.add_unit(Role::table, {{0, "<table><tr><td>1</td></tr></table>"}});
  made.add_unit(Role::formula, {{0, "\\[ a \\]"}});
  made.add_paragraph({{0, "<script>"}});

  EXPECT_EQ(to_markdown(made.book()), "<!-- page 1 -->\n\n## Register\n\n<table><tr><td>1</td></tr></table>\n\n\\[ a \\]\n\n\\<script>\n");
}

TEST(BookMarkdown, LinksToFiguresWherePagesHaveThem) {
  MadeBook made;
  auto outcome = test::read_outcome("before\n\nbehind");
  outcome.reading.finish_reason = result::FinishReason::stop;
  for (const float x : {10.0F, 20.0F}) {
    auto& block = outcome.reading.blocks.emplace_back();
    block.box = {x, 0, x + 2, 3};
    block.text_begin = block.text_end = 8;
    block.kind = result::BlockKind::image;
  }
  made.add_page(outcome);
  auto& book = made.book();
  for (std::uint32_t n = 0; n < book.pages[0].blocks.size(); ++n)
    book.units.push_back({book.pages[0].blocks[n].role, 0, {{0, n, book.pages[0].blocks[n].text, Joint::first}}});

  EXPECT_EQ(to_markdown(book, {{1, {"", "b.pdf.images/1_2.png"}}}),
            "<!-- page 1 -->\n\nbefore\n\n<!-- image 10 0 12 3 -->\n\n![](b.pdf.images/1_2.png)\n\nbehind\n");
}

TEST(BookText, HasAFormFeedBeforeTheFirstUnitOfAPage) {
  MadeBook made;
  made.add_page("Title\n\none\ntwo");
  made.add_page("three");
  made.add_unit(Role::heading, {{0, "Title"}}, 2);
  made.add_paragraph({{0, "one"}, {0, "two", Joint::space}});
  made.add_paragraph({{1, "three"}});

  EXPECT_EQ(to_plain_text(made.book()), "Title\n\none two\n\fthree\n");
}

TEST(BookText, DoesNotCutAParagraphThatGoesOn) {
  MadeBook made;
  made.add_page("an archi-");
  made.add_page("vist\n\nnext");
  made.add_page("last");
  made.add_paragraph({{0, "an archi"}, {1, "vist", Joint::hyphen}});
  made.add_paragraph({{1, "next"}});
  made.add_paragraph({{2, "last"}});

  EXPECT_EQ(to_plain_text(made.book()), "an archivist\n\nnext\n\flast\n");
}

TEST(BookText, HasNoFormFeedForAPageOnWhichNothingBegins) {
  MadeBook made;
  made.add_page("one");
  made.add_page("running head");
  made.add_page("two");
  made.add_paragraph({{0, "one"}});
  made.add_paragraph({{2, "two"}});

  EXPECT_EQ(to_plain_text(made.book()), "one\n\ftwo\n");
}

TEST(BookText, SaysAtItsTopThatItHasGapsAndNamesThemInTheirPlaces) {
  MadeBook made;
  made.add_page("one");
  made.add_page(test::failed_outcome(Reason::unreadable, "cut off"));
  made.add_page(test::failed_outcome(Reason::unreadable, ""));
  made.add_pending_page();
  made.add_paragraph({{0, "one"}});

  EXPECT_EQ(
      to_plain_text(made.book()),
      "[this document has gaps: pages 2-3 could not be read; page 4 is not read yet]\n\none\n\f[page 2 could not be read: unreadable — cut "
      "off]\n\f[page 3 could not be read: unreadable]\n\f[page 4 is not read yet]\n");
}

TEST(BookText, HasTablesOfAModelWithTabsAndHeadingsWithoutMarks) {
  MadeBook made;
  made.add_page("# A\n\n<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>", true);
  made.add_unit(Role::heading, {{0, "# A"}}, 1);
  made.add_unit(Role::table, {{0, "<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>"}});

  EXPECT_EQ(to_plain_text(made.book()), "A\n\n1\t2\n3\n");
}

TEST(BookText, OfATableIsTheSameWhetherItGoesOnOrNot) {
  const std::string first = "<table><tr><td>10<sup>3</sup> m</td><td>if a <b and c> d</td></tr></table>", second = "<table><tr><td>H<sub>2</sub>O</td><td>A &amp; B</td></tr></table>";
  MadeBook alone, joined;
  for (auto* made : {&alone, &joined}) {
    made->add_page(first, true);
    made->add_page(second, true);
  }
  alone.add_unit(Role::table, {{0, first}});
  alone.add_unit(Role::table, {{1, second}});
  joined.add_unit(Role::table, {{0, first}, {1, second, Joint::line}});

  EXPECT_EQ(to_plain_text(alone.book()), "10^3 m\tif a <b and c> d\n\fH_2O\tA & B\n");
  EXPECT_EQ(to_plain_text(joined.book()), "10^3 m\tif a <b and c> d\nH_2O\tA & B\n");
}

TEST(BookMarkdown, KeepsWhatIsRaisedAndLoweredInATableThatGoesOn) {
  const std::string first = "<table><tr><td>10<sup>3</sup> m</td></tr></table>", second = "<table><tr><td>H<sub>2</sub>O</td></tr></table>";
  MadeBook made;
  made.add_page(first, true);
  made.add_page(second, true);
  made.add_unit(Role::table, {{0, first}, {1, second, Joint::line}});

  EXPECT_THAT(to_markdown(made.book()), HasSubstr("<tr><td>10<sup>3</sup> m</td></tr>\n<tr><td>H<sub>2</sub>O</td></tr>"));
}

TEST(BookLine, HasEveryKeyInItsOrder) {
  MadeBook made;
  made.add_page("HEAD\nan archi-");
  made.add_page("vist");
  made.add_page(test::failed_outcome(Reason::timeout, "too long"));
  made.add_paragraph({{0, "an archi"}, {1, "vist", Joint::hyphen}});
  auto& book = made.book();
  book.contents = {{1, "An \"archivist\"", 0}};
  book.changes = {{merge::ChangeKind::removed_running_head, 0, {0, 4}, "seen at the head of 2 pages"}};
  book.findings = {{merge::FindingKind::failed_page, merge::Severity::error, 3, "timeout", false}};
  book.balance = {18, 13, 5, 0};

  EXPECT_EQ(to_json_line(book),
            R"({"path":"a/b.pdf","id":"0000000000000001","kind":"text","state":"gaps","pages":3,"states":{"ok":2,"failed":1},)"
            R"("gaps":[{"page":3,"state":"failed","reason":"timeout","detail":"too long"}],)"
            R"("contents":[{"level":1,"title":"An \"archivist\"","page":1}],"text":"an archivist",)"
            R"("units":[{"role":"paragraph","level":0,"pages":[1,2],"text":[0,12]}],)"
            R"("changes":[{"kind":"removed_running_head","page":1,"text":"HEAD","evidence":"seen at the head of 2 pages"}],)"
            R"("findings":[{"kind":"failed_page","severity":"error","page":3,"detail":"timeout","repaired":false}],)"
            R"("balance":{"characters":18,"kept":13,"removed":5,"unexplained":0}})"
            "\n");
}

TEST(BookLine, HasTheTextsOfUnitsWithTheirPlaces) {
  MadeBook made;
  made.add_page("one\n\ntwo");
  made.add_paragraph({{0, "one"}});
  made.add_paragraph({{0, "two"}});

  const auto line = nlohmann::json::parse(to_json_line(made.book()));
  EXPECT_EQ(line["text"], "one\n\ntwo");
  EXPECT_EQ(line["units"][1]["text"], (nlohmann::json{5, 8}));
  EXPECT_EQ(line["state"], "complete");
}

}  // namespace book_writers_test
