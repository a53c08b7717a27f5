#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/xml_support.hpp"
#include "xml_writers.hpp"

namespace hocr_writer_test {

using namespace pecia;
using exporting::write_hocr;
using merge::Places;
using merge::Role;
using test::full_book;
using test::made_model;
using test::XmlBook;
using test::parsed;
using test::Words;
using test::Written;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

pugi::xml_node with_id(const pugi::xml_node& root, const std::string& id) {
  return root.find_node([&](const pugi::xml_node& node) { return id == node.attribute("id").value(); });
}

std::string class_of(const pugi::xml_node& node) { return node.attribute("class").value(); }

std::string title_of(const pugi::xml_node& node) { return node.attribute("title").value(); }

std::string text_in(const pugi::xml_node& node) {
  std::string text;
  for (const auto& child : node.children()) text += child.type() == pugi::node_pcdata ? child.value() : text_in(child);
  return text;
}

/// The words of a block, by lines: an ocr_line each, or what `br` divides.
std::vector<Words> lines_in(const pugi::xml_node& block) {
  std::vector<Words> lines;
  std::string loose;
  const auto flush = [&] {
    if (auto words = test::split(loose); !words.empty()) lines.push_back(std::move(words));
    loose.clear();
  };
  for (const auto& child : block.children()) {
    const bool line = class_of(child) == "ocr_line";
    if (line || std::string_view{child.name()} == "br") flush();
    if (line)
      lines.push_back(test::split(text_in(child)));
    else
      loose += child.type() == pugi::node_pcdata ? child.value() : text_in(child);
  }
  flush();
  return lines;
}

std::string meta(const pugi::xml_document& document, const std::string& name) {
  return document.find_node([&](const auto& node) { return name == node.attribute("name").value(); }).attribute("content").value();
}

class HocrOfEveryPlaces : public testing::TestWithParam<Places> {};

TEST_P(HocrOfEveryPlaces, KeepsEveryWordInItsLine) {
  const auto made = full_book(GetParam());
  const auto document = parsed(Written{write_hocr, made.book}.text(".hocr"));
  for (const auto& page : made.book.pages) {
    for (std::uint32_t block = 0; block < page.blocks.size(); ++block) {
      const auto node = with_id(document, "block_" + std::to_string(page.number) + "_" + std::to_string(block + 1));
      ASSERT_TRUE(node);
      EXPECT_EQ(lines_in(node), test::lines_of(page, block));
      EXPECT_EQ(std::string{node.attribute("data-role").value()}, name(page.blocks[block].role));
    }
  }
}

TEST_P(HocrOfEveryPlaces, SaysWhatItKnowsAndNoMore) {
  const auto made = full_book(GetParam());
  const auto text = Written{write_hocr, made.book}.text(".hocr");
  const auto capabilities = test::split(meta(parsed(text), "ocr-capabilities"));
  const auto has = [&](const std::string& name) { return std::ranges::find(capabilities, name) != capabilities.end(); };
  for (const std::string name : {"ocr_carea", "ocr_line", "ocrx_word"})
    EXPECT_EQ(has(name), text.find("class=\"" + name + "\"") != std::string::npos) << name;
  EXPECT_EQ(has("ocr_carea"), GetParam() >= Places::blocks);
  EXPECT_EQ(has("ocr_line"), GetParam() >= Places::lines);
  EXPECT_EQ(has("ocrx_word"), GetParam() == Places::words);
  EXPECT_EQ(has("ocrp_wconf"), GetParam() == Places::words);
  for (const auto* name : {"ocr_page", "ocr_par", "ocr_header", "ocr_footer", "ocr_pageno", "ocr_caption", "ocr_table", "ocr_image",
                           "ocr_textfloat", "ocr_chapter", "ocr_section", "ocrp_lang", "ocrp_dir"})
    EXPECT_TRUE(has(name)) << name;
}

INSTANTIATE_TEST_SUITE_P(All, HocrOfEveryPlaces, testing::Values(Places::none, Places::blocks, Places::lines, Places::words),
                         [](const auto& places) { return std::string{merge::name(places.param)}; });

TEST(Hocr, HasAPageWithItsProperties) {
  const auto document = parsed(Written{write_hocr, full_book(Places::words).book}.text(".hocr"));
  const auto page = with_id(document, "page_1");
  EXPECT_EQ(title_of(page), "image \"books & \\\"more\\\"/a b;<c>.pdf\"; ppageno 0; bbox 0 0 1000 1400; lpageno \"17\"; scan_res 300 300");
  EXPECT_EQ(page.attribute("lang").value(), std::string{"de"});
  EXPECT_EQ(meta(document, "ocr-langs"), "de la he ja");
  EXPECT_EQ(meta(document, "ocr-number-of-pages"), "5");
  EXPECT_THAT(meta(document, "ocr-system"), HasSubstr("tesseract 5 \"x\" & <y>"));
}

TEST(Hocr, TellsTheLanguagesOfWordsThatAreInAnother) {
  const auto document = parsed(Written{write_hocr, test::bilingual_book().book}.text(".hocr"));
  EXPECT_TRUE(with_id(document, "word_1_1").attribute("lang").empty());
  for (const auto* name : {"lang", "xml:lang"}) EXPECT_EQ(with_id(document, "word_1_2").attribute(name).value(), std::string{"la"});
}

TEST(Hocr, RoundsBoxesOutwardsAndKeepsThemInThePage) {
  XmlBook made{"a.png"};
  auto model = made_model(1, Places::words, {{Role::paragraph, {"eins zwei drei"}}});
  model.words[1].box = {-20.5F, 1390, 1e30F, 1500};
  model.words[2].box = {30, 60, 20, 50};  // inverted
  made.add(model);
  const auto document = parsed(Written{write_hocr, made.book}.text(".hocr"));
  EXPECT_EQ(title_of(with_id(document, "area_1_1")), "bbox 100 10 900 100");
  EXPECT_EQ(title_of(with_id(document, "line_1_1_1")), "bbox 100 10 891 28");
  EXPECT_EQ(title_of(with_id(document, "word_1_1")), "bbox 100 10 131 28; x_wconf 50");
  EXPECT_EQ(title_of(with_id(document, "word_1_2")), "bbox 0 1390 1000 1400; x_wconf 50");
  EXPECT_EQ(title_of(with_id(document, "word_1_3")), "bbox 20 50 30 60; x_wconf 50");
}

TEST(Hocr, FollowsTheOrderOfTheBook) {
  XmlBook made{"a.png"};
  made.add(
      made_model(1, Places::blocks,
                 {{Role::running_head, {"head"}}, {Role::paragraph, {"right"}}, {Role::paragraph, {"left"}}, {Role::page_number, {"1"}}}));
  std::swap(made.book.units[0], made.book.units[1]);
  const auto text = text_in(parsed(Written{write_hocr, made.book}.text(".hocr")).child("html").child("body"));
  EXPECT_THAT(test::split(text), ElementsAre("head", "left", "1", "right"));
}

TEST(Hocr, DoesNotPutBlanksBetweenWordsThatTouch) {
  XmlBook made{"a.png"};
  auto model = made_model(1, Places::words, {{Role::paragraph, {"日本 語"}}});
  model.text.replace(model.text.find(' '), 1, "");
  model.words[1].text = {model.words[1].text.begin - 1, model.words[1].text.end - 1};
  model.lines[0].text.end = model.blocks[0].text.end = static_cast<std::uint32_t>(model.text.size());
  made.add(model);
  const auto document = parsed(Written{write_hocr, made.book}.text(".hocr"));
  EXPECT_EQ(text_in(with_id(document, "line_1_1_1")), "日本語");
}

TEST(Hocr, ShowsHowTextRuns) {
  const auto document = parsed(Written{write_hocr, full_book(Places::words).book}.text(".hocr"));
  EXPECT_EQ(with_id(document, "block_2_1").attribute("dir").value(), std::string{"rtl"});
  EXPECT_EQ(with_id(document, "block_2_3").attribute("style").value(), std::string{"writing-mode: vertical-rl"});
  EXPECT_FALSE(with_id(document, "block_1_1").attribute("dir"));
}

TEST(Hocr, SaysWhichPagesAreMissing) {
  const auto document = parsed(Written{write_hocr, full_book(Places::words).book}.text(".hocr"));
  EXPECT_EQ(meta(document, "pecia-gaps"), "1 page could not be read: 3; 1 page is not read yet: 4");
  const auto failed = with_id(document, "page_3");
  EXPECT_EQ(failed.attribute("data-state").value(), std::string{"failed"});
  EXPECT_THAT(failed.attribute("data-notice").value(), HasSubstr("page 3 could not be read: timeout"));
  EXPECT_THAT(test::split(text_in(failed)), IsEmpty());
  EXPECT_EQ(with_id(document, "page_4").attribute("data-state").value(), std::string{"pending"});
  EXPECT_EQ(with_id(document, "page_5").attribute("data-state").value(), std::string{"blank"});

  XmlBook complete{"a.png"};
  complete.add(made_model(1, Places::none, {{Role::paragraph, {"x"}}}));
  EXPECT_THAT(Written(write_hocr, complete.book).text(".hocr"), Not(HasSubstr("pecia-gaps")));
}

TEST(Hocr, HasTheTextOfAModelWithoutItsMarkup) {
  XmlBook made{"a.png"};
  auto model =
      made_model(1, Places::blocks,
                 {{Role::heading, {"## Titel"}, 2}, {Role::table, {"<table><tr><td>1</td><td>2</td></tr><tr><td>3</td></tr></table>"}}});
  model.markup = true;
  made.add(model);
  const auto document = parsed(Written{write_hocr, made.book}.text(".hocr"));
  EXPECT_EQ(with_id(document, "block_1_1").name(), std::string{"h2"});
  EXPECT_THAT(lines_in(with_id(document, "block_1_1")), ElementsAre(Words{"Titel"}));
  EXPECT_THAT(lines_in(with_id(document, "block_1_2")), ElementsAre(Words{"1", "2"}, Words{"3"}));
}

TEST(Hocr, HasTheLinesOfAModelsTextWithoutItsMarkup) {
  XmlBook made{"a.png"};
  auto model = made_model(1, Places::lines,
                          {{Role::heading, {"# Titel # 1"}, 1}, {Role::table, {"<table><tr><td>1 a</td>", "<td>2</td></tr>", "</table>"}}});
  model.markup = true;
  const auto begin = static_cast<std::uint32_t>(model.text.find("2<"));
  auto& line = model.lines[2];
  model.words.push_back({{begin, begin + 1}, {200, 130, 220, 148}, .5F});
  line.words_end = 1;
  made.add(model);
  const auto document = parsed(Written{write_hocr, made.book}.text(".hocr"));
  EXPECT_THAT(lines_in(with_id(document, "block_1_1")), ElementsAre(Words{"Titel", "#", "1"}));
  EXPECT_THAT(lines_in(with_id(document, "block_1_2")), ElementsAre(Words{"1", "a"}, Words{"2"}));
  EXPECT_EQ(std::string{with_id(document, "word_1_1").child_value()}, "2");
}

TEST(Hocr, IsTheSameEveryTime) {
  const auto made = full_book(Places::words);
  EXPECT_EQ(Written(write_hocr, made.book).text(".hocr"), Written(write_hocr, made.book).text(".hocr"));
}

}  // namespace hocr_writer_test
