#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/merge/check.hpp"
#include "support/made_book.hpp"

namespace check_order_test {

using namespace pecia;
using merge::Finding;
using merge::FindingKind;
using merge::Severity;
using test::made_page;
using test::MadeBook;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Findings of a document whose pages show these numbers.
std::vector<Finding> numbered(const std::vector<std::string>& numbers) {
  MadeBook made{std::vector<merge::Page>(numbers.size(), made_page("text"))};
  for (std::size_t n = 0; n < numbers.size(); ++n) made.book.pages[n].printed_number = numbers[n];
  merge::check(made.book, {});
  return made.book.findings;
}

/// Findings of a document with these headings, one a page.
std::vector<Finding> headed(const std::vector<std::string>& headings) {
  std::vector<merge::Page> pages;
  for (const auto& heading : headings) pages.push_back(made_page({{heading, "title"}}, true));
  MadeBook made{std::move(pages)};
  merge::check(made.book, {});
  return made.book.findings;
}

TEST(PageNumbers, MayGoUpInManyWays) {
  EXPECT_THAT(numbered({"1", "2", "3", "4"}), IsEmpty());
  EXPECT_THAT(numbered({"ii", "iii", "iv", "1", "2", "3"}), IsEmpty());
  EXPECT_THAT(numbered({"", "- 7 -", "[8]", "", "10", "11"}), IsEmpty());
  EXPECT_THAT(numbered({"12", "13", "", "", "14", "15"}), IsEmpty()) << "plates";
  EXPECT_THAT(numbered({"2", "4", "6", "8", "10"}), IsEmpty()) << "two pages on an image";
  EXPECT_THAT(numbered({"1", "", "2", "", "3", "", "4"}), IsEmpty()) << "leaves";
  EXPECT_THAT(numbered({"1", "1", "2", "2", "3", "3"}), IsEmpty()) << "both sides of leaves";
  EXPECT_THAT(numbered({"A-1", "A-2", "B-1", "B-2"}), IsEmpty());
  EXPECT_THAT(numbered({"l2", "oe", "--", "1848a"}), IsEmpty()) << "misread";
}

TEST(PageNumbers, SayThatPagesAreMissing) {
  const auto findings = numbered({"10", "11", "14", "15", "16"});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::missing_page);
  EXPECT_EQ(findings[0].severity, Severity::warning);
  EXPECT_EQ(findings[0].page, 3U);
  EXPECT_THAT(findings[0].detail, HasSubstr("from 11 (page 2) to 14: 2 pages seem to be missing"));
}

TEST(PageNumbers, SayThatALeafIsMissing) {
  const auto findings = numbered({"1", "", "2", "", "4", "", "5"});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::missing_page);
}

TEST(PageNumbers, RepeatAndGoBack) {
  const auto repeated = numbered({"10", "11", "11", "12", "13"});
  ASSERT_THAT(repeated, SizeIs(1));
  EXPECT_EQ(repeated[0].kind, FindingKind::page_order);
  EXPECT_EQ(repeated[0].severity, Severity::warning);
  EXPECT_THAT(repeated[0].detail, HasSubstr("11 is that of page 2, too"));

  const auto back = numbered({"10", "11", "12", "8", "9", "10"});
  ASSERT_THAT(back, SizeIs(1));
  EXPECT_EQ(back[0].kind, FindingKind::page_order);
  EXPECT_EQ(back[0].severity, Severity::warning);
  EXPECT_THAT(back[0].detail, HasSubstr("out of order"));

  const auto roman = numbered({"vii", "viii", "v", "vi"});
  ASSERT_THAT(roman, SizeIs(1));
  EXPECT_EQ(roman[0].page, 3U);
}

TEST(PageNumbers, OfAnotherPartBeginAnew) {
  const auto findings = numbered({"98", "99", "100", "1", "2", "3"});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Severity::note);
}

TEST(PageNumbers, ThatAreMisreadOnceAreNoJump) {
  for (const auto& numbers : {std::vector<std::string>{"10", "11", "72", "13", "14"}, {"10", "11", "2", "13", "14"}}) {
    const auto findings = numbered(numbers);

    ASSERT_THAT(findings, SizeIs(1));
    EXPECT_EQ(findings[0].kind, FindingKind::page_order);
    EXPECT_EQ(findings[0].severity, Severity::note);
    EXPECT_THAT(findings[0].detail, HasSubstr("misread"));
  }
}

