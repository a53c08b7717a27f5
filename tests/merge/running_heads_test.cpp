#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "merge/drawn.hpp"

namespace running_heads_test {

using namespace pecia;
using merge::ChangeKind;
using merge::Role;
using test::Drawn;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Words that no other page has.
std::string body(int page, int lines = 4) {
  std::string text;
  for (int line = 0; line < lines; ++line) {
    text += line == 0 ? "P    " : ".  ";
    for (int word = 0; word < 5; ++word)
      text += std::string(5, static_cast<char>((line + word == 0 ? 'A' : 'a') + (7 * page + 5 * line + word) % 26)) +
              static_cast<char>('a' + (page + word) % 26) + ' ';
    text += line + 1 == lines ? "end.\n" : "and\n";
  }
  return text;
}

std::string pages(int count, const auto& head, const auto& foot) {
  std::string text;
  for (int n = 0; n < count; ++n) {
    text += "page\n" + head(n);
    text += (head(n).empty() ? "" : "\n") + body(n) + (foot(n).empty() ? "" : "\n") + foot(n);
  }
  return text;
}
std::string nothing(int) { return {}; }

TEST(RunningHeads, OfLeftAndRightPagesAreTakenOut) {
  const Drawn drawn{pages(
      6,
      [](int n) {
        return n % 2 == 0 ? fmt::format("H  {}          THE RIVER\n", 10 + n)
                          : fmt::format("H           The Mills               {}\n", 10 + n);
      },
      nothing)};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head),
              ElementsAre("10          THE RIVER", "The Mills               11", "12          THE RIVER", "The Mills               13",
                          "14          THE RIVER", "The Mills               15"));
  EXPECT_EQ(drawn.book().pages[3].printed_number, "13");
  EXPECT_THAT(drawn.texts(Role::running_head), IsEmpty());
  EXPECT_EQ(drawn.book().balance.unexplained, 0u);
  EXPECT_THAT(drawn.evidence(ChangeKind::removed_running_head).front(), HasSubstr("seen at the head of 2 pages more"));
}

TEST(RunningHeads, AreTakenOutOfTheBlockThatTheEngineMadeOfThemAndText) {
  const auto head = [](int n) { return fmt::format("H  {}          THE RIVER\n", 10 + n); };
  std::string text;
  for (int n = 0; n < 4; ++n) {
    auto page = "page\n" + head(n) + body(n);
    if (n == 2) page.replace(page.find("\nP ") + 1, 2, "P+");
    text += page;
  }

  const Drawn drawn{text};

  ASSERT_THAT(drawn.removed(ChangeKind::removed_running_head), SizeIs(4));
  EXPECT_THAT(drawn.texts(), SizeIs(4));
  EXPECT_THAT(drawn.texts()[2], testing::Not(HasSubstr("RIVER")));
}

TEST(RunningHeads, ReadWithErrorsAreKnownAgain) {
  const Drawn drawn{pages(
      4, [](int n) { return std::string{n == 2 ? "H            THF RlVER AND ITS MILLS\n" : "H            THE RIVER AND ITS MILLS\n"}; },
      nothing)};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), SizeIs(4));
}

TEST(RunningHeads, AreNotTheHeadingOfTheChapterWhoseTitleTheyAre) {
  const Drawn drawn{pages(
      5, [](int n) { return std::string{n == 0 ? "\n\n\n\n\n\nT            {1.5}THE MILLS\n" : "H               THE MILLS\n"}; }, nothing)};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), SizeIs(4));
  EXPECT_THAT(drawn.texts(Role::heading), ElementsAre("THE MILLS"));
}

TEST(RunningHeads, AreNotHeadingsThatDifferByTheirNumber) {
  const Drawn drawn{pages(
      6, [](int n) { return fmt::format("T            {{1.3}}Chapter {}\n\n", 1 + n); },
      [](int n) { return fmt::format("N                    {}\n", 31 + n); })};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), IsEmpty());
  EXPECT_THAT(drawn.removed(ChangeKind::removed_page_number), SizeIs(6));
}

TEST(RunningHeads, AreNotFirstLinesOfTextThatComeAgain) {
  std::string text;
  for (int n = 0; n < 2; ++n)
    text += "page\nP  The same words begin the two letters as\n.  before, and then they go on in quite" +
            std::string{n == 0 ? " the\n" : " a\n"} + ".  other way.\n" + body(n);

  const Drawn drawn{text};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), IsEmpty());
}

TEST(RunningHeads, StayWhereRemovingIsOff) {
  merge::MergeSettings settings;
  settings.remove_running_heads = false;

  const Drawn drawn{pages(
                        6, [](int n) { return fmt::format("H  {}          THE RIVER\n", 10 + n); },
                        [](int) { return std::string{"C                                   wwww\n"}; }),
                    settings};

  EXPECT_EQ(drawn.book().balance.removed, 0u);
  EXPECT_EQ(drawn.book().balance.unexplained, 0u);
  EXPECT_EQ(drawn.book().pages[3].printed_number, "");
}

