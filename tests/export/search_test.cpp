#include "pecia/export/search.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "pecia/base/error.hpp"

namespace search_test {

using namespace pecia;
using exporting::Pattern;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

/// "2:line" of each line that was found.
std::vector<std::string> found(const std::string& pattern, const std::string& text, bool ignore_case = false) {
  std::vector<std::string> lines;
  for (const auto& line : Pattern{pattern, ignore_case}.lines_in(text))
    lines.push_back(std::to_string(line.number) + ":" + std::string{line.line});
  return lines;
}

TEST(Pattern, FindsLinesWithTheirNumbers) {
  EXPECT_THAT(found("a", "b\na1\n\nxa\n"), ElementsAre("2:a1", "4:xa"));
  EXPECT_THAT(found("a", "a"), ElementsAre("1:a"));
  EXPECT_THAT(found("q", "a\nb"), IsEmpty());
  EXPECT_THAT(found("a", ""), IsEmpty());
}

TEST(Pattern, FindsALineOnceAndSaysWhereItsFirstMatchIs) {
  const std::string text = "no\nab ab";
  const auto lines = Pattern{"ab", false}.lines_in(text);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].begin, 0U);
  EXPECT_EQ(lines[0].end, 2U);
}

TEST(Pattern, LooksAtLinesByTheirEnds) {
  EXPECT_THAT(found("^b", "ab\nba"), ElementsAre("2:ba"));
  EXPECT_THAT(found("b$", "ab\nba"), ElementsAre("1:ab"));
  EXPECT_THAT(found("", "a\n\nb"), ElementsAre("1:a", "2:", "3:b"));
}

TEST(Pattern, FindsWhatGoesOverLinesInTheLineWhereItBegins) {
  const std::string text = "an Archi-\nv here";
  const auto lines = Pattern{"Archi(v|-\\nv)", false}.lines_in(text);
  ASSERT_EQ(lines.size(), 1U);
  EXPECT_EQ(lines[0].line, "an Archi-");
  EXPECT_EQ(lines[0].end, lines[0].line.size());
}

TEST(Pattern, KnowsAllScripts) {
  EXPECT_THAT(found("^\\w+$", "Wörter\n字\n- -"), ElementsAre("1:Wörter", "2:字"));
  EXPECT_THAT(found("ÜBER", "über", true), ElementsAre("1:über"));
  EXPECT_THAT(found("ÜBER", "über"), IsEmpty());
}

TEST(Pattern, TakesTextsOfAnyBytes) { EXPECT_THAT(found("x", "\xFF\xFE\nax\xC3\n\x80x"), ElementsAre("2:ax\xC3", "3:\x80x")); }

TEST(Pattern, PointsAtThePlaceThatMakesNoSense) {
  try {
    const Pattern pattern{"ä(b", false};
    FAIL() << "it was accepted";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("missing closing parenthesis"));
    EXPECT_THAT(error.what(), HasSubstr("\n  ä(b\n     ^"));
  }
}

TEST(Pattern, GivesUpWhatWouldTakeYears) {
  const Pattern pattern{"^(\\w+\\s?)*\\d$", false};
  std::string text;
  for (int n = 0; n < 200; ++n) text += "word ";

  const auto begun = std::chrono::steady_clock::now();
  EXPECT_THROW((void)pattern.lines_in(text), Error);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds{30});
}

}  // namespace search_test
