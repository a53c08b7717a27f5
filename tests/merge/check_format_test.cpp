#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/merge/check.hpp"
#include "pecia/merge/table.hpp"
#include "support/made_book.hpp"

namespace check_format_test {

using namespace pecia;
using merge::ChangeKind;
using merge::FindingKind;
using merge::Severity;
using test::made_page;
using test::MadeBook;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

MadeBook of_block(const std::string& text, const std::string& label) { return MadeBook{{made_page({{text, label}}, true)}}; }

std::vector<merge::Finding> findings_of(const std::string& text, const std::string& label) {
  auto made = of_block(text, label);
  merge::check(made.book, {});
  return made.book.findings;
}

TEST(BrokenTables, ArePaddedAndClosedInTheirTableAndNotInTheText) {
  const std::string markup = "<table><tr><td>a</td><td>b</td></tr><tr><td>c</td>";
  auto made = of_block(markup, "table");

  merge::check(made.book, {});

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_EQ(made.book.findings[0].kind, FindingKind::broken_table);
  EXPECT_EQ(made.book.findings[0].severity, Severity::warning);
  EXPECT_EQ(made.book.findings[0].detail, "tags of a table are not closed; 1 of 2 rows of a table have fewer than its 2 columns");
  EXPECT_TRUE(made.book.findings[0].repaired);
  ASSERT_THAT(made.book.changes, SizeIs(1));
  EXPECT_EQ(made.book.changes[0].kind, ChangeKind::repaired);
  EXPECT_TRUE(made.book.changes[0].text.empty());
  EXPECT_EQ(merge::table_of(made.book, made.book.units[0]).short_rows, 0U);
  EXPECT_EQ(merge::text_of(made.book, made.book.units[0]), markup);
  EXPECT_EQ(made.book.balance.unexplained, 0U);
}

TEST(BrokenTables, AreReportedAloneWithoutRepair) {
  auto made = of_block("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "table");
  merge::MergeSettings settings;
  settings.repair = false;

  merge::check(made.book, settings);

  ASSERT_THAT(made.book.findings, SizeIs(1));
  EXPECT_FALSE(made.book.findings[0].repaired);
  EXPECT_THAT(made.book.changes, IsEmpty());
  EXPECT_EQ(merge::table_of(made.book, made.book.units[0]).short_rows, 1U);
}

TEST(BrokenTables, AreNotTablesWithCellsOverSeveral) {
  EXPECT_THAT(findings_of("<table><tr><td rowspan=\"2\">a</td><td colspan=\"2\">b</td></tr><tr><td>c</td><td>d</td></tr></table>", "table"),
              IsEmpty());
  EXPECT_THAT(findings_of("<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>b<br/>c</td></tr></tbody></table>", "table"), IsEmpty());
}

TEST(BrokenTables, OfAHostileModelAreBounded) {
  std::string markup;
  for (int n = 0; n < 20000; ++n) markup += "<table><tr><td colspan=999999999 rowspan=999999999>";
  for (int n = 0; n < 20000; ++n) markup += "<td>";
  for (int n = 0; n < 20000; ++n) markup += "<tr>";

  const auto findings = findings_of(markup, "table");

  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].kind, FindingKind::broken_table);
}

TEST(BrokenFormulas, AreFound) {
  for (const auto* formula :
       {"\\[ \\frac{a}{b \\]", "\\[ a} \\]", "\\[ \\left( a \\]", "\\[ a \\right) \\]", "\\[ \\begin{matrix} a \\end{array} \\]",
        "\\[ \\begin{cases} a \\]", "\\[ a \\)", "$$ a $", "\\[ \\left", "\\end", "\\[ { \\left( } \\right) \\]", "a \\begin{x"}) {
    const auto findings = findings_of(formula, "formula");

    ASSERT_THAT(findings, SizeIs(1)) << formula;
    EXPECT_EQ(findings[0].kind, FindingKind::broken_formula);
    EXPECT_EQ(findings[0].severity, Severity::warning);
    EXPECT_THAT(findings[0].detail, HasSubstr("does not parse"));
  }
}

TEST(BrokenFormulas, AreNotSoundOnes) {
  for (const auto* formula : {"\\[ \\frac{a}{b} \\]", "\\[ \\left\\{ a \\right. \\]",
                              "\\[ \\left[ \\begin{array}{cc} a & b \\\\[2pt] c & d \\end{array} \\right] \\]", "\\( \\{ \\)", "$$ x $$",
                              "$x$", "\\[ a \\% b \\$ c \\]", "x^2 + y_{1}", "\\[ \\text{cost \\$5} \\]", "\\[ a % } comment\n b \\]",
                              "\\[ \\left\\langle a \\right\\rangle \\]"}) {
    EXPECT_THAT(findings_of(formula, "formula"), IsEmpty()) << formula;
  }
}

TEST(BrokenFormulas, AreFoundInTheirText) {
  EXPECT_THAT(findings_of("where \\( a_{1 \\) is the height", "text"), SizeIs(1));
  EXPECT_THAT(findings_of("where \\( a is the height", "text"), SizeIs(1));
  EXPECT_THAT(findings_of("where a \\) is the height", "text"), SizeIs(1));
  EXPECT_THAT(findings_of("where $$ a is the height", "text"), SizeIs(1));
  EXPECT_THAT(findings_of("where \\( a_{1} \\) and \\[ b \\] cost $5 and {braces} and C:\\\\dir", "text"), IsEmpty());
}

TEST(BrokenFormulas, AreNotLookedForInTextOfTesseract) {
  MadeBook made{{made_page("the sign \\( and { alone")}};

  merge::check(made.book, {});

  EXPECT_THAT(made.book.findings, IsEmpty());
}

TEST(BrokenFormulas, MayBeDeep) {
  const std::string open(200000, '{');

  EXPECT_THAT(findings_of("\\[" + open, "formula"), SizeIs(1));
  EXPECT_THAT(findings_of("\\[" + open + std::string(200000, '}') + "\\]", "formula"), IsEmpty());
}

}  // namespace check_format_test
