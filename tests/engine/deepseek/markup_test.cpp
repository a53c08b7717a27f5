#include "markup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

namespace pecia::engine::deepseek {
namespace markup_test {

using testing::ElementsAre;
using testing::IsEmpty;

std::string tag(const std::string& label, const std::string& boxes) {
  return "<|ref|>" + label + "<|/ref|><|det|>" + boxes + "<|/det|>";
}

std::string text_of(const Markup& markup, const MarkupBlock& block) {
  return markup.text.substr(block.text.begin, block.text.end - block.text.begin);
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) {
    if (!line.empty()) lines.push_back(line);
  }
  return lines;
}

TEST(Markup, IsTakenApartIntoBlocks) {
  const auto output = tag("title", "[[10, 20, 300, 40]]") + "\n# Register\n\n" +
                      tag("table", "[[0,0,999,999], [5,  6, 7, 8]]") +
                      "\n<table><tr><td>1</td></tr></table>\n\n" + tag("image", "[[1, 2, 3, 4]]") +
                      "\n\n" + tag("text", "[[1, 2, 3, 4]]") + "\nend\n";
  const auto markup = parse_markup(output);
  EXPECT_EQ(markup.text, "# Register\n\n<table><tr><td>1</td></tr></table>\n\nend");
  ASSERT_EQ(markup.blocks.size(), 4U);
  EXPECT_EQ(markup.blocks[0].label, "title");
  EXPECT_EQ(text_of(markup, markup.blocks[0]), "# Register");
  EXPECT_THAT(markup.blocks[0].boxes, ElementsAre(MarkupBox{10, 20, 300, 40}));
  EXPECT_THAT(markup.blocks[1].boxes,
              ElementsAre(MarkupBox{0, 0, 999, 999}, MarkupBox{5, 6, 7, 8}));
  EXPECT_EQ(text_of(markup, markup.blocks[1]), "<table><tr><td>1</td></tr></table>");
  EXPECT_TRUE(markup.blocks[2].text.empty());
  EXPECT_EQ(output.substr(markup.blocks[2].output.begin, 7), "<|ref|>");
  EXPECT_EQ(text_of(markup, markup.blocks[3]), "end");
  for (const auto& block : markup.blocks) EXPECT_FALSE(block.unparsed);
}

TEST(Markup, BoxesThatMakeNoSenseLeaveTextWithoutAPlace) {
  for (const auto* boxes : {"",
                            "[]",
                            "[[]]",
                            "[[0, 0, 0, 900, 200]]",
                            "[[1, 2, 3]]",
                            "[[1, 2, 3, 1000]]",
                            "[[-1, 2, 3, 4]]",
                            "[[3, 2, 1, 4]]",
                            "[[1, 4, 3, 2]]",
                            "[1, 2, 3, 4]",
                            "[[1, 2, 3, 4]",
                            "[[1, 2, 3, 4]] ",
                            "[[1, 2, 3, 4]]]",
                            "[[1, 2, 3, 4],]",
                            "[[1, 2, 3, 4.0]]",
                            "[[1, 2, 3, 4], [1, 2, 3]]",
                            "[[1 2 3 4]]",
                            "__import__('os')",
                            "[[1, 2, 3, 0x4]]",
                            "[[99999999999999999999, 1, 2, 3]]"}) {
    const auto markup = parse_markup(tag("text", boxes) + "\nkept\n\n");
    EXPECT_EQ(markup.text, "kept") << boxes;
    ASSERT_EQ(markup.blocks.size(), 1U) << boxes;
    EXPECT_TRUE(markup.blocks[0].unparsed) << boxes;
    EXPECT_THAT(markup.blocks[0].boxes, IsEmpty()) << boxes;
    EXPECT_EQ(markup.blocks[0].label, "text") << boxes;
    EXPECT_EQ(text_of(markup, markup.blocks[0]), "kept") << boxes;
  }
}

TEST(Markup, PiecesOfTagsStayInTheText) {
  const auto whole = tag("text", "[[1, 2, 3, 4]]");
  for (const std::string broken :
       {"<|ref|>", "<|/ref|>", "<|det|>[[1, 2, 3, 4]]<|/det|>", "<|ref|>text<|/ref|>",
        "<|ref|>text<|/ref|> <|det|>[[1, 2, 3, 4]]<|/det|>", "<|ref|>text<|det|>",
        "<|ref|>text<|/ref|><|det|>[[1, 2"}) {
    const auto markup = parse_markup(whole + "\nbefore " + broken + " behind");
    EXPECT_EQ(markup.text, "before " + broken + " behind");
    ASSERT_EQ(markup.blocks.size(), 1U) << broken;
    EXPECT_TRUE(markup.blocks[0].unparsed) << broken;
    EXPECT_EQ(markup.blocks[0].boxes.size(), 1U) << broken;
    EXPECT_EQ(parse_markup(broken).text, broken);
    EXPECT_TRUE(parse_markup(broken).blocks.at(0).unparsed);
  }
  // What an unfinished tag would swallow is text of the page, and the next tag is whole.
  const auto markup = parse_markup("<|ref|>text\nof the page\n" + whole + "\nend");
  EXPECT_EQ(markup.text, "<|ref|>text\nof the page\n\nend");
  ASSERT_EQ(markup.blocks.size(), 2U);
  EXPECT_TRUE(markup.blocks[0].unparsed);
  EXPECT_FALSE(markup.blocks[1].unparsed);
  const auto long_label = tag(std::string(200, 'x'), "[[1, 2, 3, 4]]");
  EXPECT_EQ(parse_markup(long_label).text, long_label);
}

TEST(Markup, WithoutAnyIsText) {
  const auto markup = parse_markup(" \n1 < 2, \\coloneqq\n\n\n\nx|>\n ");
  EXPECT_EQ(markup.text, "1 < 2, \\coloneqq\n\n\n\nx|>");
  EXPECT_THAT(markup.blocks, IsEmpty());
  EXPECT_EQ(parse_markup("").text, "");
  EXPECT_EQ(parse_markup(" \n").text, "");
}

TEST(Markup, IsTidiedWhereTagsWereDeleted) {
  const auto box = tag("text", "[[1, 2, 3, 4]]");
  EXPECT_EQ(parse_markup(box + "\na \\coloneqq b \\eqqcolon c\n\n\n\n" + box + "\n\nd").text,
            "a := b =: c\n\nd");
  const auto markup = parse_markup("first\n" + box + "\n\\coloneqq\n\n" + box);
  ASSERT_EQ(markup.blocks.size(), 3U);
  EXPECT_EQ(text_of(markup, markup.blocks[0]), "first");
  EXPECT_EQ(markup.blocks[0].label, "");
  EXPECT_EQ(text_of(markup, markup.blocks[1]), ":=");
  EXPECT_TRUE(markup.blocks[2].text.empty());
  EXPECT_LE(markup.blocks[2].text.end, markup.text.size());
}

// What the reference implementation deletes is deleted, also where the boxes make no sense.
TEST(Markup, OfTheReaderIsTheReferencesText) {
  std::ifstream file{std::string{PECIA_TEST_DATA} + "/deepseek/reader/expected.jsonl"};
  const std::regex tags{R"(<\|ref\|>[^]*?<\|/ref\|><\|det\|>[^]*?<\|/det\|>)"};
  int rows = 0, unparsed = 0;
  for (std::string line; std::getline(file, line); ++rows) {
    const auto row = nlohmann::json::parse(line);
    const auto output = row.at("text").get<std::string>();
    const auto markup = parse_markup(output);
    EXPECT_EQ(lines_of(markup.text), lines_of(std::regex_replace(output, tags, ""))) << output;
    const auto placed = std::distance(std::sregex_iterator{output.begin(), output.end(), tags}, {});
    EXPECT_EQ(std::ssize(markup.blocks), placed) << output;
    for (const auto& block : markup.blocks) {
      if (!block.unparsed) continue;
      ++unparsed;
      EXPECT_EQ(row.at("image"), "samples/19_page_6.png");
      EXPECT_EQ(text_of(markup, block), "637994");
    }
  }
  EXPECT_EQ(rows, 60);
  EXPECT_EQ(unparsed, 1);
}

TEST(Markup, TakesTimeByItsLength) {
  const auto cpu_seconds_of = [](const std::string& output) {
    const auto start = std::clock();
    (void)parse_markup(output);
    return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  };
  for (const std::string piece :
       {"<|ref|>", "<|ref|>x<|/ref|><|det|>[[", "<|", "\n\n\n", "[[1, 2, 3, 4], "}) {
    std::string output = "<|ref|>text<|/ref|><|det|>";
    while (output.size() < (1U << 20)) output += piece;
    EXPECT_LT(cpu_seconds_of(output), 10) << piece;  // a tenth of a second; quadratic would be many minutes
  }
}

}  // namespace markup_test
}  // namespace pecia::engine::deepseek
