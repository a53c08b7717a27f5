#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <pugixml.hpp>

#include "export/export_fixture.hpp"

// What a PDF says of its parts, from the manifest to the formats.
namespace outline_test {

using namespace pecia;
using namespace pecia::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

class OutlinedExport : public testing::Test {
 protected:
  OutlinedExport() {
    run_.add_document("book.pdf", 4);
    auto& outline = run_.documents().front().outline;
    outline.entries = {
        {1, 1, "Vorrede & \xEF\xBF\xBF"}, {3, 1, "Erster Theil"}, {4, 2, "Von den \"Alten\""}};
    outline.labels = {{1, corpus::LabelStyle::lower_roman, "", 7},
                      {3, corpus::LabelStyle::decimal, "A-", 1}};
    run_.add_document("plain.pdf", 1);
    for (std::uint32_t page = 1; page <= 4; ++page)
      run_.commit("book.pdf", page, page_of(texts[page - 1]));
    run_.commit("plain.pdf", 1, page_of("Words alone."));
    run_.finish();
  }

  static constexpr std::array texts{"Of ships and of shoes.", "The walrus wept for them.",
                                    "Cabbages grow by the wall.", "Kings have no wings."};

  static result::PageOutcome page_of(const std::string& text) {
    auto outcome = read_outcome(text);
    outcome.geometry.page_width_px = 1000;
    outcome.geometry.page_height_px = 1400;
    return outcome;
  }
  static std::vector<std::string> attributes(const pugi::xml_node& root, const std::string& element,
                                             const char* name) {
    std::vector<std::string> values;
    for (const auto& found :
         root.select_nodes(("//*[local-name()='" + element + "'][@" + name + "]").c_str()))
      values.emplace_back(found.node().attribute(name).value());
    return values;
  }
  pugi::xml_document xml(const std::string& name) const {
    pugi::xml_document document;
    EXPECT_TRUE(document.load_file((out_ / name).c_str())) << name;
    return document;
  }
  std::string file(const std::string& name) const { return read_file(out_ / name); }
  ExportReport exported(std::vector<std::string> formats, bool per_document = true) {
    ExportSettings settings{std::move(formats), out_};
    settings.lines_per_document = per_document;
    return export_run(run_.paths(), settings);
  }

  MadeRun run_;
  TempFolder folder_;
  fs::path out_ = folder_.path() / "out";
};

TEST_F(OutlinedExport, ShowsContentsAndPrintedNumbersInEveryFormat) {
  (void)exported({"html", "hocr", "alto", "page", "mets", "jsonl"});

  const auto mets = xml("book.pdf.mets.xml");
  EXPECT_THAT(attributes(mets, "div", "ORDERLABEL"), ElementsAre("vii", "viii", "A-1", "A-2"));
  const auto part = mets.select_node("//*[local-name()='div'][@LABEL='Erster Theil']").node();
  EXPECT_EQ(std::string{part.child(part.first_child().name()).attribute("LABEL").value()},
            "Von den \"Alten\"");
  EXPECT_THAT(attributes(mets, "div", "LABEL"), testing::Contains("Vorrede & \xEF\xBF\xBD"))
      << "as valid in XML as the text of pages";

  const auto html = file("book.pdf.html");
  EXPECT_THAT(html, HasSubstr("<a href=\"#page-3\">Erster Theil</a>"));
  EXPECT_THAT(html, HasSubstr("printed number A-2"));
  EXPECT_THAT(file("book.pdf.hocr"), HasSubstr("lpageno &quot;vii&quot;"));
  EXPECT_THAT(file("book.pdf.page/0003.xml"), HasSubstr("printed-number:A-1;"));
  const auto alto = xml("book.pdf.alto/0004.xml");
  EXPECT_THAT(attributes(alto, "Page", "PRINTED_IMG_NR"), ElementsAre("A-2"));

  std::istringstream lines{file("documents.jsonl")};
  std::string line;
  std::getline(lines, line);
  const auto book = Json::parse(line);
  EXPECT_EQ(book["printed_numbers"], Json::array({"vii", "viii", "A-1", "A-2"}));
  ASSERT_EQ(book["contents"].size(), 3U);
  EXPECT_EQ(book["contents"][2], (Json{{"level", 2}, {"title", "Von den \"Alten\""}, {"page", 4}}));
  std::getline(lines, line);
  const auto plain = Json::parse(line);
  EXPECT_FALSE(plain.contains("printed_numbers"));
  EXPECT_TRUE(plain["contents"].empty());
}

TEST_F(OutlinedExport, IsWrittenAgainWhereTheOutlineChanged) {
  (void)exported({"html", "mets"});
  EXPECT_EQ(exported({"html", "mets"}).unchanged, 2U);
  const auto before = file("book.pdf.html");

  for (const auto& change : std::vector<std::function<void(corpus::Outline&)>>{
           [](corpus::Outline& outline) { outline.entries[1].title = "Zweiter Theil"; },
           [](corpus::Outline& outline) { outline.entries[1].page = 2; },
           [](corpus::Outline& outline) { outline.entries[2].level = 1; },
           [](corpus::Outline& outline) { outline.labels[0].start = 1; },
           [](corpus::Outline& outline) {
             outline.labels[1].style = corpus::LabelStyle::upper_roman;
           },
           [](corpus::Outline& outline) { outline.labels.clear(); }}) {
    run_.go_on();
    change(run_.documents().front().outline);
    run_.finish();
    const auto report = exported({"html", "mets"});
    EXPECT_EQ(report.unchanged, 1U) << "the document without an outline alone";
    EXPECT_EQ(report.written.at("html").files, 1U);
  }

  EXPECT_THAT(file("book.pdf.html"), HasSubstr("<a href=\"#page-2\">Zweiter Theil</a>"));
  EXPECT_THAT(file("book.pdf.html"), Not(HasSubstr("printed number")));
}

TEST_F(OutlinedExport, LinesOfPagesDoNotDependOnIt) {
  (void)exported({"jsonl"}, false);
  run_.go_on();
  run_.documents().front().outline = {};
  run_.finish();
  EXPECT_EQ(exported({"jsonl"}, false).unchanged, 2U);
}

}  // namespace outline_test
