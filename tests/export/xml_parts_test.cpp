#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <algorithm>
#include <random>

#include "export/xml_support.hpp"
#include "pecia/store/contents.hpp"
#include "support/made_run.hpp"
#include "pecia/merge/markup.hpp"
#include "table_tag.hpp"
#include "url.hpp"
#include "xml.hpp"
#include "xml_languages.hpp"
#include "xml_notes.hpp"
#include "xml_order.hpp"
#include "xml_rows.hpp"
#include "xml_writers.hpp"

namespace xml_parts_test {

using namespace pecia;
using exporting::Direction;
using exporting::direction_of;
using exporting::languages_of;
using merge::Places;
using merge::Role;
using test::made_model;
using test::XmlBook;
using testing::ElementsAre;
using testing::EndsWith;
using testing::IsEmpty;

std::vector<std::string> codes_of(std::string_view joined) {
  std::vector<std::string> codes;
  for (const auto& language : languages_of(joined)) codes.push_back(language.iso + "/" + language.bcp47 + "/" + language.page);
  return codes;
}

TEST(Languages, AreThoseOfTheFormats) {
  EXPECT_THAT(codes_of("deu+lat"), ElementsAre("deu/de/German", "lat/la/Latin"));
  EXPECT_THAT(codes_of("frk+deu"), ElementsAre("deu/de/German"));
  EXPECT_THAT(codes_of("chi_sim_vert+jpn"), ElementsAre("zho/zh/Chinese", "jpn/ja/Japanese"));
  EXPECT_THAT(codes_of("xyz"), ElementsAre("xyz/xyz/other"));
  EXPECT_THAT(codes_of("osd+script/Fraktur+Fraktur+"), IsEmpty());
}

TEST(Languages, OfWordsAreToldWhereTheyAreNotThePagesFirst) {
  auto page = made_model(1, Places::words, {{Role::paragraph, {"eins unum duo"}}});
  page.languages = "frk+deu+script/Latin+lat";
  const exporting::WordLanguages languages{page};
  const auto told = [&](std::uint32_t place) {
    page.words[0].language = place;
    const auto* language = languages.other_than_page(page.words[0]);
    return language == nullptr ? "" : language->iso;
  };
  EXPECT_EQ(told(0), "");
  EXPECT_EQ(told(1), "");
  EXPECT_EQ(told(2), "") << "German too";
  EXPECT_EQ(told(3), "") << "of no language";
  EXPECT_EQ(told(4), "lat");
  EXPECT_EQ(told(5), "") << "none of the page's";
}

TEST(Languages, RunAsTheirLettersDo) {
  EXPECT_EQ(direction_of("שלום a"), Direction::right_to_left);
  EXPECT_EQ(direction_of("مرحبا"), Direction::right_to_left);
  EXPECT_EQ(direction_of("12 a"), Direction::left_to_right);
  EXPECT_EQ(direction_of(""), Direction::left_to_right);
  const auto page = made_model(
      1, Places::lines, {{Role::paragraph, {"日本語"}, 0, true}, {Role::paragraph, {"日本語"}}, {Role::paragraph, {"abc"}, 0, true}});
  EXPECT_EQ(direction_of(page, page.blocks[0]), Direction::top_to_bottom);
  EXPECT_EQ(direction_of(page, page.blocks[1]), Direction::left_to_right);
  EXPECT_EQ(direction_of(page, page.blocks[2]), Direction::left_to_right);
}

TEST(Url, KeepsWhatIsUnreservedAndSlashes) { EXPECT_EQ(exporting::url_of_path("a-b._~/ü %\"\xFF?#"), "a-b._~/%C3%BC%20%25%22%FF%3F%23"); }

TEST(XmlText, IsWhatXmlTakes) {
  EXPECT_EQ(exporting::xml_text("a\x01\x7F\n\tb\xFF \xEF\xBF\xBF"), "a  \n\tb\uFFFD \uFFFD");
  EXPECT_EQ(exporting::xml_text("\xED\xA0\x80").find('\xED'), std::string::npos) << "a surrogate";
}

TEST(TableTag, IsReadOrRefused) {
  const auto cell = exporting::table_tag("<td colspan=\"2\" rowspan=3>x");
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->name, "td");
  EXPECT_EQ(cell->columns, 2);
  EXPECT_EQ(cell->rows, 3);
  EXPECT_EQ(cell->size, 26U);
  EXPECT_TRUE(exporting::table_tag("</tr>")->closes);
  EXPECT_EQ(exporting::table_tag("<td colspan=99999999999>")->columns, 1000);
  EXPECT_EQ(exporting::table_tag("<td colspan=0>")->columns, 1);
  EXPECT_TRUE(exporting::table_tag("<br />"));
  for (const auto* other : {"<td", "<tdx>", "<td onclick=1>", "<td colspan=x>", "<script>", "<TD>", "< td>", "<td colspan=\"2>", ""})
    EXPECT_FALSE(exporting::table_tag(other)) << other;
}

