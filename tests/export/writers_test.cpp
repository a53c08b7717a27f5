#include "writers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "pecia/base/text.hpp"

namespace writers_test {

using namespace pecia;
using exporting::to_json_line;
using exporting::to_markdown;
using exporting::to_plain_text;
using merge::Document;
using merge::Page;
using result::State;
using testing::HasSubstr;
using testing::Not;

Page read_page(std::uint32_t number, std::string text) {
  Page page;
  page.number = number;
  page.outcome.state = State::ok;
  page.outcome.engine = "tesseract";
  page.outcome.languages = "deu+lat";
  page.outcome.seconds = 1.25F;
  page.outcome.reading.text = std::move(text);
  page.outcome.reading.confidence = .93F;
  return page;
}

Page failed_page(std::uint32_t number, Reason reason, std::string detail) {
  Page page;
  page.number = number;
  page.outcome.state = State::failed;
  page.outcome.reason = reason;
  page.outcome.detail = std::move(detail);
  return page;
}

Page pending_page(std::uint32_t number) {
  Page page;
  page.number = number;
  page.pending = true;
  return page;
}

Page blank_page(std::uint32_t number) {
  Page page;
  page.number = number;
  page.outcome.state = State::blank;
  return page;
}

Document document_of(std::vector<Page> pages) { return {{1}, "a/b.pdf", std::move(pages)}; }

/// The Markdown of one page's text, without the mark of the page.
std::string markdown_of(const std::string& text) {
  auto markdown = to_markdown(document_of({read_page(1, text)}));
  const std::string mark = "<!-- page 1 -->\n\n";
  EXPECT_TRUE(markdown.starts_with(mark)) << markdown;
  return markdown.substr(mark.size());
}

TEST(Markdown, HasAMarkBeforeEveryPage) {
  EXPECT_EQ(to_markdown(document_of({read_page(1, "one\n\nmore\n"), read_page(2, "two")})),
            "<!-- page 1 -->\n\none\n\nmore\n\n<!-- page 2 -->\n\ntwo\n");
}

TEST(Markdown, NamesEveryPageWithoutText) {
  EXPECT_EQ(to_markdown(document_of({failed_page(1, Reason::timeout, "took\ntoo  long"),
                                     blank_page(2), pending_page(3), read_page(4, " \n\f")})),
            "<!-- page 1 -->\n\n> [page 1 could not be read: timeout — took too long]\n\n"
            "<!-- page 2 -->\n\n> [page 2 is blank]\n\n"
            "<!-- page 3 -->\n\n> [page 3 is not read yet]\n\n"
            "<!-- page 4 -->\n\n> [page 4 has no text]\n");
}

TEST(Markdown, NamesADocumentWhosePagesCouldNotBeCounted) {
  EXPECT_EQ(to_markdown(document_of({failed_page(0, Reason::encrypted, "")})),
            "> [this document could not be read: encrypted]\n");
}

TEST(Markdown, SaysWhyAPageWasSkipped) {
  auto page = failed_page(2, Reason::unsupported, "by rule");
  page.outcome.state = State::skipped;
  EXPECT_THAT(to_markdown(document_of({page})),
              HasSubstr("> [page 2 was skipped: unsupported — by rule]"));
}

TEST(Markdown, KeepsOrdinaryTextAsItIs) {
  const std::string text =
      "Die Würde des Menschen ist 1 * 2 = 2\n-5 Grad, #hash?\n1.5 kg\n3 > 2 < 4 & so\n_leise_ ~ 5";
  EXPECT_EQ(markdown_of(text), text + "\n");
}

TEST(Markdown, EscapesWhatMarkdownWouldTakeForItsOwn) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"# 12", "\\# 12"},
      {"> quoted", "\\> quoted"},
      {"- item", "\\- item"},
      {"-", "\\-"},
      {"+ item", "\\+ item"},
      {"* item", "\\* item"},
      {"12. Mai 1871", "12\\. Mai 1871"},
      {"3) drittens", "3\\) drittens"},
      {"---", "\\---"},
      {"===", "\\==="},
      {"* * *", "\\* * *"},
      {"___", "\\___"},
      {"```", "\\```"},
      {"~~~", "\\~~~"},
      {"a <b>bold</b> <!-- x --> <?php", "a \\<b>bold\\</b> \\<!-- x --> \\<?php"},
      {"back\\slash", "back\\\\slash"},
      {"    indented", "indented"},
      {"\t# tabbed", "\\# tabbed"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(markdown_of(text), expected + "\n") << text;
}

TEST(Markdown, CannotBeToldThatAPageBeginsByText) {
  EXPECT_THAT(markdown_of("<!-- page 2 -->\n> [page 2 is blank]"),
              testing::Eq("\\<!-- page 2 -->\n\\> [page 2 is blank]\n"));
}

TEST(Markdown, EscapesTheDetailOfAFailure) {
  EXPECT_THAT(
      to_markdown(document_of({failed_page(1, Reason::io_error, "cannot open '*[x](y)<z>'")})),
      HasSubstr("cannot open '\\*\\[x\\](y)\\<z>'"));
}

