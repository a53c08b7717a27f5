#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "merge/drawn.hpp"

namespace text_kept_test {

using namespace pecia;
using merge::ChangeKind;
using merge::FindingKind;
using test::Drawn;
using testing::Each;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// Words that no other line has.
std::string words(unsigned seed, int count) {
  std::string text;
  for (int word = 0; word < count; ++word) {
    if (word > 0) text += ' ';
    for (int letter = 0; letter < 5; ++letter) {
      seed = seed * 1664525U + 1013904223U;
      text += static_cast<char>('a' + (seed >> 24) % 26);
    }
  }
  return text;
}

std::string placed(char label, char joint, float left, float top, float right, const std::string& text, float height = 40) {
  return fmt::format("{}{} [{} {} {} {}] {}\n", label, joint, left, top, right, top + height, text);
}

double removed_share(const merge::Book& book) {
  return static_cast<double>(book.balance.removed) / static_cast<double>(std::max<std::uint64_t>(book.balance.characters, 1));
}

TEST(RunningHeads, AreNotTheLinesOfColumnsThatStandBesideEachOther) {
  std::string text;
  for (int page = 0; page < 6; ++page) {
    text += "page 2000x3000\n" + placed('H', '|', 200, 60, 800, "The Daily Post");
    text += placed('N', '|', 1800, 132, 1850, std::to_string(11 + page));
    for (int column = 0; column < 3; ++column) {
      for (int line = 0; line < 50; ++line)
        text += placed(line == 0 ? 'P' : '.', line == 0 ? '|' : ' ', static_cast<float>(100 + 620 * column),
                       static_cast<float>(150 + 55 * line + 18 * column), static_cast<float>(660 + 620 * column),
                       words(static_cast<unsigned>(1000 * page + 100 * column + line), 4));
    }
    text += placed('P', '|', 900, 2940, 1100, words(static_cast<unsigned>(7000 + page), 2));
  }

  const Drawn drawn{text};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), Each(std::string{"The Daily Post"}));
  EXPECT_THAT(drawn.removed(ChangeKind::removed_page_number), SizeIs(6));
  EXPECT_LT(removed_share(drawn.book()), .01);
}

TEST(RunningHeads, AreNotLabelsOfAMapBesideThePagesNumber) {
  std::string text;
  for (int page = 0; page < 6; ++page) {
    text += "page 2000x3000\n" + placed('N', '|', 1900, 60, 1950, std::to_string(11 + page));
    for (int label = 0; label < 160; ++label)
      text += placed('P', '|', static_cast<float>(100 + 220 * (label % 8)), static_cast<float>(60 + 17 * label),
                     static_cast<float>(280 + 220 * (label % 8)), words(static_cast<unsigned>(1000 * page + label), 2));
    text += placed('P', '|', 900, 2940, 1100, words(static_cast<unsigned>(7000 + page), 2));
  }

  const Drawn drawn{text};

  EXPECT_LT(removed_share(drawn.book()), .02);
}

TEST(RunningHeads, AreNotTheTitleBehindAHalfTitle) {
  std::string text = "page 2000x3000\n" + placed('T', '|', 700, 1200, 1300, "The History of Bells", 50);
  text += "page 2000x3000\n" + placed('T', '|', 400, 600, 1600, "The History of Bells", 100) +
          placed('P', '|', 800, 1400, 1200, "by John Smith") + placed('P', '|', 850, 2600, 1150, "London 1901");
  for (int page = 0; page < 4; ++page) {
    text += "page 2000x3000\n" + placed('H', '|', 700, 100, 1300, page % 2 == 0 ? "Introduction" : "The History of Bells");
    for (int line = 0; line < 30; ++line)
      text += placed(line == 0 ? 'P' : '.', line == 0 ? '|' : ' ', 200, static_cast<float>(300 + 60 * line), 1800,
                     words(static_cast<unsigned>(100 * page + line), 9));
  }

  const Drawn drawn{text};

  for (const auto& change : drawn.book().changes)
    EXPECT_TRUE(change.kind != ChangeKind::removed_running_head || change.page >= 2) << "page " << change.page + 1;
  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), SizeIs(4));
}

enum class Turn { left, right, half };

/// A page as it is read from a sheet that lies on its side, or upside down.
std::string turned(const std::string& page, Turn turn) {
  std::string out;
  std::istringstream lines{page};
  for (std::string line; std::getline(lines, line);) {
    float x0 = 0, y0 = 0, x1 = 0, y1 = 0;
    int bytes = 0;
    const auto at = line.find('[');
    if (at == std::string::npos || std::sscanf(line.c_str() + at, "[%f %f %f %f] %n", &x0, &y0, &x1, &y1, &bytes) != 4) {
      out += line + '\n';
      continue;
    }
    const auto box = turn == Turn::half   ? fmt::format("[{} {} {} {}] ", 2000 - x1, 3000 - y1, 2000 - x0, 3000 - y0)
                     : turn == Turn::left ? fmt::format("[{} {} {} {}] ", y0, 2000 - x1, y1, 2000 - x0)
                                          : fmt::format("[{} {} {} {}] ", 3000 - y1, x0, 3000 - y0, x1);
    out += line.substr(0, at) + box + line.substr(at + static_cast<std::size_t>(bytes)) + '\n';
  }
  return out;
}