TEST(RunningHeads, OfAnEngineThatNamesThemStayWhereRemovingIsOff) {
  Drawn drawn{"page\nP  x\n"};
  auto& page = drawn.document().pages[0].outcome.reading;
  page = {};
  page.text = "THE RIVER\n\nIt rises in a field.";
  page.blocks.push_back({{{}, 0, 9, .9F}, "header"});
  page.blocks.push_back({{{}, 11, 31, .9F}, "text"});
  merge::MergeSettings off;
  off.remove_running_heads = false;

  const auto with = merge::bind(drawn.document()), without = merge::bind(drawn.document(), off);

  EXPECT_EQ(with.balance.removed, 8u);
  EXPECT_EQ(with.changes.at(0).evidence, "the engine calls it 'header'");
  EXPECT_EQ(without.balance.kept, without.balance.characters);
  ASSERT_EQ(without.units.size(), 2u);
  EXPECT_EQ(without.units[0].role, Role::running_head);
}

/// Pages as DeepSeek-OCR-2 reads them: blocks with boxes, a line each, Markdown.
merge::Document pages_of_a_model(int count) {
  Drawn drawn{"page\nP  x\n"};
  auto document = drawn.document();
  document.pages.resize(static_cast<std::size_t>(count), document.pages[0]);
  for (int n = 0; n < count; ++n) {
    auto& page = document.pages[static_cast<std::size_t>(n)];
    page.number = static_cast<std::uint32_t>(n) + 1;
    page.outcome.reading = {};
    auto& reading = page.outcome.reading;
    reading.finish_reason = result::FinishReason::stop;
    const auto add = [&](const std::string& text, const char* label, result::Box box) {
      if (!reading.text.empty()) reading.text += "\n\n";
      const auto begin = static_cast<std::uint32_t>(reading.text.size());
      reading.text += text;
      reading.blocks.push_back({{box, begin, static_cast<std::uint32_t>(reading.text.size()), .9F}, label});
    };
    if (n == 0) add("# The Mills", "title", {300, 300, 700, 380});
    if (n > 0) add("## THE MILLS", "sub_title", {300, 40, 700, 70});
    add(std::string{n == 2 ? "and goes on in lower case on the next of its pages."
                           : "A paragraph of the model is a line, however long it is"},
        "text", {100, 400, 900, 700});
    add(fmt::format("{}", 10 + n), "text", {480, 1340, 520, 1370});
  }
  return document;
}

TEST(RunningHeads, OfPagesThatAModelReadAreBlocks) {
  const auto document = pages_of_a_model(4);

  const auto book = merge::bind(document);

  EXPECT_EQ(std::ranges::count(book.changes, ChangeKind::removed_running_head, &merge::Change::kind), 3);
  EXPECT_EQ(std::ranges::count(book.changes, ChangeKind::removed_page_number, &merge::Change::kind), 4);
  EXPECT_EQ(std::ranges::count(book.changes, ChangeKind::joined_paragraph, &merge::Change::kind), 1);
  EXPECT_EQ(std::ranges::count(book.units, Role::heading, &merge::Unit::role), 1);
  ASSERT_EQ(book.contents.size(), 1u);
  EXPECT_EQ(book.contents[0].title, "The Mills");
  EXPECT_EQ(book.balance.unexplained, 0u);
}

TEST(RunningHeads, OfOnePageAloneAreNotKnown) {
  const Drawn drawn{"page\nH  12          THE RIVER\n\n" + body(0)};

  EXPECT_EQ(drawn.book().balance.removed, 0u);
}

TEST(RunningHeads, OfFormsArePartsOfThem) {
  merge::MergeSettings settings;
  settings.kind = merge::Kind::forms;

  const Drawn drawn{pages(
                        5, [](int) { return std::string{"H            CERTIFICATE OF BIRTH\n"}; },
                        [](int n) { return fmt::format("N                    {}\n", 31 + n); }),
                    settings};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), IsEmpty());
  EXPECT_THAT(drawn.removed(ChangeKind::removed_page_number), SizeIs(5));
}

