#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "pecia/base/error.hpp"
#include "pecia/export/pdf_messages.hpp"

namespace pecia::exporting {
namespace pdf_messages_test {

TEST(PdfMessages, PagesComeBackAsTheyWere) {
  PdfPage page;
  page.number = 7;
  page.act = PdfPage::Act::replace;
  page.failed = true;
  page.width_px = 100;
  page.lines = {{{1, 2, 3, 4}, {{"Wort", {1, 2, 3, 4}, true}}}};
  const auto bytes = encode(PdfRequest{page});

  const auto back = std::get<PdfPage>(decode_pdf_request(bytes));
  EXPECT_EQ(back.number, 7U);
  EXPECT_EQ(back.act, PdfPage::Act::replace);
  EXPECT_TRUE(back.failed);
  ASSERT_EQ(back.lines.size(), 1U);
  EXPECT_EQ(back.lines[0].words.at(0).text, "Wort");
  EXPECT_EQ(back.lines[0].words[0].box.y1, 4);
  EXPECT_TRUE(back.lines[0].words[0].blank_after);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_THROW((void)decode_pdf_request(std::span{bytes}.first(size)), Error);
}

TEST(PdfMessages, AnswersComeBackAsTheyWereAndNonsenseIsAnError) {
  PdfResult result;
  result.status = PdfResult::Status::refused;
  result.reason = "why";
  result.warnings = {"one", "two"};
  result.bytes = 1ULL << 40;
  auto bytes = encode(PdfAnswer{result});

  const auto back = std::get<PdfResult>(decode_pdf_answer(bytes));
  EXPECT_EQ(back.reason, "why");
  EXPECT_EQ(back.warnings, result.warnings);
  EXPECT_EQ(back.bytes, result.bytes);
  for (std::size_t size = 0; size < bytes.size(); ++size) EXPECT_THROW((void)decode_pdf_answer(std::span{bytes}.first(size)), Error);
  bytes[1] = std::byte{9};
  EXPECT_THROW((void)decode_pdf_answer(bytes), Error);
}

TEST(PdfMessages, OrdersAndFailuresComeBackAsTheyWere) {
  PdfOrder order;
  order.title = "Titel";
  order.gaps = "this document has gaps: page 3 could not be read";
  order.settings.linearize = true;
  const auto back = std::get<PdfOrder>(decode_pdf_request(encode(PdfRequest{order})));

  EXPECT_EQ(back.title, order.title);
  EXPECT_EQ(back.gaps, order.gaps);
  EXPECT_TRUE(back.settings.linearize);
  EXPECT_EQ(std::get<PdfNotStored>(decode_pdf_answer(encode(PdfAnswer{PdfNotStored{28}}))).error_number, 28);
}

TEST(PdfMessages, TwoWordsAtOnePlaceOfTheTextAreOne) {
  merge::Document document;
  document.pages.resize(1);
  merge::Book book;
  book.document = &document;
  auto& page = book.pages.emplace_back();
  page.has_text = true;
  page.text = "one two";
  page.words = {{{0, 3}, {0, 0, 30, 10}, 1}, {{4, 7}, {40, 0, 50, 10}, 1}, {{4, 7}, {50, 0, 70, 10}, 1}};
  page.lines.resize(1);
  page.lines[0].text = {0, 7};
  page.lines[0].box = {0, 0, 70, 10};
  page.lines[0].placed = true;
  page.lines[0].words_end = 3;
  page.blocks.resize(1);
  page.blocks[0].lines_end = 1;

  const auto made = pdf_page_of(book, 0, {});

  ASSERT_EQ(made.lines.size(), 1U);
  std::string text;
  for (const auto& word : made.lines[0].words) text += word.text + (word.blank_after ? " " : "");
  EXPECT_EQ(text, "one two");
}

/// What is placed of a page with one block, of whose lines those in `placed` have places, by what they hold.
PdfPage with_one_block(const std::string& text, const std::optional<result::Box>& block, const std::map<std::string, result::Box>& placed,
                       const std::string& label = {}) {
  merge::Document document;
  auto& page = document.pages.emplace_back();
  page.outcome.state = result::State::ok;
  auto& reading = page.outcome.reading;
  reading.text = text;
  auto& one = reading.blocks.emplace_back();
  one.text_end = static_cast<std::uint32_t>(text.size());
  one.box = block.value_or(result::Box{});
  if (!label.empty()) {
    one.label = label;
    reading.finish_reason = result::FinishReason::stop;
  }
  for (std::size_t begin = 0; begin < text.size(); begin = text.find('\n', begin) + 1) {
    const auto end = std::min(text.find('\n', begin), text.size());
    const auto known = placed.find(text.substr(begin, end - begin));
    if (known != placed.end()) {
      auto& line = reading.lines.emplace_back();
      line.text_begin = static_cast<std::uint32_t>(begin);
      line.text_end = static_cast<std::uint32_t>(end);
      line.box = known->second;
    }
    if (end == text.size()) break;
  }
  merge::Book book;
  book.document = &document;
  book.pages.push_back(merge::model_of(page));
  return pdf_page_of(book, 0, {});
}

std::vector<std::string> texts_of(const PdfPage& page) {
  std::vector<std::string> texts;
  for (const auto& line : page.lines) texts.push_back(line.words.at(0).text);
  return texts;
}

TEST(PdfPageText, OfATableLosesTagsAloneAndShowsWhatEntitiesStandFor) {
  const std::string line = "<tr><td>if a <b and c> d</td><td>B &amp; <i>C</i></td><td>10<sup>3</sup></td></tr>";
  const auto page = with_one_block(line, result::Box{10, 100, 510, 300}, {{line, {10, 100, 500, 130}}}, "table");
  EXPECT_EQ(texts_of(page), std::vector<std::string>{"if a <b and c> d B & C 10^3"});
}

TEST(PdfPageText, LinesWithoutPlacesStandBetweenTheirNeighbours) {
  const result::Box block{10, 100, 510, 300};

  const auto page = with_one_block("first\nlost one\nthird\nfourth\nlast one", block,
                                   {{"first", {10, 100, 200, 130}}, {"third", {10, 180, 200, 210}}, {"fourth", {10, 212, 200, 240}}});
  EXPECT_EQ(texts_of(page), (std::vector<std::string>{"first", "lost one", "third", "fourth", "last one"}));
  EXPECT_EQ(page.unplaced_lines, 0U);
  const auto& lost = page.lines.at(1).box;
  EXPECT_GE(lost.y0, 130);
  EXPECT_LE(lost.y1, 180);
  EXPECT_LE(lost.x1, 510);
  EXPECT_GE(page.lines.at(4).box.y0, 240);
  EXPECT_LE(page.lines.at(4).box.y1, 300);
}

TEST(PdfPageText, LinesForWhichTheirNeighboursLeaveNoRoomStandAnywhereInTheBlock) {
  const auto page =
      with_one_block("left\nlost\nright", result::Box{0, 0, 400, 200}, {{"left", {0, 0, 100, 90}}, {"right", {300, 2, 400, 92}}});

  EXPECT_EQ(texts_of(page), (std::vector<std::string>{"left", "lost", "right"}));
  EXPECT_EQ(page.lines.at(1).box.y0, 0);
  EXPECT_GT(page.lines.at(1).box.y1, 50);
  EXPECT_LE(page.lines.at(1).box.y1, 90) << "no letters larger than those beside it";
}

TEST(PdfPageText, LinesOfABlockWithoutAPlaceAreCounted) {
  const auto page = with_one_block("first\nlost\nlost too", std::nullopt, {{"first", {10, 100, 200, 130}}});

  EXPECT_EQ(texts_of(page), std::vector<std::string>{"first"});
  EXPECT_EQ(page.unplaced_lines, 2U);
}

TEST(PdfPageText, MarksOfHeadingsAndTagsOfTablesAreNoText) {
  EXPECT_EQ(texts_of(with_one_block("## Chapter #1", result::Box{0, 0, 400, 100}, {{"## Chapter #1", {0, 0, 400, 40}}}, "title")),
            std::vector<std::string>{"Chapter #1"});
  const auto page = with_one_block("<table><tr><td>a < b</td><td>two</td></tr>\n<tr><td>three</td></tr></table>",
                                   result::Box{0, 0, 400, 100}, {{"<table><tr><td>a < b</td><td>two</td></tr>", {0, 0, 400, 40}}}, "table");

  EXPECT_EQ(texts_of(page), (std::vector<std::string>{"a < b two", "three"}));
}

TEST(PdfPageText, NoWordIsCutWhereItsScriptHasBlanks) {
  const auto rows = [](const std::string& text, float width, float height) {
    return texts_of(with_one_block(text, result::Box{0, 0, width, height}, {}));
  };

  for (const auto& [width, height] : {std::pair{400.F, 100.F}, std::pair{520.F, 100.F}, std::pair{60.F, 900.F}, std::pair{80.F, 60.F}}) {
    EXPECT_EQ(rows("Introduction", width, height), std::vector<std::string>{"Introduction"});
    EXPECT_EQ(rows("Größenänderungen", width, height), std::vector<std::string>{"Größenänderungen"});
    for (const auto& row : rows("eine Donaudampfschiffahrtsgesellschaft von 1829 in Wien", width, height))
      EXPECT_TRUE(row.find("Donau") == std::string::npos || row.find("Donaudampfschiffahrtsgesellschaft") != std::string::npos) << row;
  }
  EXPECT_EQ(rows("名古屋港縦書き", 30, 300).size(), 4U);
  for (const auto& row : rows("名古屋港PECIA縦書きの本", 60, 300))
    EXPECT_TRUE(row.find('P') == std::string::npos || row.find("PECIA") != std::string::npos) << row;
}

}  // namespace pdf_messages_test
}  // namespace pecia::exporting
