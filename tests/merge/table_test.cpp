#include "pecia/merge/table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/made_book.hpp"

namespace table_test {

using namespace pecia;
using merge::Role;
using merge::Table;
using test::made_page;
using testing::HasSubstr;
using testing::Not;

Table table_of(const std::string& markup) {
  const auto page = merge::model_of(made_page({{markup, "table"}}, true));
  return merge::table_of(page, page.blocks.at(0));
}

/// Of Tesseract's kind: a line of the text for each row, words where the blanks are; a character is 20 pixels wide.
merge::Page drawn(const std::vector<std::vector<std::string>>& blocks) {
  merge::Page page;
  page.outcome.state = result::State::ok;
  page.outcome.geometry.page_width_px = 2000;
  page.outcome.geometry.page_height_px = 3000;
  auto& reading = page.outcome.reading;
  const auto size = [&] { return static_cast<std::uint32_t>(reading.text.size()); };
  float y = 100;
  for (const auto& lines : blocks) {
    result::Block block;
    if (size() > 0) reading.text += "\n\n";
    block.text_begin = size();
    block.box = {100, y, 1900, y + 50 * static_cast<float>(lines.size())};
    for (const auto& text : lines) {
      if (size() > block.text_begin) reading.text += '\n';
      result::Part line{{100, y, 1900, y + 30}, size(), 0, .9F};
      for (std::size_t at = 0; (at = text.find_first_not_of(' ', at)) != std::string::npos;) {
        const auto end = std::min(text.find(' ', at), text.size());
        if (size() > line.text_begin) reading.text += ' ';
        const auto begin = size();
        reading.text += text.substr(at, end - at);
        reading.words.push_back({{100 + 20 * static_cast<float>(at), y, 95 + 20 * static_cast<float>(end), y + 30}, begin, size(), .9F});
        at = end;
      }
      line.text_end = size();
      reading.lines.push_back(line);
      y += 50;
    }
    block.text_end = size();
    reading.blocks.push_back(block);
    y += 40;
  }
  return page;
}

merge::PageModel marked(const std::vector<std::vector<std::string>>& blocks) {
  auto page = merge::model_of(drawn(blocks));
  merge::mark_tables(page);
  return page;
}

TEST(TableOfHtml, HasRowsOfCellsWithoutMarkup) {
  const auto table = table_of(
      "<table><thead><tr><th>Name</th><th>Age &amp; rank</th></tr></thead><tr><td>A <b>B</b></td><td>1&#8211;2 < 3</td></tr></table>");

  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.columns, 2U);
  EXPECT_EQ(table.rows[0].cells[1].text, "Age & rank");
  EXPECT_TRUE(table.rows[0].cells[0].head);
  EXPECT_EQ(table.rows[1].cells[0].text, "A B");
  EXPECT_EQ(table.rows[1].cells[1].text, "1–2 < 3");
  EXPECT_FALSE(table.rows[1].cells[0].head);
  EXPECT_FALSE(table.unclosed);
  EXPECT_EQ(table.short_rows, 0U);
}

TEST(TableOfHtml, SaysWhereItsCellsAndRowsStand) {
  const std::string markup = "<table><tr><td>one</td><td>two</td></tr></table>";

  const auto table = table_of(markup);

  const auto at = [&](merge::Span span) { return markup.substr(span.begin, span.end - span.begin); };
  EXPECT_EQ(at(table.rows[0].cells[1].span), "<td>two</td>");
  EXPECT_EQ(at(table.rows[0].spans[0]), "<tr><td>one</td><td>two</td></tr>");
}

TEST(TableOfHtml, TakesCellsOverColumnsAndRows) {
  const auto table = table_of(
      "<table><tr><td rowspan=2>Parish</td><td "
      "colspan=\"2\">Baptisms</td></tr><tr><td>Boys</td><td>Girls</td></tr><tr><td>Hull</td><td>1</td><td>2</td></tr></table>");

  EXPECT_EQ(table.columns, 3U);
  EXPECT_EQ(table.short_rows, 0U);
  EXPECT_EQ(merge::to_markdown(table), "|  |  |  |\n| --- | --- | --- |\n| Parish | Baptisms |\n|  | Boys | Girls |\n| Hull | 1 | 2 |\n");
  EXPECT_THAT(merge::to_html(table), HasSubstr("<td rowspan=\"2\">Parish</td><td colspan=\"2\">Baptisms</td>"));
}

