#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/merge/table.hpp"
#include "support/made_book.hpp"

namespace table_join_test {

using namespace pecia;
using merge::ChangeKind;
using merge::Role;
using test::made_page;
using testing::HasSubstr;

constexpr auto* head = "<tr><th>Place</th><th>Houses</th></tr>";

test::MadeBlock table(const std::string& rows) { return {"<table>" + rows + "</table>", "table"}; }
std::string row(const std::string& a, const std::string& b) { return "<tr><td>" + a + "</td><td>" + b + "</td></tr>"; }

test::MadeBook two_pages() {
  return test::MadeBook{{made_page({{"Returns of the year"}, table(head + row("Aldbrough", "112"))}, true),
                         made_page({table(head + row("Bewholme", "31")), {"Sworn before us."}}, true)}};
}

TEST(JoinTables, MakesOneUnitAndDropsTheRepeatedHead) {
  auto made = two_pages();

  merge::join_tables(made.book, {});

  ASSERT_EQ(made.book.units.size(), 3U);
  const auto joined = merge::table_of(made.book, made.book.units[1]);
  EXPECT_EQ(merge::to_text(joined), "Place\tHouses\nAldbrough\t112\nBewholme\t31");
  EXPECT_EQ(joined.rows[2].page, 1U);
  ASSERT_EQ(made.book.changes.size(), 2U);
  EXPECT_EQ(made.book.changes[0].kind, ChangeKind::joined_table);
  EXPECT_THAT(made.book.changes[0].evidence, HasSubstr("the head is repeated"));
  EXPECT_EQ(made.book.changes[1].kind, ChangeKind::dropped_head_row);
  EXPECT_EQ(made.book.changes[1].page, 1U);
  EXPECT_EQ(merge::text_of(made.book.pages[1], made.book.changes[1].text), head);
}

TEST(JoinTables, LeavesTheTagsOfBothPartsInTheText) {
  auto made = two_pages();

  merge::join_tables(made.book, {});

  EXPECT_EQ(merge::text_of(made.book, made.book.units[1]),
            "<table>" + std::string{head} + row("Aldbrough", "112") + "</table>\n<table>\n" + row("Bewholme", "31") + "</table>");
}

TEST(JoinTables, KeepsWhatIsRaisedAndLowered) {
  test::MadeBook made{{made_page({table(head + row("10<sup>3</sup> m", "112"))}, true), made_page({table(head + row("H<sub>2</sub>O", "31"))}, true)}};

  merge::join_tables(made.book, {});

  ASSERT_EQ(made.book.units.size(), 1U);
  const auto joined = merge::table_of(made.book, made.book.units[0]);
  EXPECT_EQ(merge::to_text(joined), "Place\tHouses\n10^3 m\t112\nH_2O\t31");
  EXPECT_THAT(merge::to_html(joined), HasSubstr("<td>10<sup>3</sup> m</td>"));
  EXPECT_THAT(merge::to_html(joined), HasSubstr("<td>H<sub>2</sub>O</td>"));
}

TEST(JoinTables, DoesNotDropAHeadThatDiffersInADigit) {
  const auto years = [](const char* year) {
    return "<tr><th>Inhabitants of the parish</th><th>Houses in " + std::string{year} + "</th></tr>";
  };
  test::MadeBook made{{made_page({table(years("1851") + row("Aldbrough", "112"))}, true),
                       made_page({table(years("1861") + row("Aldbrough", "131"))}, true)}};

  merge::join_tables(made.book, {});

  for (const auto& change : made.book.changes) EXPECT_NE(change.kind, ChangeKind::dropped_head_row);
}

TEST(JoinTables, CanBeSwitchedOff) {
  auto made = two_pages();
  merge::MergeSettings settings;
  settings.join_tables = false;

  merge::join_tables(made.book, settings);

  EXPECT_EQ(made.book.units.size(), 4U);
  EXPECT_TRUE(made.book.changes.empty());
}

TEST(JoinTables, JoinsOverManyPages) {
  std::vector<merge::Page> pages;
  for (int n = 0; n < 300; ++n) pages.push_back(made_page({table(head + row("Place " + std::to_string(n), "1"))}, true));
  test::MadeBook made{std::move(pages)};

  merge::join_tables(made.book, {});

  ASSERT_EQ(made.book.units.size(), 1U);
  EXPECT_EQ(merge::table_of(made.book, made.book.units[0]).rows.size(), 301U);
}

TEST(JoinTables, NeedsTheNextPage) {
  auto pages = std::vector{made_page({table(head + row("Aldbrough", "112"))}, true), made_page("x"),
                           made_page({table(head + row("Bewholme", "31"))}, true)};
  pages[1].outcome = {};
  test::MadeBook made{pages};

  merge::join_tables(made.book, {});

  EXPECT_EQ(made.book.units.size(), 2U);
}

TEST(JoinTables, PassesOverFootnotesAndKeepsThem) {
  test::MadeBook made{{made_page({table(head + row("Aldbrough", "112")), {"1 Of the old measure.", "footnote"}}, true),
                       made_page({table(head + row("Bewholme", "31"))}, true)}};

  merge::join_tables(made.book, {});

  ASSERT_EQ(made.book.units.size(), 2U);
  EXPECT_EQ(made.book.units[0].pieces.back().page, 1U);
  EXPECT_EQ(made.book.units[1].role, Role::footnote);
}

TEST(JoinTables, DoesNotTakeARowOfValuesForAHead) {
  test::MadeBook made{{made_page({{"Table 1", "table_caption"}, table(row("1801", "12") + row("1802", "13"))}, true),
                       made_page({{"Table 1 (continued)", "table_caption"}, table(row("1801", "12") + row("1803", "14"))}, true)}};

  merge::join_tables(made.book, {});

  EXPECT_EQ(merge::table_of(made.book, made.book.units[1]).rows.size(), 4U);
  ASSERT_EQ(made.book.changes.size(), 1U);
  EXPECT_THAT(made.book.changes[0].evidence, HasSubstr("said to be continued, both are table 1"));
}

}  // namespace table_join_test