TEST(PageNumbers, OfAnotherCountingAreNoMissingPages) {
  const auto findings = numbered({"10", "11", "912", "913", "914"});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::page_order);
}

TEST(HeadingNumbers, MayGoOnInManyWays) {
  EXPECT_THAT(headed({"# 1. A", "## 1.1 B", "## 1.2 C", "# 2. D", "## 2.1 E", "### 2.1.1 F", "# 3. G"}), IsEmpty());
  EXPECT_THAT(headed({"Chapter I. A", "Chapter II. B", "Chapter III. C"}), IsEmpty());
  EXPECT_THAT(headed({"Kapitel 3", "Kapitel 4", "Teil 2", "Kapitel 1"}), IsEmpty());
  EXPECT_THAT(headed({"CHAPITRE IX", "CHAPITRE X", "CHAPITRE XI"}), IsEmpty());
  EXPECT_THAT(headed({"I. A", "II. B", "III. C"}), IsEmpty());
  EXPECT_THAT(headed({"1848 Revolution", "1815 Vienna", "12 Apostles", "A town", "Chapter of accidents"}), IsEmpty());
  EXPECT_THAT(headed({"Chapter II. Of the sea", "Chapter II. Of the sca", "Chapter III. C"}), IsEmpty()) << "running heads";
  EXPECT_THAT(headed({"1.1 Of the town", "1.2 Its gates", "1.3 Its walls", "1.1 Of the town", "1.2 Its gates"}), IsEmpty()) << "contents";
  EXPECT_THAT(headed({"1.1 A", "1.2 B", "1.4 Its walls ........ 9", "1.3 C"}), IsEmpty()) << "contents";
  EXPECT_THAT(headed({"1.1 A", "1.2 B", "Debian 3.0", "1.3 C", "2. item", "5. item"}), IsEmpty());
}

TEST(HeadingNumbers, JumpAndGoBack) {
  const auto jump = headed({"Chapter I", "Chapter II", "Chapter V", "Chapter VI"});
  ASSERT_THAT(jump, SizeIs(1));
  EXPECT_EQ(jump[0].kind, FindingKind::heading_order);
  EXPECT_EQ(jump[0].severity, Severity::note);
  EXPECT_EQ(jump[0].page, 3U);
  EXPECT_THAT(jump[0].detail, HasSubstr("from chapter 2 to chapter 5"));

  const auto back = headed({"# 1. A", "## 1.1 B", "## 1.2 C", "## 1.1 D", "## 1.2 E"});
  ASSERT_THAT(back, SizeIs(1));
  EXPECT_EQ(back[0].severity, Severity::warning);
  EXPECT_THAT(back[0].detail, HasSubstr("1.1 comes after 1.2"));

  const auto skipped = headed({"# 2. A", "## 2.1 B", "## 2.4 C", "## 2.5 D"});
  ASSERT_THAT(skipped, SizeIs(1));
  EXPECT_THAT(skipped[0].detail, HasSubstr("from 2.1 to 2.4"));
}

TEST(HeadingNumbers, ThatStandInTheTextAreNotMissing) {
  MadeBook made{{made_page({{"2.1 Gates", "title"}, {"2.2 Walls\nThe walls were built late."}, {"2.3 Towers", "title"}}, true),
                 made_page({{"2.6 Wells", "title"}, {"2.7 Roads", "title"}}, true)}};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_THAT(made.book.findings[0].detail, HasSubstr("from 2.3 to 2.6"));
}

TEST(HeadingNumbers, OfTwoTitlesAreNoted) {
  const auto findings = headed({"Chapter I. Of gates", "Chapter II. Of walls", "Chapter II. The harbour", "Chapter III. Of trade"});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Severity::note);
  EXPECT_THAT(findings[0].detail, HasSubstr("chapter 2 is there twice"));
}

TEST(HeadingNumbers, ThatAreMisreadOnceAreSaidToBe) {
  const auto findings = headed({"Chapter I", "Chapter II", "Chapter LI", "Chapter IV", "Chapter V"});

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].severity, Severity::note);
  EXPECT_THAT(findings[0].detail, HasSubstr("chapter 51 stands between chapter 2 and chapter 4: misread?"));
}

}  // namespace check_order_test