TEST(TableOfHtml, ClosesWhatIsOpenAndLosesNothing) {
  const auto table = table_of("<table><tr><td>a<td>b<tr><td>c</td>stray</table>behind");

  EXPECT_TRUE(table.unclosed);
  EXPECT_EQ(merge::to_text(table), "a\tb\nc\tstray\nbehind");
  EXPECT_THAT(merge::to_html(table), HasSubstr("</tbody>\n</table>"));
}

TEST(TableOfHtml, FindsShortRowsAndPadsThem) {
  auto table = table_of("<table><tr><td>a</td><td>b</td><td>c</td></tr><tr><td>d</td></tr></table>");

  EXPECT_EQ(table.short_rows, 1U);
  merge::pad(table);

  EXPECT_EQ(table.short_rows, 0U);
  EXPECT_EQ(table.rows[1].cells.size(), 3U);
}

TEST(TableOfHtml, TakesAFirstRowOfWordsAboveNumbersForAHead) {
  const auto plain =
      table_of("<table><tr><td>Place</td><td>Houses</td></tr><tr><td>A</td><td>12</td></tr><tr><td>B</td><td>13</td></tr></table>");
  const auto words = table_of(
      "<table><tr><td>Mayor</td><td>Wray</td></tr><tr><td>Clerk</td><td>Leng</td></tr><tr><td>Sheriff</td><td>Hope</td></tr></table>");

  EXPECT_TRUE(plain.rows[0].cells[1].head);
  EXPECT_FALSE(words.rows[0].cells[1].head);
}

TEST(TableOfHtml, EscapesWhatTheFormatsWouldTakeForMarkup) {
  const auto table = table_of("<table><tr><td>a|b</td><td>&lt;script&gt;</td></tr></table>");

  EXPECT_THAT(merge::to_markdown(table), HasSubstr("| a\\|b | \\<script> |"));
  EXPECT_THAT(merge::to_html(table), HasSubstr("<td>&lt;script&gt;</td>"));
}

TEST(TableOfHtml, KeepsWhatRaisesAndLowersWhatUnderlinesAndWhatBreaksLines) {
  const auto table = table_of(
      "<table><caption>In 10<sup>3</sup> m</caption><tr><td>10<sup>3</sup> m</td><td>H<sub>2</sub>O &amp; <u>so</u><br>on</td></tr>"
      "</table><sup>1</sup> of 1801");

  EXPECT_EQ(table.rows[0].cells[0].text, "103 m");
  EXPECT_EQ(merge::to_text(table), "In 10^3 m\n10^3 m\tH_2O & so on\n^1 of 1801");
  EXPECT_THAT(merge::to_html(table), HasSubstr("<td>10<sup>3</sup> m</td><td>H<sub>2</sub>O &amp; <u>so</u><br>on</td>"));
  EXPECT_THAT(merge::to_html(table), HasSubstr("<caption>In 10<sup>3</sup> m</caption>"));
  EXPECT_THAT(merge::to_markdown(table), HasSubstr("| 10<sup>3</sup> m | H<sub>2</sub>O & <u>so</u><br>on |"));
}

TEST(TableOfHtml, KeepsTextThatLooksLikeATag) {
  const auto table = table_of("<table><tr><td>if a <b and c> d</td><td>x <i, y> z</td></tr></table>");

  EXPECT_EQ(merge::to_text(table), "if a <b and c> d\tx <i, y> z");
}

