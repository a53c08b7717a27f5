#include "pecia/base/text.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace pecia {
namespace text_test {

TEST(Printable, KeepsRealNamesAsTheyAre) {
  EXPECT_EQ(printable("Überweisung №1 (Kopie).pdf"), "Überweisung №1 (Kopie).pdf");
}

TEST(Printable, EscapesWhatIsNoTextOnOneLine) {
  EXPECT_EQ(printable("a\nb\tc\x7F"), "a\\x0ab\\x09c\\x7f");
  EXPECT_EQ(printable("bad\xFF\xC3"), "bad\\xff\\xc3");
  EXPECT_EQ(printable("back\\slash"), "back\\\\slash");
  EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80") << "a surrogate is not UTF-8";
}

TEST(Printable, GivesATerminalNothingToObey) {
  EXPECT_EQ(printable("\x1B[2J"), "\\x1b[2J");
  EXPECT_EQ(printable("\xC2\x9B" "2J"), "\\xc2\\x9b2J") << "U+009B stands for ESC [";
  EXPECT_EQ(printable("\xC2\xA0"), "\xC2\xA0");
}

TEST(Printable, IsReversibleForAllBytes) {
  std::string bytes;
  for (int first = 0; first < 256; ++first) {
    for (const int second : {0x00, 0x78, 0x5C, 0x80, 0x9F, 0xA0, 0xC3, 0xFF}) {
      bytes = {static_cast<char>(first), static_cast<char>(second), 'a', '\\', 'x', '4', '1'};
      ASSERT_EQ(unprintable(printable(bytes)), bytes) << first << " " << second;
      ASSERT_TRUE(is_utf8(printable(bytes)));
    }
  }
}

TEST(ToUtf8, ReplacesEachOffendingByte) {
  EXPECT_EQ(to_utf8("a\xFF\xFEz"), "a\uFFFD\uFFFDz");
  EXPECT_EQ(to_utf8("ok ✓"), "ok ✓");
  EXPECT_TRUE(is_utf8(to_utf8(std::string("\xF0\x9F\x98", 3))));
}

TEST(Glob, MatchesNamesAndFolders) {
  EXPECT_TRUE(glob_match("**/*", "a.pdf"));
  EXPECT_TRUE(glob_match("**/*", "a/b/c.pdf"));
  EXPECT_TRUE(glob_match("**/x.pdf", "x.pdf"));
  EXPECT_TRUE(glob_match("1650-*/**", "1650-69/book/p1.tif"));
  EXPECT_FALSE(glob_match("1650-*/**", "1700/book/p1.tif"));
  EXPECT_FALSE(glob_match("a/*.pdf", "a/b/c.pdf"));
  EXPECT_TRUE(glob_match("a/**/c.pdf", "a/c.pdf"));
  EXPECT_TRUE(glob_match("*.pdf", "deep/in/x.pdf")) << "without a slash the last name is meant";
  EXPECT_TRUE(glob_match("p[0-9][!a].tif", "p1b.tif"));
  EXPECT_FALSE(glob_match("p[0-9][!a].tif", "p1a.tif"));
  EXPECT_TRUE(glob_match("what\\?", "what?"));
  EXPECT_FALSE(glob_match("what\\?", "whatx"));
  EXPECT_TRUE(glob_match("[", "["));
  EXPECT_TRUE(glob_match("[!", "[!"));
  EXPECT_TRUE(glob_match("[]a]", "]"));
  EXPECT_TRUE(glob_match("[!]a]", "b"));
  EXPECT_FALSE(glob_match("[!]a]", "a"));
  EXPECT_TRUE(glob_match("p[a-\xFF]", "p\xE9")) << "classes are of bytes";
}

TEST(Glob, TakesNoLongerForNastyPatterns) {
  std::string pattern, path;
  for (int n = 0; n < 40; ++n) {
    pattern += "**/a*a*a*/";
    path += "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/";
  }
  EXPECT_FALSE(glob_match(pattern + "z", path + "y"));
}

TEST(Crc32c, GivesTheCheckValueInOneOrManyPieces) {
  EXPECT_EQ(crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(crc32c("56789", crc32c("1234")), 0xE3069283U);
  EXPECT_EQ(crc32c(""), 0U);
  const std::string long_text(1000, 'x');
  EXPECT_EQ(crc32c(std::string_view{long_text}.substr(37), crc32c(std::string_view{long_text}.substr(0, 37))), crc32c(long_text));
}

TEST(Duration, IsNumbersWithUnits) {
  EXPECT_EQ(parse_duration_s("90m"), 5400);
  EXPECT_EQ(parse_duration_s("4h"), 14'400);
  EXPECT_EQ(parse_duration_s("1d"), 86'400);
  EXPECT_EQ(parse_duration_s("3600s"), 3600);
  EXPECT_EQ(parse_duration_s("1.5h"), 5400);
  EXPECT_EQ(parse_duration_s("1d2h3m4s"), 93'784);
  for (const auto* nonsense : {"", "4", "h", "4 h", "h4", "-4h", "0s", "4x", "4hh", "4h4h", "4m4h", "nanh", "infh", "1e3s", "4h "})
    EXPECT_FALSE(parse_duration_s(nonsense)) << nonsense;
}

TEST(Nearest, FindsMisspellingsAndNothingElse) {
  constexpr std::array<std::string_view, 3> words{"languages", "threads", "watchdog_s"};
  EXPECT_EQ(nearest("langauges", words.begin(), words.end()), "languages");
  EXPECT_EQ(nearest("thread", words.begin(), words.end()), "threads");
  EXPECT_EQ(nearest("elephant", words.begin(), words.end()), "");
}

}  // namespace text_test
}  // namespace pecia
