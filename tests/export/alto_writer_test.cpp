#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/xml_support.hpp"
#include "xml_writers.hpp"

namespace alto_writer_test {

using namespace pecia;
using exporting::write_alto;
using merge::Joint;
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

constexpr auto schema = "alto-4-4.xsd";

pugi::xml_node with_id(const pugi::xml_node& root, const std::string& id) {
  return root.find_node([&](const pugi::xml_node& node) { return id == node.attribute("ID").value(); });
}

std::string value(const pugi::xml_node& node, const char* name) { return node.attribute(name).value(); }

/// The words of a block by lines: what touches is one word.
std::vector<Words> lines_in(const pugi::xml_node& block) {
  std::vector<Words> lines;
  for (const auto& node : block.select_nodes(".//TextLine")) {
    auto& words = lines.emplace_back();
    bool apart = true;
    for (const auto& part : node.node().children()) {
      const std::string_view name{part.name()};
      if (name.empty()) continue;  // white space between elements
      if (name == "String" && apart) words.emplace_back();
      if (name == "String" || name == "HYP") words.back() += value(part, "CONTENT");
      apart = name == "SP";
    }
  }
  return lines;
}

std::string first_page(const XmlBook& made) { return Written{write_alto, made.book}.text(".alto/0001.xml"); }

class AltoOfEveryPlaces : public testing::TestWithParam<Places> {};

TEST_P(AltoOfEveryPlaces, IsValidOnEveryPage) {
  const auto made = full_book(GetParam());
  const Written written{write_alto, made.book};
  EXPECT_THAT(written.names(), ElementsAre("a/b c.pdf.alto/0001.xml", "a/b c.pdf.alto/0002.xml", "a/b c.pdf.alto/0003.xml",
                                           "a/b c.pdf.alto/0004.xml", "a/b c.pdf.alto/0005.xml"));
  for (int page = 1; page <= 5; ++page)
    EXPECT_EQ(schema_problems(written.text(".alto/000" + std::to_string(page) + ".xml"), schema), "") << page;
}

TEST_P(AltoOfEveryPlaces, KeepsEveryWordInItsLine) {
  const auto made = full_book(GetParam());
  const Written written{write_alto, made.book};
  for (const auto& page : made.book.pages) {
    const auto document = parsed(written.text(".alto/000" + std::to_string(page.number) + ".xml"));
    for (std::uint32_t block = 0; block < page.blocks.size(); ++block) {
      const auto node = with_id(document, "block_" + std::to_string(page.number) + "_" + std::to_string(block + 1));
      ASSERT_TRUE(node);
      EXPECT_EQ(lines_in(node), test::lines_of(page, block));
      EXPECT_EQ(value(node, "TAGREFS"), "role_" + std::string{name(page.blocks[block].role)});
    }
  }
}

TEST_P(AltoOfEveryPlaces, HasCoordinatesOfWhatIsKnownAlone) {
  const auto document = parsed(first_page(full_book(GetParam())));
  EXPECT_EQ(with_id(document, "block_1_3").attribute("HPOS").empty(), GetParam() < Places::blocks);
  EXPECT_EQ(with_id(document, "block_1_3_line1").attribute("HPOS").empty(), GetParam() < Places::lines);
  EXPECT_EQ(with_id(document, "block_1_3_line1").child("String").attribute("HPOS").empty(), GetParam() < Places::words);
  EXPECT_EQ(with_id(document, "block_1_3_line1").child("String").attribute("WC").empty(), GetParam() < Places::words);
}

INSTANTIATE_TEST_SUITE_P(All, AltoOfEveryPlaces, testing::Values(Places::none, Places::blocks, Places::lines, Places::words),
                         [](const auto& places) { return std::string{merge::name(places.param)}; });

TEST(Alto, SaysWhereItIsFrom) {
  const auto document = parsed(first_page(full_book(Places::blocks)));
  const auto description = document.child("alto").child("Description");
  EXPECT_EQ(description.child_value("MeasurementUnit"), std::string{"pixel"});
  EXPECT_EQ(description.child("sourceImageInformation").child_value("fileName"), std::string{"books & \"more\"/a b;<c>.pdf"});
  const auto step = description.child("OCRProcessing").child("ocrProcessingStep");
  EXPECT_EQ(step.child_value("processingStepSettings"), std::string{"languages: deu+lat; fingerprint: tesseract 5 \"x\" & <y>"});
  EXPECT_EQ(step.child("processingSoftware").child_value("softwareName"), std::string{"tesseract"});
  EXPECT_THAT(description.child("OCRProcessing").child("postProcessingStep").child_value("processingStepDescription"),
              HasSubstr("Places are known of blocks alone"));
  const auto page = with_id(document, "page_1");
  EXPECT_EQ(value(page, "PHYSICAL_IMG_NR"), "1");
  EXPECT_EQ(value(page, "PRINTED_IMG_NR"), "17");
  EXPECT_EQ(value(page, "WIDTH"), "1000");
  EXPECT_EQ(value(page, "HEIGHT"), "1400");
  EXPECT_EQ(value(page, "PC"), "0.900");
  EXPECT_EQ(value(page, "LANG"), "deu");
  EXPECT_EQ(value(page, "OTHERLANGS"), "lat");
}

TEST(Alto, TellsTheLanguagesOfWordsThatAreInAnother) {
  const auto text = first_page(test::bilingual_book());
  EXPECT_EQ(schema_problems(text, schema), "");
  Words languages;
  const auto document = parsed(text);
  for (const auto& word : with_id(document, "block_1_1_line1").children("String")) languages.push_back(value(word, "LANG"));
  EXPECT_THAT(languages, ElementsAre("", "lat"));
}

TEST(Alto, PutsWhatIsOfThePageIntoItsMargins) {
  auto made = full_book(Places::words);
  made.book.pages[0].blocks[9].box.x1 = 200;
  const auto document = parsed(first_page(made));
  const auto parent = [&](int block) { return std::string{with_id(document, "block_1_" + std::to_string(block)).parent().name()}; };
  EXPECT_EQ(parent(1), "TopMargin");      // running head
  EXPECT_EQ(parent(2), "PrintSpace");     // heading
  EXPECT_EQ(parent(10), "LeftMargin");    // marginal
  EXPECT_EQ(parent(13), "BottomMargin");  // signature
  EXPECT_EQ(parent(14), "BottomMargin");  // page number
  const auto flow = document.child("alto").child("ReadingOrder").child("OrderedGroup");
  Words order;
  for (const auto& reference : flow.children("ElementRef")) order.push_back(value(reference, "REF"));
  EXPECT_THAT(order, ElementsAre("block_1_2", "block_1_3", "block_1_4", "block_1_5", "block_1_6", "block_1_7", "block_1_8", "block_1_9",
                                 "block_1_10", "block_1_11"));
}

TEST(Alto, ShowsHowTextRuns) {
  const auto document = parsed(Written{write_alto, full_book(Places::words).book}.text(".alto/0002.xml"));
  EXPECT_EQ(value(with_id(document, "block_2_1"), "BASEDIRECTION"), "rtl");
  EXPECT_EQ(value(with_id(document, "block_2_3"), "BASEDIRECTION"), "ttb");
}

/// "Wür-" and "de" are one word of the book, over a page break.
XmlBook divided(Joint joint) {
  XmlBook made{"a.pdf"};
  made.add(made_model(1, Places::words, {{Role::paragraph, {"die Wür-"}}}));
  made.add(made_model(2, Places::words, {{Role::paragraph, {"de des"}}}));
  const auto end = made.book.pages[0].lines[0].text.end;
  made.book.units.pop_back();
  made.book.units[0].pieces[0].text.end = joint == Joint::hyphen ? end - 1 : end;  // a dropped hyphen lies in no piece
  made.book.units[0].pieces.push_back({1, 0, made.book.pages[1].lines[0].text, joint});
  return made;
}

TEST(Alto, ShowsAWordThatWasHyphenated) {
  const auto made = divided(Joint::hyphen);
  const Written written{write_alto, made.book};
  const auto first = parsed(written.text(".alto/0001.xml")), second = parsed(written.text(".alto/0002.xml"));
  EXPECT_EQ(schema_problems(written.text(".alto/0001.xml"), schema), "");
  const auto head = first.select_node("//String[@SUBS_TYPE='HypPart1']").node(),
             tail = second.select_node("//String[@SUBS_TYPE='HypPart2']").node();
  EXPECT_EQ(value(head, "CONTENT"), "Wür");
  EXPECT_EQ(value(head, "SUBS_CONTENT"), "Würde");
  EXPECT_EQ(head.next_sibling("HYP").name(), std::string{"HYP"});
  EXPECT_EQ(value(first.select_node("//HYP").node(), "CONTENT"), "-");
  EXPECT_EQ(value(tail, "CONTENT"), "de");
  EXPECT_EQ(value(tail, "SUBS_CONTENT"), "Würde");
  EXPECT_EQ(second.select_nodes("//String[@SUBS_TYPE]").size(), 1U);
}

TEST(Alto, ShowsAWordOfSeveralBoxesThatWasHyphenated) {
  auto made = divided(Joint::hyphen);
  auto& page = made.book.pages[0];
  auto word = page.words.back();
  page.words.back().text.end = word.text.begin = word.text.begin + 1;  // "W" and "ür-" touch
  page.words.push_back(word);
  page.lines[0].words_end += 1;
  const auto document = parsed(first_page(made));
  const auto head = document.select_node("//String[@SUBS_TYPE='HypPart1']").node();
  EXPECT_EQ(value(head, "CONTENT"), "ür");
  EXPECT_EQ(value(head, "SUBS_CONTENT"), "Würde");
  EXPECT_EQ(document.select_nodes("//String[@SUBS_TYPE]").size(), 1U);
}

TEST(Alto, ShowsEachOfThePartsOfAPage) {
  XmlBook made{"a.pdf"};
  made.add(made_model(1, Places::words, {{Role::paragraph, {"der Wür-", "de des Am-", "tes und ei-", "ne"}}}));
  auto& pieces = made.book.units[0].pieces;
  for (std::size_t n = 0; n < 3; ++n) {
    pieces[n].text.end -= 1;
    pieces[n + 1].joint = Joint::hyphen;
  }
  const auto document = parsed(first_page(made));
  Words parts;
  for (const auto& node : document.select_nodes("//String[@SUBS_TYPE]"))
    parts.push_back(value(node.node(), "CONTENT") + " " + value(node.node(), "SUBS_TYPE") + " " + value(node.node(), "SUBS_CONTENT"));
  EXPECT_THAT(parts, ElementsAre("Wür HypPart1 Würde", "de HypPart2 Würde", "Am HypPart1 Amtes", "tes HypPart2 Amtes", "ei HypPart1 eine",
                                 "ne HypPart2 eine"));
}

TEST(Alto, LeavesAHyphenThatBelongsToItsWord) {
  const auto document = parsed(first_page(divided(Joint::kept_hyphen)));
  const auto head = document.select_node("//String[@SUBS_TYPE='HypPart1']").node();
  EXPECT_EQ(value(head, "CONTENT"), "Wür-");
  EXPECT_EQ(value(head, "SUBS_CONTENT"), "Wür-de");
  EXPECT_FALSE(document.select_node("//HYP").node());
}

TEST(Alto, SaysWhyAPageHasNoText) {
  const Written written{write_alto, full_book(Places::words).book};
  const auto note = [&](const std::string& page) {
    const auto document = parsed(written.text(".alto/000" + page + ".xml"));
    return value(with_id(document, "page_" + page), "QUALITY_DETAIL");
  };
  EXPECT_THAT(note("3"), HasSubstr("page 3 could not be read: timeout"));
  EXPECT_EQ(note("4"), "page 4 is not read yet");
  EXPECT_EQ(note("5"), "page 5 is blank");
  EXPECT_THAT(written.text(".alto/0003.xml"), Not(HasSubstr("<String")));
  EXPECT_THAT(written.text(".alto/0001.xml"), HasSubstr("The document has gaps: 1 page could not be read"));
}

TEST(Alto, OfADocumentWithoutPagesIsValid) {
  XmlBook made{"locked.pdf"};
  made.add_without_text(0, result::State::failed, Reason::encrypted);
  const auto xml = Written{write_alto, made.book}.text(".alto/0000.xml");
  EXPECT_EQ(schema_problems(xml, schema), "");
  EXPECT_THAT(xml, HasSubstr("this document could not be read: encrypted"));
}

TEST(Alto, TheSchemaIsReallyAsked) {
  auto xml = first_page(full_book(Places::words));
  xml.replace(xml.find("<PrintSpace"), 11, "<PrintPlace");
  EXPECT_NE(schema_problems(xml, schema), "");
}

}  // namespace alto_writer_test