TEST(TableOfHtml, IsBoundedByItsText) {
  std::string wide = "<table>";
  for (int n = 0; n < 2000; ++n) wide += "<tr><td colspan=999999999 rowspan=999999999>x</td></tr>";
  std::string deep;
  for (int n = 0; n < 100000; ++n) deep += "<table><tr><td>";
  std::string ragged = "<table><tr>";
  for (int n = 0; n < 20000; ++n) ragged += "<td>x";
  for (int n = 0; n < 20000; ++n) ragged += "<tr><td>";
  const std::string open(200000, '<');

  for (const auto& markup : {wide, deep, ragged, open, std::string{"<table><tr><td colspan="}, std::string{"</td></tr></table>&#x"}}) {
    auto table = table_of(markup);
    merge::pad(table);

    EXPECT_LT(merge::to_markdown(table).size(), 20 * markup.size() + 1000);
    EXPECT_LT(merge::to_html(table).size(), 20 * markup.size() + 1000);
  }
}

TEST(TableOfHtml, OfAnyTagsKeepsEveryLetterInItsPlace) {
  const std::vector<std::string> parts{"<table>",
                                       "</table>",
                                       "<tr>",
                                       "</tr>",
                                       "<td>",
                                       "</td>",
                                       "<th colspan=3>",
                                       "<td rowspan=\"2\">",
                                       "<caption>",
                                       "</caption>",
                                       "<thead>",
                                       "</thead>",
                                       "<br/>",
                                       "<",
                                       ">",
                                       "&amp;",
                                       "&#x41;",
                                       "a",
                                       "b c",
                                       "ü",
                                       "\n",
                                       "<b>",
                                       "<sup>",
                                       "</sup>",
                                       "<sub>",
                                       "</sub>",
                                       "<u>",
                                       "<td",
                                       "|",
                                       "\\"};
  std::uint32_t state = 7;
  for (int round = 0; round < 3000; ++round) {
    std::string markup = "<table>";
    for (int n = 0; n < 30; ++n) {
      state = state * 1664525U + 1013904223U;
      markup += parts[(state >> 16U) % parts.size()];
    }
    const auto page = merge::model_of(made_page({{markup, "table"}}, true));
    const auto table = merge::table_of(page, page.blocks.at(0));

    std::string cells = table.caption.text;
    std::uint32_t end = 0;
    for (const auto& row : table.rows) {
      ASSERT_FALSE(row.cells.empty()) << markup;
      EXPECT_GE(row.spans.at(0).begin, end) << markup;
      end = row.spans[0].end;
      EXPECT_LE(end, page.text.size());
      for (const auto& cell : row.cells) {
        cells += cell.text;
        EXPECT_LE(cell.span.end, end) << markup;
      }
    }
    // What is written is read again as the same.
    const auto again = table_of(merge::to_html(table));
    ASSERT_EQ(again.rows.size(), table.rows.size()) << markup;
    for (std::size_t n = 0; n < table.rows.size(); ++n) {
      ASSERT_EQ(again.rows[n].cells.size(), table.rows[n].cells.size()) << markup;
      for (std::size_t cell = 0; cell < table.rows[n].cells.size(); ++cell)
        EXPECT_EQ(merge::to_html(again.rows[n].cells[cell]), merge::to_html(table.rows[n].cells[cell])) << markup;
    }
    const auto letters = [](const std::string& text, const std::string& letter) {
      std::size_t count = 0;
      for (auto at = text.find(letter); at != std::string::npos; at = text.find(letter, at + 1)) ++count;
      return count;
    };
    EXPECT_EQ(letters(cells, "ü"), letters(markup, "ü")) << markup;
    EXPECT_EQ(letters(cells, "A"), letters(markup, "&#x41;")) << markup;
  }
}

TEST(TableOfMarkdown, IsReadToo) {
  const auto table = table_of("| Name | a\\|b |\n|---|---|\n| x | 2 |");

  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_TRUE(table.rows[0].cells[0].head);
  EXPECT_EQ(table.rows[0].cells[1].text, "a|b");
  EXPECT_EQ(table.rows[1].cells[1].text, "2");
}