TEST(TableTag, IsATagForTheMergingToo) {
  for (const auto* text : {"<td colspan=\"2\" rowspan=3>x", "</tr>", "<br />", "<br/>", "<td >", "</sup >", "<table border=1>", "<td colspan=2/>"}) {
    ASSERT_TRUE(exporting::table_tag(text)) << text;
    ASSERT_TRUE(merge::html_tag(text)) << text;
    EXPECT_EQ(merge::html_tag(text)->size, exporting::table_tag(text)->size) << text;
  }
}

/// The rows of a block of a model's page in which the named words have boxes, each in the place where it stands first.
std::vector<exporting::Row> rows_with(const std::string& text, std::initializer_list<std::string> words, merge::PageModel& page) {
  page = made_model(1, Places::lines, {{Role::table, {text}}});
  page.markup = true;
  for (const auto& word : words) {
    const auto begin = static_cast<std::uint32_t>(page.text.find(word));
    page.words.push_back({{begin, begin + static_cast<std::uint32_t>(word.size())}, {1, 1, 9, 9}, .5F});
  }
  page.lines[0].words_end = static_cast<std::uint32_t>(page.words.size());
  return exporting::rows_of(page, page.blocks[0]);
}

/// What touches stands together; words with a box in brackets.
std::string tokens_of(const exporting::Row& row) {
  std::string text;
  for (const auto& token : row.tokens) {
    if (token.blank_before && !text.empty()) text += ' ';
    text += token.word != nullptr ? "[" + token.text + "]" : token.text;
  }
  return text;
}

TEST(Rows, OfATableLoseNoTextBesideTheWordsWithPlaces) {
  merge::PageModel page;
  const auto rows = rows_with("<table><tr><td>Alpha</td><td>p < 0.05</td><td>B &amp; C</td><td>a <b and c> d</td></tr></table>", {"Alpha"}, page);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text, "Alpha p < 0.05 B & C a <b and c> d");
  EXPECT_EQ(tokens_of(rows[0]), "[Alpha] p < 0.05 B & C a <b and c> d");
}

TEST(Rows, OfATableHaveWordsWithoutMarkup) {
  merge::PageModel page;
  const auto rows = rows_with("<tr><td>B&amp;C</td><td>10<sup>3</sup> <b>m</b></td><td>H<sub>2</sub>O</td><td>x<br>y</td></tr>",
                              {"B&amp;C", "10", "3", "H<sub>2</sub>O", "y"}, page);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text, "B&C 10^3 m H_2O x y");
  EXPECT_EQ(tokens_of(rows[0]), "[B&C] [10][^3] m [H_2O] x [y]");
}

TEST(Rows, OfAHeadingHaveNoMarks) {
  auto page = made_model(1, Places::words, {{Role::heading, {"## One two"}, 2}});
  page.markup = true;
  page.words.erase(page.words.begin());
  page.lines[0].words_end = 2;
  const auto rows = exporting::rows_of(page, page.blocks[0]);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].text, "One two");
  EXPECT_EQ(tokens_of(rows[0]), "[One] [two]");
}

