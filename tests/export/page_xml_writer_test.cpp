#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/xml_support.hpp"
#include "xml_writers.hpp"

namespace page_xml_writer_test {

using namespace pecia;
using exporting::write_page_xml;
using merge::Places;
using merge::Role;
using test::full_book;
using test::made_model;
using test::XmlBook;
using test::parsed;
using test::schema_problems;
using test::Words;
using test::Written;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

constexpr auto schema = "page-2019-07-15.xsd";

pugi::xml_node with_id(const pugi::xml_node& root, const std::string& id) {
  return root.find_node([&](const pugi::xml_node& node) { return id == node.attribute("id").value(); });
}

std::string value(const pugi::xml_node& node, const char* name) { return node.attribute(name).value(); }
std::string points(const pugi::xml_node& node) { return value(node.child("Coords"), "points"); }
std::string text_in(const pugi::xml_node& node) { return node.child("TextEquiv").child_value("Unicode"); }

/// The text region of a block: the region itself, or the one within a table, an image or a formula.
pugi::xml_node text_region(const pugi::xml_node& region) {
  return std::string_view{region.name()} == "TextRegion" ? region : region.child("TextRegion");
}

/// By the text of the region.
std::vector<Words> lines_in(const pugi::xml_node& region) {
  std::vector<Words> lines;
  std::istringstream text{text_in(text_region(region))};
  for (std::string line; std::getline(text, line);) lines.push_back(test::split(line));
  return lines;
}

/// By the words with places.
std::vector<Words> placed_lines_in(const pugi::xml_node& region) {
  std::vector<Words> lines;
  for (const auto& line : text_region(region).children("TextLine")) {
    auto& words = lines.emplace_back();
    for (const auto& word : line.children("Word")) words.push_back(text_in(word));
  }
  return lines;
}

std::string first_page(const XmlBook& made) { return Written{write_page_xml, made.book}.text(".page/0001.xml"); }

class PageXmlOfEveryPlaces : public testing::TestWithParam<Places> {};

TEST_P(PageXmlOfEveryPlaces, IsValidOnEveryPage) {
  const auto made = full_book(GetParam());
  const Written written{write_page_xml, made.book};
  EXPECT_EQ(written.names().size(), 5U);
  for (int page = 1; page <= 5; ++page)
    EXPECT_EQ(schema_problems(written.text(".page/000" + std::to_string(page) + ".xml"), schema), "") << page;
}

TEST_P(PageXmlOfEveryPlaces, KeepsEveryWordInItsLine) {
  const auto made = full_book(GetParam());
  const Written written{write_page_xml, made.book};
  for (const auto& page : made.book.pages) {
    const auto document = parsed(written.text(".page/000" + std::to_string(page.number) + ".xml"));
    for (std::uint32_t block = 0; block < page.blocks.size(); ++block) {
      const auto region = with_id(document, "region_" + std::to_string(page.number) + "_" + std::to_string(block + 1));
      ASSERT_TRUE(region);
      EXPECT_EQ(lines_in(region), test::lines_of(page, block));
      if (GetParam() == Places::words) {
        EXPECT_EQ(placed_lines_in(region), test::lines_of(page, block));
      } else if (GetParam() < Places::lines) {
        EXPECT_TRUE(placed_lines_in(region).empty());
      }
    }
  }
}

TEST_P(PageXmlOfEveryPlaces, SaysWhereARegionHasNoPlace) {
  const auto document = parsed(first_page(full_book(GetParam())));
  const auto heading = with_id(document, "region_1_2");
  const bool placed = GetParam() >= Places::blocks;
  EXPECT_EQ(points(heading), placed ? "100,110 900,110 900,200 100,200" : "0,0 1000,0 1000,1400 0,1400");
  EXPECT_EQ(value(heading, "custom"), std::string{"structure {type:heading; level:1;}"} + (placed ? "" : " pecia {place:unknown;}"));
  EXPECT_EQ(value(heading, "comments").empty(), placed);
}

INSTANTIATE_TEST_SUITE_P(All, PageXmlOfEveryPlaces, testing::Values(Places::none, Places::blocks, Places::lines, Places::words),
                         [](const auto& places) { return std::string{merge::name(places.param)}; });

TEST(PageXml, HasARegionOfTheRightKindForEveryRole) {
  const auto document = parsed(first_page(full_book(Places::words)));
  Words kinds;
  for (const auto& region : document.child("PcGts").child("Page").children()) {
    if (region.attribute("id")) kinds.push_back(std::string{region.name()} + " " + value(region, "type"));
  }
  EXPECT_THAT(kinds,
              ElementsAre("TextRegion header", "TextRegion heading", "TextRegion paragraph", "TextRegion heading", "TextRegion paragraph",
                          "TableRegion ", "ImageRegion ", "TextRegion caption", "MathsRegion ", "TextRegion marginalia",
                          "TextRegion footnote", "TextRegion catch-word", "TextRegion signature-mark", "TextRegion page-number"));
}

TEST(PageXml, HasThePageAndItsFlow) {
  const auto document = parsed(first_page(full_book(Places::words)));
  const auto page = document.child("PcGts").child("Page");
  EXPECT_EQ(value(page, "imageFilename"), "books & \"more\"/a b;<c>.pdf");
  EXPECT_EQ(value(page, "imageWidth"), "1000");
  EXPECT_EQ(value(page, "imageHeight"), "1400");
  EXPECT_EQ(value(page, "imageXResolution"), "300.00");
  EXPECT_EQ(value(page, "primaryLanguage"), "German");
  EXPECT_EQ(value(page, "secondaryLanguage"), "Latin");
  EXPECT_EQ(value(page, "custom"), "pecia {page:1; state:ok; printed-number:17;}");
  Words flow;
  for (const auto& reference : page.child("ReadingOrder").child("OrderedGroup").children("RegionRefIndexed"))
    flow.push_back(value(reference, "regionRef"));
  EXPECT_THAT(flow, ElementsAre("region_1_2", "region_1_3", "region_1_4", "region_1_5", "region_1_6", "region_1_7", "region_1_8",
                                "region_1_9", "region_1_10", "region_1_11"));
  const auto software = page.parent().child("Metadata").child("MetadataItem");
  EXPECT_EQ(value(software, "value"), "tesseract");
}

TEST(PageXml, OutlinesSurroundWhatLiesInThem) {
  XmlBook made{"a.png"};
  auto model = made_model(1, Places::words, {{Role::paragraph, {"eins zwei"}}});
  model.words[1].box = {50, 5, 950, 60};
  made.add(model);
  const auto document = parsed(first_page(made));
  EXPECT_EQ(points(with_id(document, "region_1_1_line1_word2")), "50,5 950,5 950,60 50,60");
  EXPECT_EQ(points(with_id(document, "region_1_1_line1")), "50,5 950,5 950,60 50,60");
  EXPECT_EQ(points(with_id(document, "region_1_1")), "50,5 950,5 950,100 50,100");
}

TEST(PageXml, HasARegionForEachPartOfAFigure) {
  XmlBook made{"a.png"};
  auto model = made_model(1, Places::blocks, {{Role::figure, {}}});
  model.blocks[0].boxes = {{100, 10, 200, 100}, {300, 10, 899, 100}};
  made.add(model);
  const auto xml = first_page(made);
  EXPECT_EQ(schema_problems(xml, schema), "");
  EXPECT_EQ(parsed(xml).select_nodes("//ImageRegion").size(), 2U);
}

TEST(PageXml, ShowsHowTextRuns) {
  const auto document = parsed(Written{write_page_xml, full_book(Places::words).book}.text(".page/0002.xml"));
  EXPECT_EQ(value(with_id(document, "region_2_1"), "readingDirection"), "right-to-left");
  EXPECT_EQ(value(with_id(document, "region_2_3"), "readingDirection"), "top-to-bottom");
  EXPECT_EQ(value(with_id(document, "region_2_3"), "textLineOrder"), "right-to-left");
  EXPECT_EQ(value(document.child("PcGts").child("Page"), "primaryLanguage"), "Hebrew");
}

TEST(PageXml, SaysWhyAPageHasNoText) {
  const Written written{write_page_xml, full_book(Places::words).book};
  EXPECT_THAT(written.text(".page/0003.xml"), HasSubstr("page 3 could not be read: timeout"));
  EXPECT_THAT(written.text(".page/0003.xml"), HasSubstr("pecia {page:3; state:failed;}"));
  EXPECT_THAT(written.text(".page/0004.xml"), HasSubstr("page 4 is not read yet"));
  EXPECT_THAT(written.text(".page/0005.xml"), HasSubstr("type=\"blank\""));
  for (const auto* page : {".page/0003.xml", ".page/0004.xml", ".page/0005.xml"}) EXPECT_THAT(written.text(page), Not(HasSubstr("Region")));
  EXPECT_THAT(written.text(".page/0001.xml"), HasSubstr("The document has gaps: 1 page could not be read"));
}

TEST(PageXml, TakesTheSizeOfAPageThatWasNotReadFromTheManifest) {
  XmlBook made{"a.png"};
  made.add_pending(1);
  corpus::Document listed;
  listed.pages.resize(1);
  listed.pages[0].width_px = 640.5F;
  listed.pages[0].height_px = 480;
  exporting::WriteContext context;
  context.listed = &listed;
  EXPECT_THAT(Written(write_page_xml, made.book, context).text(".page/0001.xml"), HasSubstr("imageWidth=\"641\" imageHeight=\"480\""));
}

TEST(PageXml, TellsTheLanguagesOfWordsThatAreInAnother) {
  const auto text = first_page(test::bilingual_book());
  EXPECT_EQ(schema_problems(text, schema), "");
  Words languages;
  const auto document = parsed(text);
  for (const auto& word : with_id(document, "region_1_1_line1").children("Word")) languages.push_back(value(word, "language"));
  EXPECT_THAT(languages, ElementsAre("", "Latin"));
}

}  // namespace page_xml_writer_test