TEST(PageNumbers, AreArabicOrRomanAndCountOn) {
  const Drawn arabic{pages(4, nothing, [](int n) { return fmt::format("N                 - {} -\n", 7 + n); })};
  constexpr std::array roman{"viii", "ix", "x", "xi"};
  const Drawn in_roman{
      pages(4, nothing, [&](int n) { return fmt::format("N                    {}\n", roman[static_cast<std::size_t>(n)]); })};

  EXPECT_THAT(arabic.removed(ChangeKind::removed_page_number), ElementsAre("- 7 -", "- 8 -", "- 9 -", "- 10 -"));
  EXPECT_EQ(arabic.book().pages[0].printed_number, "7");
  EXPECT_THAT(in_roman.removed(ChangeKind::removed_page_number), ElementsAre("viii", "ix", "x", "xi"));
  EXPECT_EQ(in_roman.book().pages[1].printed_number, "ix");
  EXPECT_THAT(arabic.evidence(ChangeKind::removed_page_number).front(), HasSubstr("counts on with 3 pages nearby"));
}

TEST(PageNumbers, AreNotNumbersThatDoNot) {
  constexpr std::array numbers{"1812", "44", "7", "513"};
  const Drawn drawn{
      pages(4, nothing, [&](int n) { return fmt::format("P                    {}\n", numbers[static_cast<std::size_t>(n)]); })};

  EXPECT_THAT(drawn.book().changes, IsEmpty());
}

TEST(PageNumbers, OfTextWithoutPlacesCountOnMoreThanOnce) {
  const auto removed = [](std::vector<std::string> numbers) {
    Drawn drawn{"page\nP  x\n"};
    auto document = drawn.document();
    document.pages.resize(numbers.size(), document.pages[0]);
    for (std::size_t n = 0; n < numbers.size(); ++n) {
      document.pages[n].number = static_cast<std::uint32_t>(n) + 1;
      document.pages[n].outcome.reading = {};
      document.pages[n].outcome.reading.text = numbers[n] + "\nThe river rises in a field behind the chapel.";
    }
    return merge::bind(document).changes.size();
  };

  EXPECT_EQ(removed({"4", "Text", "6", "513"}), 0u);
  EXPECT_EQ(removed({"4", "Text", "6", "7"}), 3u);
}

TEST(PageNumbers, CountLeavesAndOpeningsToo) {
  const Drawn leaves{pages(
      12, [](int n) { return n % 2 == 0 ? fmt::format("N                           {}\n", 5 + n / 2) : std::string{}; }, nothing)};
  const Drawn openings{pages(
      6, [](int n) { return fmt::format("N                           {}\n", 5 + 2 * n); }, nothing)};

  EXPECT_THAT(leaves.removed(ChangeKind::removed_page_number), SizeIs(6));
  EXPECT_THAT(openings.removed(ChangeKind::removed_page_number), SizeIs(6));
}

TEST(PageNumbers, AreThoseOfThePdfWhereItHasThem) {
  merge::Outline outline;
  outline.page_labels = {"A-1", "A-2", "A-3"};

  const Drawn drawn{pages(3, nothing, [](int n) { return fmt::format("N                    {}\n", 7 + n); }), {}, outline};

  EXPECT_EQ(drawn.book().pages[1].printed_number, "A-2");
}

TEST(PageNumbers, OfTheDocumentsThatAPdfNamesNeedNoOthers) {
  merge::Outline outline;
  outline.page_labels = {"xvii"};

  const Drawn drawn{"page\n" + body(0) + "\nN                    xvii\n", {}, outline};

  EXPECT_THAT(drawn.evidence(ChangeKind::removed_page_number), ElementsAre("the PDF names the page so"));
}

TEST(Catchwords, AreTheFirstWordsOfTheNextPage) {
  const Drawn drawn{"page\n" + body(0) + "C                                  HHHHHb\npage\n" + body(1) +
                    "C                                  OOOOOc\npage\n" + body(2)};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_catchword), ElementsAre("HHHHHb", "OOOOOc"));
}

TEST(Catchwords, AreNotLastWordsOfParagraphs) {
  const Drawn drawn{"page\n" + body(0) + ".  wonders.\npage\n" + body(1) + ".  again.\npage\n" + body(2)};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_catchword), IsEmpty());
  EXPECT_EQ(drawn.book().balance.removed, 0u);
}

TEST(Signatures, AreInOrder) {
  const auto foot = [](int n) {
    constexpr std::array marks{"B", "", "B 2", "", "B iij", "", "B 4", "", "", "", "", "", "", "", "", "", "Tome I. C"};
    const std::string mark = marks[static_cast<std::size_t>(n)];
    return mark.empty() ? mark : "S                " + mark + "\n";
  };

  const Drawn drawn{pages(17, nothing, foot)};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_signature), ElementsAre("B", "B 2", "B iij", "B 4", "Tome I. C"));
}

TEST(Signatures, AreNotLettersThatStandAlone) {
  const Drawn drawn{pages(3, nothing, [](int n) { return std::string{n == 1 ? "P                X\n" : ""}; })};

  EXPECT_THAT(drawn.book().changes, IsEmpty());
}

}  // namespace running_heads_test
