#include "pecia/merge/cleaned.hpp"

#include <gtest/gtest.h>

namespace cleaned_test {

using namespace pecia;

TEST(Cleaned, IsATextThatEveryFormatTakes) {
  EXPECT_EQ(merge::cleaned("plain\ntext\t"), "plain\ntext\t");
  EXPECT_EQ(merge::cleaned("a\xFF\x01\xEF\xBF\xBE\fz"), "a\uFFFD\uFFFD\uFFFD\nz");
}

TEST(Cleaned, IsOneLineForATerminal) { EXPECT_EQ(merge::cleaned_line("a\fb\vc\nd\te\x1b[m"), "a b c d e\uFFFD[m"); }

TEST(Cleaned, MovesThePartsOfAReadingWithTheirText) {
  result::Reading reading;
  reading.text =
      "\xFF"
      "ab cd";
  reading.blocks.emplace_back().text_end = 6;
  reading.lines.emplace_back().text_end = 6;
  auto& word = reading.words.emplace_back();
  word.text_begin = 4;
  word.text_end = 6;

  const auto clean = merge::cleaned(reading);

  EXPECT_EQ(clean.text,
            "\uFFFD"
            "ab cd");
  EXPECT_EQ(clean.blocks[0].text_end, 8U);
  EXPECT_EQ(clean.lines[0].text_end, 8U);
  EXPECT_EQ(clean.text.substr(clean.words[0].text_begin,
                              clean.words[0].text_end - clean.words[0].text_begin),
            "cd");
}

}  // namespace cleaned_test
