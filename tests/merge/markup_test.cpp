#include "pecia/merge/markup.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/merge/marked_text.hpp"

namespace markup_test {

using namespace pecia;
using merge::html_tag;
using merge::Inline;
using merge::MarkedTextBuilder;
using testing::IsEmpty;

TEST(HtmlTag, IsOfAKnownNameWithAttributesThatHaveValues) {
  const auto cell = html_tag("<TD colspan=\"2\" class='a b' RowSpan=3 data-x=y>text");
  ASSERT_TRUE(cell);
  EXPECT_EQ(cell->name, "td");
  EXPECT_EQ(cell->columns, 2U);
  EXPECT_EQ(cell->rows, 3U);
  EXPECT_EQ(cell->size, 47U);
  EXPECT_TRUE(html_tag("</tr >")->closes);
  for (const auto* tag : {"<br>", "<br/>", "<br />", "<td\n align=left\t>", "<a href=\"x\">", "<font color=red>", "<p class=\"\">"})
    EXPECT_TRUE(html_tag(tag)) << tag;
}

TEST(HtmlTag, IsTextWhereItIsNoneOfThese) {
  for (const auto* text :
       {"<",        "<>",        "</>",         "<td",   "<b and c>", "<b and c=5", "<a b = c>",   "<i<j>", "<b c=>",           "<b =c>",
        "<s\"x\">", "<u x=\"y>", "<u x='a<b'>", "<p,q>", "<bb>",      "<script>",   "<td nowrap>", "< td>", "<b class=\"x\"y>", "<10>"})
    EXPECT_FALSE(html_tag(text)) << text;
}

TEST(HtmlTag, HasBoundedSpans) {
  EXPECT_EQ(html_tag("<td colspan=99999999999 rowspan=0>")->columns, 1000U);
  EXPECT_EQ(html_tag("<td colspan=99999999999 rowspan=0>")->rows, 1U);
  EXPECT_EQ(html_tag("<td colspan=x>")->columns, 1U);
}

TEST(Entity, IsTheCharacterThatItStandsFor) {
  std::string out;
  EXPECT_EQ(merge::take_entity("&amp;lt;", out), 5U);
  EXPECT_EQ(merge::take_entity("&#x41;B", out), 6U);
  EXPECT_EQ(out, "&A");
  for (const auto* text : {"&", "&amp", "&unknown;", "&#10;", "&#xD800;", "&#;", "& lt;"})
    EXPECT_EQ(merge::take_entity(text, out), 0U) << text;
  EXPECT_EQ(out, "&A");
}

/// '^' opens a superscript and '_' a subscript, '=' what is underlined; '>' closes the first, '<'
/// the second, '~' the third; '/' breaks.
merge::MarkedText made_of(std::string_view signs) {
  MarkedTextBuilder builder;
  for (const char& sign : signs) {
    switch (sign) {
      case '^': builder.open(Inline::superscript); break;
      case '_': builder.open(Inline::subscript); break;
      case '=': builder.open(Inline::underline); break;
      case '>': builder.close(Inline::superscript); break;
      case '<': builder.close(Inline::subscript); break;
      case '~': builder.close(Inline::underline); break;
      case '/': builder.break_line(); break;
      default: builder.add({&sign, 1});
    }
  }
  return builder.take();
}

std::string plain(std::string_view signs) { return plain_text(made_of(signs)); }

TEST(MarkedText, SaysHowFarAMarkReachesWhereItWouldNotBeSeen) {
  EXPECT_EQ(plain("10^3> m"), "10^3 m");
  EXPECT_EQ(plain("10^-3>"), "10^-3");
  EXPECT_EQ(plain("H_2<O"), "H_2O");
  EXPECT_EQ(plain("SO_4<^2->"), "SO_4^{2-}");
  EXPECT_EQ(plain("10^3>5"), "10^{3}5");
  EXPECT_EQ(plain("10^3>.5"), "10^{3}.5");
  EXPECT_EQ(plain("10^3>."), "10^3.");
  EXPECT_EQ(plain("x^n+1>"), "x^{n+1}");
  EXPECT_EQ(plain("x_i<y, x_i<"), "x_{i}y, x_i");
  EXPECT_EQ(plain("Smith^*>"), "Smith^*");
  EXPECT_EQ(plain("e^x_i<>"), "e^{x_i}");
  EXPECT_EQ(plain("=a~ b/c"), "a b c");
}

TEST(MarkedText, HasNoMarksOfNothingAndNoneThatOverlapInPart) {
  EXPECT_THAT(made_of("a^ > ^>").marks, IsEmpty());
  EXPECT_THAT(made_of("/a /").marks, IsEmpty());
  EXPECT_EQ(made_of("a / / b").marks.size(), 1U);
  const auto crossed = made_of("a^b=c>d~");
  ASSERT_EQ(crossed.marks.size(), 2U);
  EXPECT_EQ(crossed.marks[0].end, 3U);
  EXPECT_EQ(crossed.marks[1].end, 3U);
  const auto open = made_of("a^ 2");
  ASSERT_EQ(open.marks.size(), 1U);
  EXPECT_EQ(open.marks[0].begin, 2U);
  EXPECT_EQ(open.marks[0].end, 3U);
  EXPECT_LE(made_of(std::string(100000, '^') + "x").marks.size(), 8U);
}

}  // namespace markup_test
