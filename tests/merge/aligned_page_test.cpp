// Pages of a model whose words have boxes of another engine, as the document model has them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/merge/page_model.hpp"
#include "pecia/result/align.hpp"
#include "result/made_readings.hpp"

namespace pecia::merge {
namespace aligned_page_test {

using result::test::BoxedPage;
using result::test::ModelPage;
using testing::ElementsAre;

PageModel model_with_boxes(result::Reading text, const result::Reading& boxes) {
  auto aligned = result::align_words(text, boxes);
  Page page;
  page.number = 1;
  page.outcome.state = result::State::ok;
  page.outcome.reading = std::move(text);
  page.outcome.reading.lines = std::move(aligned.lines);
  page.outcome.reading.words = std::move(aligned.words);
  return model_of(page);
}

TEST(AlignedPage, HasAllItsTextInPlacedLinesWithTheirWords) {
  const auto boxes =
      BoxedPage{}.lines({"A Heading", "Words of a paragraph that", "goes on over two lines", "Name Born", "Anna 1822"}).reading();
  const auto text = ModelPage{}
                        .block("# A Heading", {0, 0, 300, 29})
                        .block("Words of a **paragraph** that goes on over two lines", {0, 30, 300, 89})
                        .block("<table><tr><td>Name</td><td>Born</td></tr><tr><td>Anna</td><td>1822</td></tr></table>", {0, 90, 300, 150},
                               result::BlockKind::table)
                        .reading();

  const auto model = model_with_boxes(text, boxes);

  EXPECT_EQ(model.places, Places::words);
  std::vector<std::string> lines;
  std::vector<std::size_t> words;
  for (const auto& line : model.lines) {
    EXPECT_TRUE(line.placed) << text_of(model, line.text);
    lines.emplace_back(text_of(model, line.text));
    words.push_back(line.words_end - line.words_begin);
  }
  EXPECT_THAT(lines, ElementsAre("# A Heading", "Words of a **paragraph** that", "goes on over two lines", "<table><tr><td>Name</td><td>",
                                 "Born</td></tr><tr><td>", "Anna</td><td>", "1822</td></tr></table>"));
  EXPECT_THAT(words, ElementsAre(2u, 5u, 5u, 1u, 1u, 1u, 1u));
  ASSERT_EQ(model.blocks.size(), 3u);
  EXPECT_EQ(model.blocks[1].lines_end - model.blocks[1].lines_begin, 2u);
  EXPECT_EQ(plain_text(model, model.blocks[2]), "Name\tBorn\nAnna\t1822") << "what a block says has nothing to do with places";
}

TEST(AlignedPage, SaysWhichLinesHaveNoPlace) {
  const auto boxes = BoxedPage{}.lines({"The first line is read", "and the last one too"}).reading();
  const auto text = ModelPage{"The first line is read\nunlike this handwritten remark here\nand the last one too"}.reading();

  const auto model = model_with_boxes(text, boxes);

  ASSERT_EQ(model.lines.size(), 3u);
  EXPECT_TRUE(model.lines[0].placed);
  EXPECT_FALSE(model.lines[1].placed);
  EXPECT_EQ(text_of(model, model.lines[1].text), "unlike this handwritten remark here");
  EXPECT_TRUE(model.lines[2].placed);
}

}  // namespace aligned_page_test
}  // namespace pecia::merge