TEST(RunningHeads, OfPagesThatLieOnTheirSideAreNoColumns) {
  std::string text;
  for (int page = 0; page < 5; ++page) {
    auto sheet = "page 2000x3000\n" + placed('H', '|', 200, 100, 700, "HISTORY OF BELLS") +
                 placed('N', '|', 1700, 100, 1750, std::to_string(11 + page));
    for (int line = 0; line < 40; ++line)
      sheet += placed(line == 0 ? 'P' : '.', line == 0 ? '|' : ' ', 200, static_cast<float>(300 + 60 * line), 1800,
                      words(static_cast<unsigned>(100 * page + line), 9));
    text += page % 2 == 0 ? sheet : turned(sheet, Turn::left);
  }

  const Drawn drawn{text};

  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), SizeIs(5));
  EXPECT_THAT(drawn.removed(ChangeKind::removed_running_head), Each(HasSubstr("BELLS")));
  EXPECT_LT(removed_share(drawn.book()), .02);
}

TEST(RunningHeads, AreNotLinesOfASheetThatWasScannedOnEitherSide) {
  std::string sheet = "page 2000x3000\n";
  for (int line = 0; line < 40; ++line)
    sheet += placed('P', '|', 200, static_cast<float>(300 + 60 * line), 1400, words(static_cast<unsigned>(line), 8));

  const Drawn drawn{turned(sheet, Turn::left) + turned(sheet, Turn::right)};

  EXPECT_LT(removed_share(drawn.book()), .1);
}

TEST(RunningHeads, ThatWereReadTogetherAreKnownByTheirParts) {
  std::string text;
  for (int page = 0; page < 8; ++page) {
    const auto left = page < 4 ? "CHAPTER 6. THE ARCHIVES OF BELLS" : "CHAPTER 7. THE MILLS ON THE RIVER";
    auto right = words(static_cast<unsigned>(9000 + page), 4);
    std::ranges::transform(right, right.begin(), [](char c) { return static_cast<char>(c >= 'a' && c <= 'z' ? c - 32 : c); });
    text += "page 2000x3000\n" + placed('H', '|', 200, 100, 1800, fmt::format("{} {}.{}. {}", left, page < 4 ? 6 : 7, page + 2, right));
    for (int line = 0; line < 30; ++line)
      text += placed(line == 0 ? 'P' : '.', line == 0 ? '|' : ' ', 200, static_cast<float>(300 + 60 * line), 1800,
                     words(static_cast<unsigned>(100 * page + line), 9));
  }
  const auto one_page = text.substr(0, text.find("page", 4));

  EXPECT_THAT(Drawn{text}.removed(ChangeKind::removed_running_head), SizeIs(8));
  EXPECT_THAT(Drawn{one_page}.texts(merge::Role::heading), IsEmpty()) << "nor is one alone a heading";
}

TEST(RunningHeads, ThatWouldBeMuchOfAPageStayAndAreReported) {
  Drawn drawn{"page\nP  x\n"};
  auto& reading = drawn.document().pages[0].outcome.reading;
  reading = {};
  for (int n = 0; n < 12; ++n) {
    if (n > 0) reading.text += "\n\n";
    const auto begin = static_cast<std::uint32_t>(reading.text.size());
    reading.text += words(static_cast<unsigned>(n), 6);
    reading.blocks.push_back({{{}, begin, static_cast<std::uint32_t>(reading.text.size()), .9F}, n < 10 ? "header" : "text"});
  }

  const auto book = merge::bind(drawn.document());

  EXPECT_EQ(book.balance.removed, 0U);
  EXPECT_EQ(book.balance.unexplained, 0U);
  ASSERT_THAT(book.findings, SizeIs(1));
  EXPECT_EQ(book.findings[0].kind, FindingKind::running_heads_kept);
  EXPECT_EQ(book.findings[0].page, 1U);
}

/// Lines anywhere, with numbers that count on among them: columns, maps, forms, spreads.
std::string any_layout(unsigned seed) {
  std::mt19937 random{seed};
  const auto below = [&](unsigned number) { return random() % number; };
  const auto pages = 2 + below(5), columns = 1 + below(8), lines = 10 + below(120);
  const auto pitch = static_cast<float>(8 + below(60)), stagger = static_cast<float>(below(40));
  const bool same = below(3) == 0, numbered = below(2) == 0, sideways = below(6) == 0;
  std::string text;
  for (unsigned page = 0; page < pages; ++page) {
    auto sheet = "page 2000x3000\n" + (numbered ? placed('N', '|', 1900, 60, 1950, std::to_string(11 + page)) : std::string{});
    for (unsigned line = 0; line < lines; ++line) {
      const auto column = line % columns;
      const auto left = 100 + 1800 / static_cast<float>(columns) * static_cast<float>(column);
      const auto top = 60 + pitch * static_cast<float>(line / (below(4) == 0 ? 1 : columns)) + stagger * static_cast<float>(column);
      const auto what = same && line % 3 == 0 ? "THE SAME WORDS" : words(1000 * seed + 200 * page + line, static_cast<int>(1 + below(5)));
      sheet += placed('P', below(2) == 0 ? '|' : '+', left, top, left + 1500 / static_cast<float>(columns), what,
                      static_cast<float>(20 + below(40)));
    }
    text += sideways ? turned(sheet, static_cast<Turn>(below(3))) : sheet;
  }
  return text;
}

TEST(RunningHeads, AreNeverMuchOfAnyPage) {
  for (unsigned seed = 0; seed < 400; ++seed) {
    const Drawn drawn{any_layout(seed)};
    const auto& book = drawn.book();
    std::vector<std::size_t> removed(book.pages.size());
    for (const auto& change : book.changes) removed[change.page] += change.text.end - change.text.begin;
    for (std::size_t page = 0; page < removed.size(); ++page) {
      const auto most = std::max(260., .13 * static_cast<double>(book.pages[page].text.size()));  // with blanks
      EXPECT_LE(static_cast<double>(removed[page]), most) << "seed " << seed;
    }
    EXPECT_EQ(book.balance.unexplained, 0U) << "seed " << seed;
  }
}

}  // namespace text_kept_test
