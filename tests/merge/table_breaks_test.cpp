#include <gtest/gtest.h>

#include <iostream>

#include "pecia/merge/table.hpp"
#include "support/table_breaks.hpp"

namespace table_breaks_test {

using namespace pecia;

std::vector<test::TableBreak> all_breaks() {
  auto breaks = test::load_table_breaks(PECIA_TEST_DATA "/merge/tables.txt");
  auto real = test::load_table_breaks(PECIA_TEST_DATA "/merge/tables_real.txt");
  std::ranges::move(real, std::back_inserter(breaks));
  return breaks;
}

TEST(TableBreaks, AreManyAndOfBothKinds) {
  const auto breaks = all_breaks();

  EXPECT_GE(breaks.size(), 25U);
  EXPECT_GE(std::ranges::count_if(breaks, &test::TableBreak::joins), 10);
  EXPECT_GE(std::ranges::count_if(breaks, [](const auto& one) { return !one.joins; }), 10);
  EXPECT_GE(3 * std::ranges::count_if(breaks, &test::TableBreak::held_out), static_cast<std::ptrdiff_t>(breaks.size()));
}

void expect_good(const test::TableScore& score) {
  EXPECT_GE(score.precision(), .9) << score.problems;
  EXPECT_GE(score.recall(), .8) << score.problems;
  std::cout << "precision " << score.precision() << ", recall " << score.recall() << ". " << score.problems << '\n';
}

TEST(TableBreaks, AreJoinedAsTheyShould) { expect_good(test::score_table_breaks(all_breaks(), false)); }
TEST(TableBreaks, HeldOutAreJoinedAsTheyShould) { expect_good(test::score_table_breaks(all_breaks(), true)); }

merge::Book book_of(const std::vector<test::TableBreak>& breaks, std::string_view name) {
  const auto found = std::ranges::find(breaks, name, &test::TableBreak::name);
  return merge::bind(found->document);
}

TEST(TableBreaks, ARestOfOneRowBecomesARow) {
  const auto breaks = all_breaks();
  const auto book = book_of(breaks, "en-words-rest-of-one-row");

  EXPECT_EQ(merge::to_text(merge::table_of(book, book.units.at(0))),
            "Vessel\tTons\tMaster\tBound for\nAmity\t210\tJ. Storr\tRiga\nBrothers\t154\tW. Leng\tMemel\n"
            "Ceres\t187\tT. Popple\tDanzig\nDiligence\t320\tR. Horsley\tArchangel");
  EXPECT_EQ(book.pages[1].blocks[0].role, merge::Role::table);
}

TEST(TableBreaks, ALineThatIsNoRowStaysAParagraph) {
  const auto breaks = all_breaks();
  const auto book = book_of(breaks, "en-words-date-line-after-table");

  EXPECT_EQ(book.pages[1].blocks[0].role, merge::Role::paragraph);
  EXPECT_EQ(book.units.at(1).role, merge::Role::paragraph);
  EXPECT_TRUE(merge::text_of(book, book.units.at(1)).starts_with("Given at Hull the 3rd of May"));
}

TEST(TableBreaks, EveryCharacterIsExplained) {
  for (const auto& one : all_breaks()) {
    const auto book = merge::bind(one.document);
    const auto stays = [](const merge::Block& block) { return merge::is_in_flow(block.role); };
    if (!std::ranges::all_of(book.pages, [&](const auto& page) { return std::ranges::all_of(page.blocks, stays); })) continue;

    EXPECT_EQ(book.balance.unexplained, 0U) << one.name;
    EXPECT_GT(book.balance.characters, 0U) << one.name;
  }
}

}  // namespace table_breaks_test
