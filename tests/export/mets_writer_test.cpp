#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/xml_support.hpp"
#include "xml_writers.hpp"

namespace mets_writer_test {

using namespace pecia;
using exporting::write_mets;
using merge::Places;
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

constexpr auto schema = "mets-1-12-1.xsd";

std::string value(const pugi::xml_node& node, const char* name) { return node.attribute(name).value(); }

pugi::xml_node with_id(const pugi::xml_node& root, const std::string& id) {
  return root.find_node([&](const pugi::xml_node& node) { return id == node.attribute("ID").value(); });
}

/// A document with everything, and what its METS may refer to.
struct Everything {
  Everything() {
    listed.path = "books & \"more\"/a b;<c>.pdf";
    listed.format = corpus::Format::pdf;
    listed.size_bytes = 12345;
    context.listed = &listed;
    context.formats = {"mets", "alto", "md", "hocr", "jsonl"};
    context.figures[2] = {"b%20c.pdf.images/2_1.png", ""};
    auto& attempt = made.page(0).outcome.attempts.emplace_back();
    attempt.engine = "deepseek_ocr2";
    attempt.reason = Reason::repetition;
    attempt.detail = "loop & <x>";
  }

  XmlBook made = full_book(Places::words);
  corpus::Document listed;
  exporting::WriteContext context;
};

TEST(Mets, IsValid) {
  const Everything all;
  EXPECT_EQ(schema_problems(Written(write_mets, all.made.book, all.context).text(".mets.xml"), schema), "");
  EXPECT_EQ(schema_problems(Written(write_mets, all.made.book).text(".mets.xml"), schema), "") << "without the manifest and other formats";

  XmlBook locked{"locked.pdf"};
  locked.add_without_text(0, result::State::failed, Reason::encrypted);
  EXPECT_EQ(schema_problems(Written(write_mets, locked.book).text(".mets.xml"), schema), "");
}

TEST(Mets, RefersToWhatIsWrittenAndNothingElse) {
  const Everything all;
  const auto document = parsed(Written{write_mets, all.made.book, all.context}.text(".mets.xml"));
  Words groups, links;
  for (const auto& group : document.child("mets").child("fileSec").children("fileGrp")) {
    groups.push_back(value(group, "USE"));
    for (const auto& file : group.children("file")) links.push_back(value(file.child("FLocat"), "xlink:href"));
  }
  EXPECT_THAT(groups, ElementsAre("IMAGES", "FIGURES", "ALTO", "HOCR", "MARKDOWN"));
  EXPECT_THAT(links, ElementsAre("books%20%26%20%22more%22/a%20b%3B%3Cc%3E.pdf", "b%20c.pdf.images/2_1.png", "b%20c.pdf.alto/0001.xml",
                                 "b%20c.pdf.alto/0002.xml", "b%20c.pdf.alto/0003.xml", "b%20c.pdf.alto/0004.xml", "b%20c.pdf.alto/0005.xml",
                                 "b%20c.pdf.hocr", "b%20c.pdf.md"));
  const auto source = with_id(document, "file_source");
  EXPECT_EQ(value(source, "SIZE"), "12345");
  EXPECT_EQ(value(source, "MIMETYPE"), "application/pdf");
}

TEST(Mets, RefersToAPdfIfThereIsOne) {
  const Everything all;
  auto context = all.context;
  context.formats = {"pdf", "mets"};
  EXPECT_THAT(Written(write_mets, all.made.book, context).text(".mets.xml"), Not(HasSubstr("file_pdf")));
  const auto write_both = [](const merge::Book& book, const exporting::WriteContext& given, exporting::DocumentFiles& files) {
    files.write(".pdf", "%PDF");
    write_mets(book, given, files);
  };
  const auto document = parsed(Written{write_both, all.made.book, context}.text(".mets.xml"));
  EXPECT_EQ(value(with_id(document, "file_pdf").child("FLocat"), "xlink:href"), "b%20c.pdf.pdf");
}

TEST(Mets, HasADivisionForEveryPage) {
  const Everything all;
  const auto document = parsed(Written{write_mets, all.made.book, all.context}.text(".mets.xml"));
  const auto sequence = document.child("mets").find_child_by_attribute("structMap", "TYPE", "PHYSICAL").child("div");
  Words orders, labels;
  for (const auto& page : sequence.children("div")) {
    orders.push_back(value(page, "ORDER") + " " + value(page, "ORDERLABEL"));
    labels.push_back(value(page, "LABEL"));
    for (const auto& pointer : page.children("fptr")) EXPECT_TRUE(with_id(document, value(pointer, "FILEID")));
  }
  EXPECT_THAT(orders, ElementsAre("1 17", "2 ", "3 ", "4 ", "5 "));
  EXPECT_THAT(labels, ElementsAre("", "", HasSubstr("page 3 could not be read: timeout"), "page 4 is not read yet", "page 5 is blank"));
  EXPECT_EQ(value(with_id(document, "phys_0004"), "ADMID"), "") << "nothing has happened to it";
  EXPECT_EQ(value(with_id(document, "phys_0003"), "ADMID"), "event_0003");
}

TEST(Mets, HasTheHeadingsWithinEachOther) {
  const auto document = parsed(Written{write_mets, full_book(Places::words).book}.text(".mets.xml"));
  EXPECT_EQ(value(with_id(document, "log_1"), "LABEL"), "Erstes & Kapitel");
  const auto parent = [&](const char* id) { return value(with_id(document, id).parent(), "ID"); };
  EXPECT_EQ(parent("log_1"), "log");
  EXPECT_EQ(parent("log_2"), "log_1");
  EXPECT_EQ(parent("log_3"), "log_1");
  EXPECT_EQ(parent("log_4"), "log");
  Words links;
  for (const auto& link : document.child("mets").child("structLink").children("smLink"))
    links.push_back(value(link, "xlink:from") + ">" + value(link, "xlink:to"));
  EXPECT_THAT(links, ElementsAre("log>phys", "log_1>phys_0001", "log_2>phys_0001", "log_3>phys_0002", "log_4>phys_0005"));
}

TEST(Mets, TellsWhatHappenedToAPage) {
  const Everything all;
  const auto document = parsed(Written{write_mets, all.made.book, all.context}.text(".mets.xml"));
  const auto event = with_id(document, "event_0001");
  Words details;
  for (const auto& node : event.select_nodes(".//*[local-name()='eventDetail']")) details.emplace_back(node.node().child_value());
  EXPECT_THAT(details, ElementsAre("attempts: 2; the last: normal", "languages: deu+lat",
                                   "attempt by deepseek_ocr2 (normal) ended: repetition loop & <x>"));
  const auto agent = event.select_node(".//*[local-name()='linkingAgentIdentifierValue']").node().child_value();
  EXPECT_THAT(with_id(document, agent).select_node(".//*[local-name()='agentNote']").node().child_value(),
              HasSubstr("tesseract 5 \"x\" & <y>"));
  EXPECT_EQ(with_id(document, "event_0003").select_node(".//*[local-name()='eventOutcome']").node().child_value(), std::string{"failed"});
}

TEST(Mets, SaysThatADocumentHasGaps) {
  const auto text = Written{write_mets, full_book(Places::words).book}.text(".mets.xml");
  EXPECT_THAT(text, HasSubstr("RECORDSTATUS=\"with gaps\""));
  EXPECT_THAT(text, HasSubstr("<note>The document has gaps: 1 page could not be read: 3; 1 page is not read yet: 4</note>"));

  XmlBook complete{"a.png"};
  complete.add(made_model(1, Places::none, {{merge::Role::paragraph, {"x"}}}));
  EXPECT_THAT(Written(write_mets, complete.book).text(".mets.xml"), HasSubstr("RECORDSTATUS=\"complete\""));
}

}  // namespace mets_writer_test
