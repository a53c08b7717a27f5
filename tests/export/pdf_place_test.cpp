#include "export/pdf_fixture.hpp"

namespace pecia::exporting {
namespace pdf_place_test {

using namespace test;

struct View {
  std::string page;    ///< entries of the page's dictionary
  std::string figure;  ///< its contents
  const char* name;
};

void PrintTo(const View& view, std::ostream* out) { *out << view.name; }

/// Where text is put, in page coordinates, is where `pecia-page` finds it, by Poppler and by rules of its own.
class PdfPlaceTest : public PdfTest, public ::testing::WithParamInterface<View> {};

TEST_P(PdfPlaceTest, TextIsFoundWhereItWasPut) {
  PdfBuilder pdf;
  const auto image = pdf.add(image_entries + gray_jpeg, make_jpeg(1));
  const auto from = source("in.pdf", pdf.finish(GetParam().page, GetParam().figure, "/XObject<</Im " + std::to_string(image) + " 0 R>>"));
  auto page = page_of(from, {});
  const float w = page.width_px, h = page.height_px;
  page.lines = {
      line_of({word_at("upper", w * .10F, h * .10F, w * .40F, h * .16F), word_at("right", w * .55F, h * .10F, w * .90F, h * .16F)}),
      line_of({word_at("lower", w * .10F, h * .80F, w * .45F, h * .86F)})};

  const auto result = write(from, {page});
  const auto layer = std::get<page::TextLayer>(reader_.text_layer(written(), 1, false));

  EXPECT_EQ(result.pages_with_text, 1U);
  EXPECT_EQ(result.words, 3U);
  EXPECT_EQ(check(out_), "");
  ASSERT_EQ(layer.words.size(), 3U) << layer.text;
  for (const auto& line : page.lines) {
    for (const auto& word : line.words) {
      const auto at = std::ranges::find_if(
          layer.words, [&](const auto& one) { return layer.text.substr(one.text_begin, one.text_end - one.text_begin) == word.text; });
      ASSERT_NE(at, layer.words.end()) << word.text;
      const auto& found = *at;
      EXPECT_NEAR(found.x0, word.box.x0, .01F * w) << word.text;
      EXPECT_NEAR(found.x1, word.box.x1, .01F * w) << word.text;
      EXPECT_NEAR(found.y0, word.box.y0, .01F * h) << word.text;
      EXPECT_NEAR(found.y1, word.box.y1, .01F * h) << word.text;
    }
  }
}

std::vector<View> views() {
  static const char* const names[] = {"0", "90", "180", "270"};
  static const char* const turned[] = {"cropped0", "cropped90", "cropped180", "cropped270"};
  static const char* const units[] = {"units0", "units90", "units180", "units270"};
  static const char* const images[] = {"image0", "image90", "image180", "image270"};
  static const char* const insets[] = {"inset0", "inset90", "inset180", "inset270"};
  const std::string drawing = "10 10 m 300 300 l S\n";
  std::vector<View> all;
  for (int n = 0; n < 4; ++n) {
    const auto rotate = "/Rotate " + std::to_string(90 * n);
    all.push_back({"/MediaBox[0 0 612 792]" + rotate, drawing, names[n]});
    all.push_back({"/MediaBox[-50 20 700 900]/CropBox[30 100 500 700]" + rotate, drawing, turned[n]});
    all.push_back({"/MediaBox[0 0 300 200]/UserUnit 2.5" + rotate, drawing, units[n]});
    all.push_back({"/MediaBox[0 0 120 80]/UserUnit 3" + rotate, whole_page, images[n]});
    all.push_back({"/MediaBox[10 20 130 100]" + rotate, "q 119.4 0 0 79.6 10.4 20.3 cm /Im Do Q\n", insets[n]});
  }
  return all;
}

INSTANTIATE_TEST_SUITE_P(Views, PdfPlaceTest, ::testing::ValuesIn(views()), [](const auto& view) { return std::string{view.param.name}; });

TEST_F(PdfTest, APageOfAnotherShapeThanTheRunHasReadGetsNoText) {
  const auto from = source("in.pdf", page_with(gray_jpeg, make_jpeg(1)));
  auto page = page_of(from, {line_of({word_at("text", 1, 1, 20, 8)})});
  page.height_px *= 2;

  const auto result = write(from, {page});

  EXPECT_EQ(result.pages_with_text, 0U);
  EXPECT_EQ(result.pages_without_places, 1U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("page 1"), std::string::npos) << result.warnings[0];
}

}  // namespace pdf_place_test
}  // namespace pecia::exporting