TEST(TablesOfWords, AreBlocksWhoseLinesHaveTheSameColumns) {
  const auto page = marked({{"The return of the year was this:"},
                            {"Township         Houses     Persons", "Aldbrough           112         601",
                             "Bewholme             31         187", "Garton               38         190"}});

  ASSERT_EQ(page.blocks.size(), 2U);
  EXPECT_EQ(page.blocks[0].role, Role::paragraph);
  EXPECT_EQ(page.blocks[1].role, Role::table);
  EXPECT_THAT(page.blocks[1].evidence, HasSubstr("4 lines stand in the same 3 columns"));
  const auto table = merge::table_of(page, page.blocks[1]);
  EXPECT_EQ(merge::to_text(table), "Township\tHouses\tPersons\nAldbrough\t112\t601\nBewholme\t31\t187\nGarton\t38\t190");
  EXPECT_TRUE(table.rows[0].cells[0].head);
  EXPECT_TRUE(table.rows[1].cells[1].placed);
  EXPECT_EQ(merge::plain_text(page, page.blocks[1]), merge::to_text(table));
}

TEST(TablesOfWords, AreCutOutOfBlocksAndPutTogetherFromSeveral) {
  const auto page =
      marked({{"The return of the year was this:", "Aldbrough           112         601"},
              {"Bewholme             31         187"},
              {"Garton               38         190", "Paull                22          90", "and so it was sworn before us."}});

  ASSERT_EQ(page.blocks.size(), 3U);
  EXPECT_EQ(merge::text_of(page, page.blocks[0].text), "The return of the year was this:");
  EXPECT_EQ(page.blocks[1].role, Role::table);
  EXPECT_EQ(merge::table_of(page, page.blocks[1]).rows.size(), 4U);
  EXPECT_EQ(merge::text_of(page, page.blocks[2].text), "and so it was sworn before us.");
}

TEST(TablesOfWords, KeepEmptyCells) {
  const auto page = marked(
      {{"Town             1801      1811", "Aldbrough         601       655", "Bewholme                    187", "Garton            190"}});

  const auto table = merge::table_of(page, page.blocks.at(0));

  EXPECT_EQ(page.blocks[0].role, Role::table);
  EXPECT_THAT(merge::to_text(table), HasSubstr("Bewholme\t\t187"));
  EXPECT_THAT(merge::to_text(table), HasSubstr("Garton\t190"));
}

TEST(TablesOfWords, ArePlacesAloneWithinThreeLines) {
  const auto page = marked({{"Aldbrough           112         601", "Bewholme             31         187"}});

  EXPECT_EQ(page.blocks[0].role, Role::paragraph);
}

TEST(TablesOfWords, OfAHostilePageAreBounded) {
  std::string line;
  for (int n = 0; n < 50000; ++n) line += "x   ";

  const auto page = marked({{line, line, line, line}});

  for (const auto& block : page.blocks) EXPECT_EQ(block.role, Role::paragraph);
  auto table = page.blocks.at(0);
  table.role = Role::table;
  EXPECT_FALSE(merge::table_of(page, table).rows.empty());
}

TEST(TablesOfWords, AreNotOtherThings) {
  const std::vector<std::vector<std::string>> others[] = {
      {{"It was a fine day in the spring of", "that year, and the people of the", "town went out upon the hills to see",
        "the ships come in from the north."}},
      {{"1.     enter the names of the poor in the book", "2.     pay what is due on the first of the month",
        "3.     give account of all that was paid here"}},
      {{"Of the Town ...................      1", "Of its Name ...................      9", "The Charters ..................     23",
        "The Walls .....................     41"}},
      {{"no more than a creek, into which       the tide came up as far as the old",
        "the fishermen drew up their boats      in winter and mended their nets, so",
        "of the quays that were built here      later there is no word in the books",
        "year of the great storm, and then      only of the cost of the new piles x"}}};

  for (const auto& lines : others) {
    const auto page = marked(lines);
    for (const auto& block : page.blocks) EXPECT_EQ(block.role, Role::paragraph) << merge::text_of(page, block.text);
  }
}

}  // namespace table_test