TEST(Gaps, AreSaidInASentence) {
  EXPECT_EQ(exporting::ranges_of({1, 2, 3, 5, 7, 8}), "1-3, 5, 7-8");
  EXPECT_EQ(exporting::sentence_of(exporting::Gaps{{3, 4}, {}}), "2 pages could not be read: 3-4");
  EXPECT_EQ(exporting::sentence_of(exporting::Gaps{{}, {9}}), "1 page is not read yet: 9");
  EXPECT_EQ(exporting::sentence_of(exporting::Gaps{{0}, {}}), "this document could not be read");
  EXPECT_EQ(exporting::sentence_of(exporting::Gaps{}), "");
  EXPECT_EQ(exporting::counts_of(exporting::Gaps{{3, 4}, {9}}), "2 pages could not be read; 1 page is not read yet");
  std::vector<std::uint32_t> every_other;
  for (std::uint32_t number = 1; number < 20'000; number += 2) every_other.push_back(number);
  EXPECT_THAT(exporting::ranges_of(every_other), EndsWith("37, 39 and 9980 more"));
}

TEST(Order, IsTheBooksAndHasEveryBlockOnce) {
  XmlBook made{"a.pdf"};
  made.add(made_model(1, Places::none,
                      {{Role::running_head, {"0"}}, {Role::paragraph, {"1"}}, {Role::paragraph, {"2"}}, {Role::page_number, {"3"}}}));
  std::swap(made.book.units[0], made.book.units[1]);
  EXPECT_THAT(exporting::orders_of(made.book)[0].blocks, ElementsAre(0, 2, 3, 1));
}

/// As an engine answers, with characters that no XML may have, and with words that have no box.
result::PageOutcome read_outcome() {
  auto outcome = test::read_outcome("A \"line\" & more\nzwei\x01 \xEF\xBF\xBF\n\nlast");
  outcome.geometry.page_width_px = 1000;
  outcome.geometry.page_height_px = 1000;
  auto& reading = outcome.reading;
  const auto end = static_cast<std::uint32_t>(reading.text.find("\n\n"));
  result::Block block;
  block.box = {10, 10, 900, 90};
  block.text_end = end;
  block.confidence = .5F;
  reading.blocks = {block};
  reading.lines = {{{10, 10, 900, 40}, 0, 15, .5F}, {{10, 50, 900, 90}, 16, end, .5F}};
  reading.words = {{{10, 10, 30, 40}, 0, 1, .9F}, {{40, 10, 90, 40}, 2, 8, .9F}};
  return outcome;
}

void expect_valid(const merge::Document& document, const corpus::Document& listed) {
  const auto book = merge::bind(document);
  exporting::WriteContext context;
  context.listed = &listed;
  context.formats = {"html", "hocr", "alto", "page", "mets"};
  const test::Written alto{exporting::write_alto, book, context}, page{exporting::write_page_xml, book, context};
  const test::Written mets{exporting::write_mets, book, context}, hocr{exporting::write_hocr, book, context};
  for (const auto& known : document.pages) {
    const auto file = exporting::page_file(known.number);
    EXPECT_EQ(test::schema_problems(alto.text(".alto" + file), "alto-4-4.xsd"), "");
    EXPECT_EQ(test::schema_problems(page.text(".page" + file), "page-2019-07-15.xsd"), "");
  }
  EXPECT_EQ(test::schema_problems(mets.text(".mets.xml"), "mets-1-12-1.xsd"), "");
  const auto parsed = test::parsed(hocr.text(".hocr"));
  EXPECT_EQ(parsed.select_nodes("//div[@class='ocr_page']").size(), document.pages.size());
  if (document.pages.front().outcome.state != result::State::ok) return;
  EXPECT_EQ(parsed.select_nodes("//span[@class='ocrx_word']").size(), 2U);
  EXPECT_EQ(parsed.select_nodes("//span[@class='ocr_line']").size(), 2U);
}

TEST(XmlOfARun, IsValidInEveryFormat) {
  test::MadeRun run;
  run.add_document("books/a \xFF\n<&>\".pdf", 4);
  run.add_document("locked.pdf", 0, Reason::encrypted);
  run.commit("books/a \xFF\n<&>\".pdf", 1, read_outcome());
  run.commit("books/a \xFF\n<&>\".pdf", 2, test::failed_outcome(Reason::timeout, "took \x02 too long"));
  run.commit("books/a \xFF\n<&>\".pdf", 3, test::blank_outcome());
  run.commit("locked.pdf", 0, test::failed_outcome(Reason::encrypted, "needs a password"));
  run.finish();
  const auto manifest = corpus::load_manifest(run.paths().manifest());
  const store::Contents contents{run.paths()};
  std::size_t documents = 0;
  merge::for_each_document(manifest, contents,
                           [&](const merge::Document& document) { expect_valid(document, manifest.documents()[documents++]); });
  EXPECT_EQ(documents, 2U);
}

/// Blocks of all roles and texts of anything that a page may hold, a model's markup among it.
merge::PageModel random_model(std::uint32_t number, std::mt19937& random) {
  const std::vector<std::string> texts{"word",      "Wür- de", "<table>", "</td><td>", "<tr>",       "</table>",
                                       "<sup>",     "# Titel", "&amp;",   "]]>",       "<!--",       "\"'",
                                       "שלום",      "日本語",  "\uFFFD",  "a\tb",      "\U0001F600", "<td colspan=\"0\">",
                                       "\\(x<y\\)", "-",       "1.",      "<script>"};
  const auto any = [&](std::size_t limit) { return static_cast<std::size_t>(random() % limit); };
  std::vector<test::MadeBlock> blocks(any(6));
  for (auto& block : blocks) {
    block.role = static_cast<Role>(any(13));
    block.level = block.role == Role::heading ? 1 + static_cast<int>(any(6)) : 0;
    block.vertical = any(4) == 0;
    block.lines.resize(block.role == Role::figure ? any(2) : 1 + any(3));
    for (auto& line : block.lines) {
      for (auto words = 1 + any(5); words > 0; --words) line += (line.empty() ? "" : " ") + texts[any(texts.size())];
    }
  }
  auto model = made_model(number, static_cast<Places>(any(4)), blocks);
  model.markup = any(2) == 0;
  for (auto& word : model.words) word.box = {static_cast<float>(random()) - 1e9F, -5, static_cast<float>(any(2000)), 1e9F};
  if (any(3) == 0) model.width_px = 0;
  for (auto& block : model.blocks) {
    if (any(3) == 0) block.boxes = {block.box, {1, 2, 3, 4}};
  }
  return model;
}

TEST(XmlOfRandomBooks, IsValid) {
  for (unsigned seed = 0; seed < 100; ++seed) {
    std::mt19937 random{seed};
    XmlBook made{"a.pdf"};
    for (std::uint32_t n = 1; n <= 3; ++n) made.add(random_model(n, random));
    std::ranges::shuffle(made.book.units, random);
    for (std::size_t n = 1; n < made.book.units.size(); ++n) {  // some go on in the next
      auto& pieces = made.book.units[n - 1].pieces;
      if (random() % 2 != 0 || pieces.empty()) continue;
      for (auto piece : made.book.units[n].pieces) {
        piece.joint = static_cast<merge::Joint>(1 + random() % 4);
        pieces.push_back(piece);
      }
      made.book.units.erase(made.book.units.begin() + static_cast<std::ptrdiff_t>(n));
    }
    const test::Written alto{exporting::write_alto, made.book}, page{exporting::write_page_xml, made.book};
    for (const auto* file : {"/0001.xml", "/0002.xml", "/0003.xml"}) {
      ASSERT_EQ(test::schema_problems(alto.text(".alto" + std::string{file}), "alto-4-4.xsd"), "") << seed;
      ASSERT_EQ(test::schema_problems(page.text(".page" + std::string{file}), "page-2019-07-15.xsd"), "") << seed;
    }
    ASSERT_EQ(test::schema_problems(test::Written(exporting::write_mets, made.book).text(".mets.xml"), "mets-1-12-1.xsd"), "") << seed;
    ASSERT_NO_THROW((void)test::parsed(test::Written(exporting::write_hocr, made.book).text(".hocr"))) << seed;
    ASSERT_NO_THROW((void)test::parsed(test::Written(exporting::write_html, made.book).text(".html"))) << seed;
  }
}

#ifndef PECIA_SANITIZED  // which keeps memory that was freed
TEST(XmlOfALongDocument, NeedsLittleMemoryBesideTheBook) {
  constexpr std::uint32_t pages = 20000;
  merge::Document document{{7}, "long.pdf", {}};
  for (std::uint32_t n = 1; n <= pages; ++n) document.pages.push_back({n, false, false, read_outcome()});
  const auto book = merge::bind(document);
  rusage before{}, after{};
  getrusage(RUSAGE_SELF, &before);
  for (const auto write : {exporting::write_hocr, exporting::write_html, exporting::write_mets}) test::Written{write, book};
  getrusage(RUSAGE_SELF, &after);
  EXPECT_LT(after.ru_maxrss - before.ru_maxrss, 16 * 1024) << "KiB";
}
#endif

}  // namespace xml_parts_test
