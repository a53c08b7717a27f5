#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "export/xml_support.hpp"
#include "xml_writers.hpp"

namespace html_writer_test {

using namespace pecia;
using exporting::write_html;
using merge::Joint;
using merge::Places;
using merge::Role;
using test::full_book;
using test::made_model;
using test::MadeBlock;
using test::XmlBook;
using test::Words;
using test::Written;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

const std::set<std::string> phrasing{"span", "br", "sup", "sub", "u", "img", "a"};

/// What is no valid HTML5 in an element and below, by the elements that we write.
void find_misplaced(const pugi::xml_node& node, std::string& problems) {
  const std::string name{node.name()};
  for (const auto& child : node.children()) {
    if (child.type() != pugi::node_element) continue;
    const std::string inner{child.name()};
    const bool flow = name == "div" || name == "main" || name == "body" || name == "li" || name == "td" || name == "th" ||
                      name == "aside" || name == "header";
    const bool fits = inner == "td" || inner == "th"        ? name == "tr"
                      : inner == "tr" || inner == "caption" ? name == "table"
                      : inner == "li"                       ? name == "ul" || name == "ol"
                      : name == "p" || name == "span" || phrasing.contains(name) || name.starts_with("h1") || name == "h2" || name == "h3"
                          ? phrasing.contains(inner)
                      : name == "table" || name == "tr" || name == "ul" || name == "ol"
                          ? false
                          : flow || name == "head" || name == "html" || name == "nav" || name == "figure" || name == "caption";
    if (!fits) problems += "<" + inner + "> in <" + name + ">\n";
    find_misplaced(child, problems);
  }
}

/// The file as a document, after checks that hold for every HTML5 file that is XML, too.
pugi::xml_document checked(const std::string& text) {
  EXPECT_TRUE(text.starts_with("<!DOCTYPE html>\n<html"));
  auto document = test::parsed(text);
  std::string problems;
  find_misplaced(document.child("html"), problems);
  EXPECT_EQ(problems, "") << text;
  std::set<std::string> ids;
  for (const auto& node : document.select_nodes("//*[@id]")) EXPECT_TRUE(ids.insert(node.node().attribute("id").value()).second);
  for (const auto& link : document.select_nodes("//a/@href"))
    EXPECT_TRUE(ids.contains(link.attribute().value() + 1)) << link.attribute().value();
  for (std::size_t at = text.find("/>"); at != std::string::npos; at = text.find("/>", at + 1)) {
    const auto name = text.substr(text.rfind('<', at) + 1, 4);
    EXPECT_TRUE(name.starts_with("br") || name.starts_with("img") || name.starts_with("meta")) << "no void element: " << name;
  }
  return document;
}

std::string inside(const pugi::xml_node& node) {
  std::ostringstream out;
  for (const auto& child : node.children()) child.print(out, "", pugi::format_raw);
  return out.str();
}

/// The flow of a page of these blocks without the mark of the page; a model's, if `markup`.
std::string flow_of(const std::vector<MadeBlock>& blocks, bool markup = false) {
  XmlBook made{"a.png"};
  auto model = made_model(1, Places::blocks, blocks);
  model.markup = markup;
  model.languages.clear();
  made.add(model);
  const auto document = checked(Written{write_html, made.book}.text(".html"));
  auto text = inside(document.child("html").child("body").child("main"));
  return text.substr(text.find("</div>\n") + 7);
}

TEST(Html, IsValidWithEverythingInIt) {
  for (const auto places : {Places::none, Places::words}) checked(Written{write_html, full_book(places).book}.text(".html"));
  XmlBook locked{"locked.pdf"};
  locked.add_without_text(0, result::State::failed, Reason::encrypted);
  checked(Written{write_html, locked.book}.text(".html"));
  const XmlBook empty{"empty.pdf"};
  checked(Written{write_html, empty.book}.text(".html"));
}

TEST(Html, HasTheFlowOfTheBook) {
  EXPECT_EQ(flow_of({{Role::running_head, {"head"}},
                     {Role::heading, {"Titel"}, 2},
                     {Role::paragraph, {"eins & <b>", "zwei"}},
                     {Role::footnote, {"1) x"}}}),
            "<h3>Titel</h3>\n<p>eins &amp; &lt;b&gt; zwei</p>\n<div class=\"footnote\" role=\"doc-footnote\">1) x</div>\n");
  EXPECT_EQ(flow_of({{Role::table, {"a\tb", "c\td"}}}),
            "<div class=\"table\"><table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table></div>\n");
  EXPECT_EQ(flow_of({{Role::list_item, {"- a\n- b"}}}, true), "<ul class=\"list_item\"><li>- a</li><li>- b</li></ul>\n");
}

TEST(Html, KeepsTheTablesOfAModelAndNothingElse) {
  EXPECT_EQ(flow_of({{Role::table, {"<table><tr><th colspan=\"2\">x</th></tr><tr><td>1<br>2</td><td></td></tr></table>"}}}, true),
            "<div class=\"table\"><table><tr><th colspan=\"2\">x</th></tr><tr><td>1<br/>2</td><td/></tr></table></div>\n");
  EXPECT_EQ(flow_of({{Role::heading, {"## H<sub>2</sub>O"}, 2}}, true), "<h3>H<sub>2</sub>O</h3>\n");
  EXPECT_EQ(flow_of({{Role::paragraph, {"<table><tr><td>1</td></tr></table>"}}}, true), "<div><table><tr><td>1</td></tr></table></div>\n");
}

TEST(Html, MendsRowsThatNoTableMayHave) {
  EXPECT_EQ(flow_of({{Role::table, {"<table><tr></tr><tr><td rowspan=\"9\">1</td></tr><tr><td>2</td></tr></table>"}}}, true),
            "<div class=\"table\"><table><tr><td/></tr><tr><td rowspan=\"2\">1</td></tr><tr><td>2</td></tr></table></div>\n");
}

TEST(Html, MakesTablesOfWhateverOrderTagsHave) {
  for (const std::string text :
       {"<tr><td>1</td>", "</table>1<td>2", "<table>1<caption>2</caption></table>", "<table><td>1<table><tr>2</table>3",
        "<td><td></tr></td>1", "<caption>1", "<sup><td>1</sup>", "<table><thead><tr><th>1</thead><tbody><tr><td>2</tbody></table>",
        "<table><tr><td>1</td></tr>\n\n</table>\n1", "<u>1\n2</u>", "<table><tr></tr></table>", "<table></table>",
        "<table><table><table><table><table><table><table><table><table><table>1"}) {
    for (const auto role : {Role::table, Role::paragraph, Role::list_item, Role::heading}) {
      const auto flow = flow_of({{role, {text}}}, true);  // which checks it
      EXPECT_EQ(flow.find('1') != std::string::npos, text.find('1') != std::string::npos) << text;
    }
  }
  std::string deep;
  for (int n = 0; n < 100000; ++n) deep += "<sup>";
  EXPECT_THAT(flow_of({{Role::paragraph, {deep + "1"}}}, true), HasSubstr("1</sup>"));
}

TEST(Html, LetsNoScriptOutOfAPage) {
  const std::vector<std::string> attacks{"<script>alert(1)</script>", "<img src=x onerror=alert(1)>",   "<td onclick=\"alert(1)\">x</td>",
                                         "<svg/onload=alert(1)>",     "<a href=\"javascript:x\">y</a>", "<!--><script>x</script>-->",
                                         "<style>*{}</style>",        "\"><script>x</script>",          "<table style=\"x\"><tr><td>",
                                         "<iframe src=//x>",          "</main></body><script>",         "<?php x ?>"};
  for (const auto& attack : attacks) {
    for (const bool markup : {false, true}) {
      for (const auto role : {Role::paragraph, Role::heading, Role::table, Role::list_item, Role::caption, Role::footnote, Role::formula}) {
        XmlBook made{attack + ".pdf"};
        auto model = made_model(1, Places::none, {{role, {attack}, 1}});
        model.markup = markup;
        model.printed_number = attack;
        made.add(model).outcome.engine = attack;
        made.add_without_text(2, result::State::failed, Reason::timeout, attack);
        made.book.contents = {{1, attack, 0}};
        made.book.findings = {{merge::FindingKind::broken_table, merge::Severity::error, 1, attack, false}};
        const auto document = checked(Written{write_html, made.book, {}, "x.pdf"}.text(".html"));
        for (const auto& node : document.select_nodes("//*")) {
          const std::string name{node.node().name()};
          EXPECT_THAT(Words({"script", "svg", "iframe", "img"}), Not(testing::Contains(name)));
          for (const auto& attribute : node.node().attributes()) {
            EXPECT_FALSE(std::string_view{attribute.name()}.starts_with("on"));
            EXPECT_NE(attribute.name(), std::string{"style"});
            if (attribute.name() == std::string{"href"}) {
              EXPECT_EQ(attribute.value()[0], '#');
            }
          }
        }
      }
    }
  }
}

TEST(Html, MarksEveryPageOnceEvenWithinAParagraph) {
  XmlBook made{"a.pdf"};
  made.add(made_model(1, Places::words, {{Role::paragraph, {"die Wür-"}}}));
  made.add_without_text(2, result::State::failed, Reason::timeout);
  made.add(made_model(3, Places::words, {{Role::paragraph, {"de des"}}}));
  made.add_without_text(4, result::State::blank);
  made.book.units.pop_back();
  made.book.units[0].pieces[0].text.end -= 1;
  made.book.units[0].pieces.push_back({2, 0, made.book.pages[2].lines[0].text, Joint::hyphen});
  const auto document = checked(Written{write_html, made.book}.text(".html"));
  const auto main = document.child("html").child("body").child("main");
  Words marks;
  for (const auto& mark : main.select_nodes(".//span"))
    marks.emplace_back(std::string{mark.node().attribute("id").value()} + mark.node().child_value());
  EXPECT_THAT(marks, ElementsAre("page-1", "page-2", "[page 2 could not be read: timeout]", "page-3", "page-4", "[page 4 is blank]"));
  const auto paragraph = inside(main.child("p"));
  EXPECT_TRUE(paragraph.starts_with("die Würde<span")) << paragraph;
  EXPECT_TRUE(paragraph.ends_with("data-page=\"3\"/> des")) << paragraph;
}

TEST(Html, ParagraphThatIsTheRestOfAWordEndsWithTheMarkOfItsPage) {
  XmlBook made{"a.pdf"};
  made.add(made_model(1, Places::words, {{Role::paragraph, {"die Wür-"}}}));
  made.add(made_model(2, Places::words, {{Role::paragraph, {"de"}}}));
  made.add(made_model(3, Places::words, {{Role::paragraph, {"des Amts"}}}));
  auto& pieces = made.book.units[0].pieces;
  pieces[0].text.end -= 1;
  pieces.push_back({1, 0, made.book.pages[1].lines[0].text, Joint::hyphen});
  pieces.push_back({2, 0, made.book.pages[2].lines[0].text, Joint::space});
  made.book.units.resize(1);
  const auto document = checked(Written{write_html, made.book}.text(".html"));
  const auto paragraph = document.child("html").child("body").child("main").child("p");
  EXPECT_EQ(paragraph.first_child().value(), std::string{"die Würde"});
  EXPECT_EQ(paragraph.last_child().value(), std::string{" des Amts"});
  EXPECT_EQ(paragraph.select_nodes("span[@class='page']").size(), 2U);
}

TEST(Html, ShowsTheCharactersThatEntitiesOfAModelStandFor) {
  EXPECT_EQ(flow_of({{Role::table, {"<table><tr><td>A &amp; B</td><td>a &lt; 5 &#8211; &lt;td&gt;</td></tr></table>"}}}, true),
            "<div class=\"table\"><table><tr><td>A &amp; B</td><td>a &lt; 5 – &lt;td&gt;</td></tr></table></div>\n");
  EXPECT_EQ(flow_of({{Role::paragraph, {"R&amp;D, A&B &c."}}}, true), "<p>R&amp;D, A&amp;B &amp;c.</p>\n");
  EXPECT_EQ(flow_of({{Role::paragraph, {"R&amp;D"}}}), "<p>R&amp;amp;D</p>\n") << "of no model";
}

/// A model's table on two pages, joined.
void add_table_over_pages(XmlBook& made, const std::string& first, const std::string& second) {
  for (const auto& [number, text] : std::map<std::uint32_t, std::string>{{1, first}, {2, second}}) {
    auto model = made_model(number, Places::blocks, {{Role::table, {text}}});
    model.markup = true;
    made.add(model);
  }
  auto& pieces = made.book.units[0].pieces;
  pieces.push_back(made.book.units[1].pieces[0]);
  pieces.back().joint = Joint::line;
  made.book.units.resize(1);
}

TEST(Html, KeepsWhatIsRaisedAndLoweredInATableThatGoesOn) {
  XmlBook made{"a.pdf"};
  add_table_over_pages(made, "<table><caption>m<sup>3</sup></caption><tr><td>10<sup>3</sup> m</td></tr>",
                       "<tr><td>H<sub>2</sub>O<br>x</td></tr></table>");
  const auto document = checked(Written{write_html, made.book}.text(".html"));
  EXPECT_EQ(inside(document.select_node("//caption").node()), "m<sup>3</sup>");
  EXPECT_EQ(inside(document.select_node("//tr[1]/td").node()), "10<sup>3</sup> m");
  EXPECT_THAT(inside(document.select_node("//tr[2]/td").node()), testing::EndsWith("H<sub>2</sub>O<br/>x"));
}

TEST(Html, TakesNoTextOfACellForATag) {
  XmlBook made{"a.pdf"};
  add_table_over_pages(made, "<table><tr><td>&lt;td&gt;</td><td>&lt;/table&gt;</td></tr>",
                       "<tr><td>&lt;u&gt;</td><td>1997</td></tr></table>");

  const auto document = checked(Written{write_html, made.book}.text(".html"));

  std::vector<std::string> cells;
  for (const auto& cell : document.select_nodes("//td")) cells.emplace_back(cell.node().text().get());
  EXPECT_THAT(cells, ElementsAre("<td>", "</table>", "<u>", "1997"));
}

TEST(Html, MarksAPageThatBeginsWithinATable) {
  XmlBook made{"a.pdf"};
  for (const auto& [number, text] :
       std::map<std::uint32_t, std::string>{{1, "<table><tr><td>1</td></tr>"}, {2, "<tr><td>2</td></tr></table>"}, {3, "3"}}) {
    auto model = made_model(number, Places::blocks, {{Role::table, {text}}});
    model.markup = number < 3;
    made.add(model);
  }
  auto& pieces = made.book.units[0].pieces;
  for (const auto unit : {1U, 2U}) {
    pieces.push_back(made.book.units[unit].pieces[0]);
    pieces.back().joint = Joint::line;
  }
  made.book.units.resize(1);
  const auto document = checked(Written{write_html, made.book}.text(".html"));
  EXPECT_EQ(document.select_nodes("//table").size(), 1U);
  EXPECT_EQ(document.select_nodes("//tr").size(), 3U);
  EXPECT_EQ(document.select_node("//tr[2]/td").node().child("span").attribute("id").value(), std::string{"page-2"});
  EXPECT_EQ(document.select_nodes("//span[@class='page']").size(), 3U);
}

TEST(Html, ShowsFiguresThatWereWritten) {
  XmlBook made{"a b.pdf"};
  auto model = made_model(1, Places::blocks, {{Role::figure, {}}, {Role::caption, {"Abb. 1"}}, {Role::figure, {}}});
  auto& page = made.add(model);
  for (const auto& block : model.blocks) {
    if (block.role != Role::figure) continue;
    result::Block read;
    read.box = block.box;
    read.kind = result::BlockKind::image;
    page.outcome.reading.blocks.push_back(read);
  }
  exporting::WriteContext context;
  context.figures[1] = {"a%20b.pdf.images/1_1.png", ""};
  const auto main = checked(Written{write_html, made.book, context}.text(".html"));
  const auto text = inside(main.child("html").child("body").child("main"));
  EXPECT_THAT(
      text, HasSubstr("<figure><img src=\"a%20b.pdf.images/1_1.png\" alt=\"figure on page 1\"/></figure>\n<p class=\"caption\">Abb. 1</p>\n"
                      "<figure><p>[figure on page 1]</p></figure>"));
}

TEST(Html, HasContentsAndWhatIsWrongAtTheTop) {
  auto made = full_book(Places::words);
  made.book.findings = {{merge::FindingKind::duplicate_page, merge::Severity::error, 2, "is page 1 again", true},
                        {merge::FindingKind::page_order, merge::Severity::warning, 1, "a warning", false}};
  const auto text = Written{write_html, made.book}.text(".html");
  const auto document = checked(text);
  EXPECT_THAT(text, AllOf(HasSubstr("This document has gaps: 1 page could not be read: 3; 1 page is not read yet: 4."),
                          HasSubstr("<li>page 2: is page 1 again (repaired)</li>"), Not(HasSubstr("a warning"))));
  const auto link = document.select_node("//nav//li[1]/a").node();
  EXPECT_EQ(link.child_value(), std::string{"Erstes & Kapitel"});
  EXPECT_EQ(link.attribute("href").value(), std::string{"#page-1"});
  EXPECT_EQ(document.select_nodes("//nav//li").size(), 4U);
}

TEST(Html, ShowsLanguageAndDirection) {
  const auto document = checked(Written{write_html, full_book(Places::words).book}.text(".html"));
  EXPECT_EQ(document.child("html").attribute("lang").value(), std::string{"de"});
  const auto hebrew = document.select_node("//p[@lang='he']").node();
  EXPECT_EQ(hebrew.attribute("dir").value(), std::string{"rtl"});

  XmlBook made{"a.png"};
  auto model = made_model(1, Places::none, {{Role::paragraph, {"שלום עולם"}}, {Role::paragraph, {"left"}}});
  model.languages = "heb";
  made.add(model);
  const auto right = checked(Written{write_html, made.book}.text(".html"));
  EXPECT_EQ(right.child("html").attribute("dir").value(), std::string{"rtl"});
  EXPECT_EQ(right.select_node("//p[@dir='ltr']").node().child_value(), std::string{"left"});
}

}  // namespace html_writer_test
