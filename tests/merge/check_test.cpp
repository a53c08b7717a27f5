#include "pecia/merge/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/made_book.hpp"
#include "support/made_run.hpp"

namespace check_test {

using namespace pecia;
using merge::Finding;
using merge::FindingKind;
using merge::Severity;
using test::made_page;
using test::MadeBook;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<Finding> of_kind(const merge::Book& book, FindingKind kind) {
  std::vector<Finding> found;
  std::ranges::copy_if(book.findings, std::back_inserter(found), [&](const Finding& finding) { return finding.kind == kind; });
  return found;
}

TEST(Check, FindsNothingInASoundDocument) {
  MadeBook made{{made_page({{"# 1. Of the town", "title"}, {"It lies by the water."}}, true), made_page("And that is all.")}};

  merge::check(made.book, {});

  EXPECT_THAT(made.book.findings, IsEmpty());
  EXPECT_THAT(made.book.changes, IsEmpty());
  EXPECT_EQ(made.book.balance.unexplained, 0U);
  EXPECT_EQ(made.book.balance.kept, made.book.balance.characters);
}

TEST(Check, SaysWhatIsNeitherInTheDocumentNorRemoved) {
  MadeBook made{{made_page({{"kept"}, {"lost words"}})}};
  made.book.units.pop_back();

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_EQ(made.book.findings[0].kind, FindingKind::unexplained_text);
  EXPECT_EQ(made.book.findings[0].severity, Severity::error);
  EXPECT_EQ(made.book.findings[0].page, 0U);
  EXPECT_THAT(made.book.findings[0].detail, HasSubstr("9 of 13 characters"));
}

TEST(Check, NamesPagesThatAreNotThere) {
  std::vector<merge::Page> pages(4);
  pages[0].outcome = test::failed_outcome(Reason::timeout, "ran out of time");
  pages[1].pending = true;
  pages[2].outcome = test::blank_outcome();
  pages[3].outcome = test::failed_outcome(Reason::not_a_document, "");
  MadeBook made{pages};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(3));
  EXPECT_EQ(made.book.findings[0].kind, FindingKind::failed_page);
  EXPECT_EQ(made.book.findings[0].severity, Severity::error);
  EXPECT_THAT(made.book.findings[0].detail, HasSubstr("ran out of time"));
  EXPECT_EQ(made.book.findings[1].kind, FindingKind::pending_page);
  EXPECT_EQ(made.book.findings[1].severity, Severity::error);
  EXPECT_EQ(made.book.findings[2].page, 4U);
  EXPECT_EQ(made.book.findings[2].severity, Severity::warning);
}

TEST(Check, NamesADamagedRecord) {
  std::vector<merge::Page> pages(1);
  pages[0].damaged = true;
  pages[0].outcome = test::failed_outcome(Reason::io_error, "its record is damaged");
  MadeBook made{pages};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_EQ(made.book.findings[0].detail, "its record is damaged");
}

TEST(Check, NotesMendedText) {
  MadeBook made{{made_page("a\x01\xFFz")}};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_EQ(made.book.findings[0].kind, FindingKind::mended_text);
  EXPECT_EQ(made.book.findings[0].severity, Severity::note);
  EXPECT_THAT(made.book.findings[0].detail, HasSubstr("2 characters"));
}

TEST(Check, KeepsTheWorstOfTooManyFindings) {
  std::vector<merge::Page> pages(3000);
  for (std::size_t n = 0; n < pages.size(); ++n) pages[n] = made_page("\x01 x" + std::to_string(n));
  pages[2900].pending = true;
  pages[2900].outcome = {};
  MadeBook made{pages};

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(merge::most_findings + 1));
  EXPECT_THAT(of_kind(made.book, FindingKind::pending_page), SizeIs(1));
  EXPECT_THAT(made.book.findings.back().detail, HasSubstr("2000 more findings"));
  EXPECT_EQ(made.book.findings.back().page, 0U);
}

TEST(Check, EndsOnALongDocument) {
  std::vector<merge::Page> pages;
  std::uint32_t state = 1;
  for (int n = 0; n < 20000; ++n) {
    std::string text;
    for (int word = 0; word < 120; ++word) {
      state = state * 1664525U + 1013904223U;
      text += "w" + std::to_string(state >> 12U) + (word % 12 == 11 ? '\n' : ' ');
    }
    pages.push_back(made_page(text));
  }
  pages[15000] = pages[300];
  MadeBook made{std::move(pages)};
  for (std::size_t n = 0; n < made.book.pages.size(); ++n) made.book.pages[n].printed_number = std::to_string(n + (n < 9000 ? 1 : 3));
  made.book.pages[15000].printed_number.clear();

  merge::check(made.book, {});

  EXPECT_EQ(made.book.balance.unexplained, 0U);
  ASSERT_THAT(made.book.findings, SizeIs(2));
  EXPECT_EQ(made.book.findings[0].kind, FindingKind::missing_page);
  EXPECT_EQ(made.book.findings[0].page, 9001U);
  EXPECT_EQ(made.book.findings[1].kind, FindingKind::duplicate_page);
  EXPECT_EQ(made.book.findings[1].page, 15001U);
}

TEST(Check, GivesNothingForAnEmptyDocument) {
  MadeBook made{{}};

  merge::check(made.book, {});

  EXPECT_THAT(made.book.findings, IsEmpty());
}

}  // namespace check_test