/// As a model reads it: its text is Markdown.
Page model_page(std::uint32_t number, std::string text) {
  auto page = read_page(number, std::move(text));
  page.outcome.engine = "deepseek_ocr2";
  page.outcome.reading.finish_reason = result::FinishReason::stop;
  return page;
}

TEST(ModelMarkdown, IsKeptWithItsTablesAndFormulas) {
  const std::string text =
      "# Register\n\n- one\n\n<table><tr><td colspan=\"2\">1</td><td>2</td></tr></table>\n\n\\[ a \\le b \\]";
  EXPECT_EQ(to_markdown(document_of({model_page(1, text)})), "<!-- page 1 -->\n\n" + text + "\n");
}

TEST(ModelMarkdown, HasNoOtherHtml) {
  for (const std::string html :
       {"<script>x</script>", "<td onclick=\"x\">", "<table style=\"x\">", "<!-- page 2 -->", "<?php", "<td colspan=\"x\">",
        "<td colspan=", "<tdx>", "<td", "</", "<img src=x>"}) {
    const auto markdown = to_markdown(document_of({model_page(1, "a " + html)}));
    EXPECT_THAT(markdown, HasSubstr("a \\" + html.substr(0, 2))) << html;
  }
}

TEST(ModelMarkdown, ShowsImagesWhereTheyStand) {
  auto page = model_page(3, "before\n\nbehind");
  page.outcome.reading.blocks = {{{{1, 2, 3, 4}, 0, 6, 1}, "text"},
                                 {{{1, 2, 9, 9}, 8, 8, 1}, "image", result::BlockKind::image, false, {{1, 2, 3, 4}, {5, 6, 9, 9}}},
                                 {{{}, 8, 8, 1}, "image", result::BlockKind::image, true},
                                 {{{1, 2, 3, 4}, 8, 14, 1}, "text"}};
  EXPECT_EQ(to_markdown(document_of({page}), {{3, {"b.pdf.images/3_1.png", ""}}}),
            "<!-- page 3 -->\n\nbefore\n\n![](b.pdf.images/3_1.png)\n\n<!-- image 5 6 9 9 -->\n\nbehind\n");
  EXPECT_EQ(to_plain_text(document_of({page})), "before\n\nbehind\n");
  page.outcome.reading.text.clear();
  page.outcome.reading.blocks = {{{{1, 2, 3, 4}, 0, 0, 1}, "image", result::BlockKind::image}};
  EXPECT_EQ(to_markdown(document_of({page})), "<!-- page 3 -->\n\n<!-- image 1 2 3 4 -->\n");
}

TEST(ModelMarkdown, OfAPageThatFailedStandsBehindItsNotice) {
  auto page = failed_page(1, Reason::repetition, "");
  page.outcome.reading.text = "# Register\n1 1 1";
  page.outcome.reading.finish_reason = result::FinishReason::repeats;
  EXPECT_EQ(to_markdown(document_of({page})),
            "<!-- page 1 -->\n\n> [page 1 could not be read: repetition]\n\n# Register\n1 1 1\n");
  EXPECT_EQ(to_plain_text(document_of({page})), "[page 1 could not be read: repetition]\n# Register\n1 1 1\n");
}

TEST(PlainText, HasAFormFeedBetweenPagesAndNowhereElse) {
  EXPECT_EQ(
      to_plain_text(document_of({read_page(1, "one\fmore\n\n"), read_page(2, "  two\r\nthree")})),
      "one\nmore\n\f  two\nthree\n");
}

TEST(PlainText, NamesEveryPageWithoutText) {
  EXPECT_EQ(to_plain_text(document_of(
                {failed_page(1, Reason::unreadable, "cut off"), blank_page(2), pending_page(3)})),
            "[page 1 could not be read: unreadable — cut off]\n\f[page 2 is blank]\n\f[page 3 is "
            "not read yet]\n");
}

TEST(JsonLine, HasEveryKeyInItsOrder) {
  auto page = read_page(2, "one \"two\"\n");
  auto& attempt = page.outcome.attempts.emplace_back();
  attempt.engine = "model";
  attempt.reason = Reason::repetition;
  attempt.detail = "loop";
  attempt.rung = result::Rung::stronger_guard;
  attempt.finish_reason = result::FinishReason::repeats;
  page.outcome.fingerprint = "abc";
  page.outcome.steps = {{"deskew", "1.5 degrees", {{1, .5, 0, 1, 0, 3}}}};
  page.outcome.rung = result::Rung::fallback;
  page.outcome.reading.finish_reason = result::FinishReason::stop;
  page.outcome.reading.blocks = {{{{1, 2, 3.25F, 4}, 0, 3, .5F}, "table", result::BlockKind::table},
                                 {{{0, 0, 2, 2}, 4, 9, .5F}, "", {}, false, {{0, 0, 1, 1}, {1, 1, 2, 2}}},
                                 {{{}, 9, 9, 1}, "text", {}, true}};
  EXPECT_EQ(to_json_line(document_of({page}), page),
            R"({"path":"a/b.pdf","page":2,"state":"ok","reason":null,"detail":null,"engine":"tesseract",)"
            R"("languages":["deu","lat"],"confidence":0.93,"seconds":1.25,"attempts":2,)"
            R"("finish_reason":"stop","rung":"fallback","fingerprint":"abc","history":[{"engine":"model",)"
            R"("rung":"stronger_guard","reason":"repetition","finish_reason":"repeats","seconds":0.0,)"
            R"("detail":"loop"}],"steps":[{"what":"deskew","detail":"1.5 degrees","to_page":[1.0,0.5,0.0,1.0,0.0,3.0]}],"text":"one \"two\"\n","blocks":[{"kind":"table","label":"table",)"
            R"("boxes":[[1.0,2.0,3.3,4.0]],"text":[0,3],"confidence":0.5,"unparsed":false},)"
            R"({"kind":"text","label":null,"boxes":[[0.0,0.0,1.0,1.0],[1.0,1.0,2.0,2.0]],)"
            R"("text":[4,9],"confidence":0.5,"unparsed":false},{"kind":"text","label":"text","boxes":[],)"
            R"("text":[9,9],"confidence":1.0,"unparsed":true}]})"
            "\n");
}

TEST(JsonLine, SaysWhatIsNotKnownByNull) {
  const auto failed = failed_page(0, Reason::encrypted, "needs a password");
  EXPECT_EQ(to_json_line(document_of({failed}), failed),
            R"({"path":"a/b.pdf","page":0,"state":"failed","reason":"encrypted","detail":"needs a password","engine":null,)"
            R"("languages":[],"confidence":null,"seconds":0.0,"attempts":1,)"
            R"("finish_reason":null,"rung":"normal","fingerprint":null,"history":[],"steps":[],"text":"","blocks":[]})"
            "\n");
  const auto pending = pending_page(3);
  EXPECT_EQ(to_json_line(document_of({pending}), pending),
            R"({"path":"a/b.pdf","page":3,"state":"pending","reason":null,"detail":null,"engine":null,)"
            R"("languages":[],"confidence":null,"seconds":null,"attempts":0,)"
            R"("finish_reason":null,"rung":null,"fingerprint":null,"history":[],"steps":[],"text":"","blocks":[]})"
            "\n");
}

TEST(JsonLine, RoundsTheConfidence) {
  auto page = read_page(1, "x");
  page.outcome.reading.confidence = 0.123456789F;
  EXPECT_EQ(nlohmann::json::parse(to_json_line(document_of({page}), page))["confidence"], 0.1235);
}

TEST(JsonLine, IsUtf8OnOneLineWhateverTheNameAndText) {
  auto page = read_page(1, "bad \xFF byte\nline two\x01");
  Document document{{1}, "new\nline\xFE\\.png", {page}};
  const auto line = to_json_line(document, page);
  EXPECT_TRUE(is_utf8(line));
  EXPECT_EQ(std::ranges::count(line, '\n'), 1);
  const auto parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed["path"], "new\\x0aline\\xfe\\\\.png");
  EXPECT_EQ(unprintable(parsed["path"].get<std::string>()), document.path);
  EXPECT_EQ(parsed["text"], "bad \uFFFD byte\nline two\x01");
}

TEST(JsonLine, MovesBlocksWithTheTextThatWasMended) {
  auto page = read_page(1, "bad \xFF byte");
  result::Block block;
  block.text_begin = 6;
  block.text_end = 10;
  page.outcome.reading.blocks.push_back(block);
  const auto parsed = nlohmann::json::parse(to_json_line(document_of({page}), page));
  EXPECT_EQ(parsed["text"].get<std::string>().substr(parsed["blocks"][0]["text"][0], 4), "byte");
}

TEST(TextsAsTheyWereRead, AreValidAllTheSame) {
  const auto document = document_of({read_page(1, "bad \xFF byte\x01\x1B[31m")});
  EXPECT_EQ(to_plain_text(document), "bad \uFFFD byte\uFFFD\uFFFD[31m\n");
  EXPECT_THAT(to_markdown(document), HasSubstr("bad \uFFFD byte\uFFFD\uFFFD[31m"));
}

TEST(TextsAsTheyWereRead, OfModelsKeepTheirImagesInPlace) {
  auto page = read_page(1, "bad \xFF byte\n\nbehind");
  page.outcome.reading.finish_reason = result::FinishReason::stop;
  result::Block block;
  block.kind = result::BlockKind::image;
  block.box = {1, 2, 3, 4};
  block.text_begin = block.text_end = 12;
  page.outcome.reading.blocks.push_back(block);
  EXPECT_EQ(to_markdown(document_of({page})), "<!-- page 1 -->\n\nbad \uFFFD byte\n\n<!-- image 1 2 3 4 -->\n\nbehind\n");
}

}  // namespace writers_test
