#include <gmock/gmock.h>

#include "page/outline_fixture.hpp"

// Titles and levels of a PDF's outline, and its page labels: as they are, or left out.
namespace pecia {
namespace outline_titles_test {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

/// "2 Title" or "  3 Title" (an entry of level 2).
std::vector<std::string> lines_of(const corpus::Outline& outline) {
  std::vector<std::string> lines;
  for (const auto& entry : outline.entries)
    lines.push_back(std::string(2 * static_cast<std::size_t>(entry.level - 1), ' ') +
                    std::to_string(entry.page) + " " + entry.title);
  return lines;
}

class OutlineTitles : public test::OutlinedPdf {
 protected:
  /// Objects of the outline, each a dictionary; they know each other by `object`.
  std::vector<std::string> outline_of(const std::vector<std::string>& entries,
                                      const std::string& catalog = {}) {
    for (const auto& entry : entries) pdf_.add(entry);
    return lines_of(probed("/Outlines<</First " + reference(object(1)) + ">>" + catalog).outline);
  }
  /// Number of the n-th object behind the pages, from 1.
  static int object(int n) { return pages + 2 + n; }
  static std::string next(int n) { return "/Next " + reference(object(n)); }
  static std::string first(int n) { return "/First " + reference(object(n)); }
  static std::string dest(int number) { return "/Dest" + to_page(number); }

  /// The title of an entry, as the file has it.
  std::string title_of(const std::string& title) {
    test::PdfBuilder pdf;
    pdf.add("/Title" + title + "/Dest[3 0 R/Fit]");
    const auto probe = reader_.probe(source(
        next_name(),
        pdf.finish(test::media, "0 g\n", "", "/Kids[3 0 R]/Count 1", "/Outlines<</First 4 0 R>>")));
    EXPECT_EQ(probe.problem, Reason::none) << probe.problem_detail;
    return probe.outline.entries.empty() ? "no entry" : probe.outline.entries.front().title;
  }

  std::vector<std::string> labels(const std::string& tree) {
    const auto outline = probed("/PageLabels" + tree).outline;
    return page_labels(outline, pages);
  }
};

TEST_F(OutlineTitles, StandInOrderWithTheirLevels) {
  EXPECT_THAT(outline_of({"/Title(One)" + dest(1) + first(2) + next(4),
                          "/Title(A)" + dest(5) + next(3), "/Title(B)" + dest(2) + first(5),
                          "/Title(Two)/A<</S/GoTo/D" + to_page(6) + ">>", "/Title(b)" + dest(3)}),
              ElementsAre("1 One", "  5 A", "  2 B", "    3 b", "6 Two"));
}

TEST_F(OutlineTitles, LeadToNamedDestinationsToo) {
  EXPECT_THAT(outline_of({"/Title(New)/Dest(two)" + next(2), "/Title(Old)/Dest/five" + next(3),
                          "/Title(Action)/A<</S/GoTo/D(eight)>>"},
                         "/Dests<</five" + to_page(5) + ">>/Names<</Dests<</Names[(eight)<</D" +
                             to_page(8) + ">>(two)" + to_page(2) + "]>>>>"),
              ElementsAre("2 New", "5 Old", "8 Action"));
}

TEST_F(OutlineTitles, ThatLeadNowhereHaveThePageOfTheFirstBelowThem) {
  EXPECT_THAT(
      outline_of({"/Title(Part)" + first(2) + next(5), "/Title(Gone)/Dest[99 0 R/Fit]" + next(3),
                  "/Title(Chapter)" + first(4), "/Title(Section)" + dest(4),
                  "/Title(Web)/A<</S/URI/URI(x)>>" + next(6), "/Title( )" + dest(7) + next(7),
                  "/Title(Last)" + dest(8) + first(8), "/Title(Nothing)/Dest[3/Fit]"}),
      ElementsAre("4 Part", "  4 Chapter", "    4 Section", "8 Last"));
}

TEST_F(OutlineTitles, OfAnOutlineThatLoopsStandOnce) {
  EXPECT_THAT(outline_of({"/Title(One)" + dest(1) + first(2) + next(3),
                          "/Title(Two)" + dest(2) + first(1) + next(2),
                          "/Title(Three)" + dest(3) + next(1) + first(3)}),
              ElementsAre("1 One", "  2 Two", "3 Three"));
}

TEST_F(OutlineTitles, AreTextInEveryEncoding) {
  EXPECT_EQ(title_of("(Gr\\374\\337e \\204 \\240 \\215x\\216)"), "Grüße — € “x”")
      << "PDFDocEncoding";
  EXPECT_EQ(title_of("<FEFF004700F600DF0065D834DD1E>"), "Göße\xF0\x9D\x84\x9E")
      << "UTF-16, most significant byte first";
  EXPECT_EQ(title_of("(\\376\\377\\004\\037\\004\\040)"), "ПР");
  EXPECT_EQ(title_of("<FFFE4700F6000000>"), "Gö") << "UTF-16, least significant byte first";
  EXPECT_EQ(title_of("(\xEF\xBB\xBFGr\xC3\xB6\xC3\x9F"
                     "e)"),
            "Größe")
      << "UTF-8";
  EXPECT_EQ(title_of("(a\\\nb \\(c\\))"), "ab (c)");
}

TEST_F(OutlineTitles, AreCleanedOfWhatNoTitleHas) {
  EXPECT_EQ(title_of("(  one\\n\\ttwo\\002 \\000three )"), "one two three");
  EXPECT_EQ(title_of("<FEFFD8000041DC00>"), "A") << "surrogates alone";
  EXPECT_EQ(title_of("<FEFF00410085004200>").substr(0, 3), "A B");
  EXPECT_EQ(title_of("()"), "no entry");
  EXPECT_EQ(title_of("<FEFF>"), "no entry");
  EXPECT_EQ(title_of("/Name"), "no entry");
  EXPECT_EQ(title_of("99 0 R"), "no entry");
  const auto title = title_of("(" + std::string(100'000, 'x') + ")");
  EXPECT_LE(title.size(), corpus::most_title_bytes);
  EXPECT_TRUE(title.ends_with("x..."));
}

TEST_F(OutlineTitles, AreTakenToALimitInNumberAndDepth) {
  std::vector<std::string> deep;
  for (int n = 1; n <= 50; ++n)
    deep.push_back("/Title(" + std::to_string(n) + ")" + dest(1) + (n < 50 ? first(n + 1) : ""));
  const auto lines = outline_of(deep);
  ASSERT_THAT(lines, SizeIs(corpus::most_outline_levels));
  EXPECT_EQ(lines.back(), std::string(62, ' ') + "1 32");
}

TEST_F(OutlineTitles, OfMoreEntriesThanAnyoneReadsAreLeftOut) {
  std::vector<std::string> entries;
  for (int n = 1; n <= 12'000; ++n) entries.push_back("/Title(x)" + dest(1) + next(n + 1));
  EXPECT_THAT(outline_of(entries), SizeIs(corpus::most_outline_entries));
}

TEST_F(OutlineTitles, AreNoneWhereThereIsNoOutline) { EXPECT_TRUE(probed("").outline.empty()); }

TEST_F(OutlineTitles, PageLabelsCountInEveryStyle) {
  EXPECT_THAT(labels("<</Nums[0<</S/r>>2<</S/D>>4<</S/A/P(Anh. )/St 2>>5<</S/a/St 27>>6<</S/R/St "
                     "9>>7<</P<FEFF00DC0062>>>]>>"),
              ElementsAre("i", "ii", "1", "2", "Anh. B", "aa", "IX", "Üb", "Üb"));
}

TEST_F(OutlineTitles, PageLabelsMayStandInATreeInAnyOrder) {
  const auto late = pdf_.add("/Limits[6 7]/Nums[6 " + reference(object(4)) + " 3<</S/D/St 10>>]");
  const auto early = pdf_.add("/Nums[0<</S/r>>3<</S/R>>99<</S/D>>-1<</S/D>>(x)<</S/D>>1 null 2]");
  const auto root = pdf_.add("/Kids[" + reference(late) + " " + reference(early) + " " +
                             reference(late) + " 3 0 R 98 0 R 7]");
  EXPECT_EQ(pdf_.add("/S/A"), object(4));
  EXPECT_THAT(labels(" " + reference(root)),
              ElementsAre("i", "ii", "iii", "10", "11", "12", "A", "B", "C"));
}

TEST_F(OutlineTitles, PageLabelsThatAreTheNumbersOfThePagesAreNotKept) {
  for (const auto* tree : {"<</Nums[0<</S/D>>]>>", "<</Nums[0<</S/D/St 1>>5<</S/D/St 6>>]>>",
                           "<</Nums[0<<>>]>>", "<</Nums[]>>", " null", " 7", "[]", " 99 0 R",
                           "<</Kids 3/Nums 4>>", "<</Nums[100<</S/r>>]>>"}) {
    EXPECT_THAT(labels(tree), IsEmpty()) << tree;
  }
}

TEST_F(OutlineTitles, PageLabelsThatMakeNoSenseAreAsFarAsTheyGo) {
  EXPECT_THAT(labels("<</Nums[0<</S/r/St 0>>1<</S/D/St -5>>3<</S/X/P(x\\n)>>4<</S 7/P "
                     "8/St(a)>>5<</S/D/St 99999999999999>>6<</S/R/St 2000000000>>]>>"),
              ElementsAre("", "1", "2", "x", "", "2147483647", "", "", ""));
}

TEST_F(OutlineTitles, PageLabelsOfATreeThatLoopsEnd) {
  const auto node = object(1);
  EXPECT_EQ(pdf_.add("/Kids[" + reference(node) + " " + reference(node) + "]/Nums[0<</S/r>>]"),
            node);
  EXPECT_THAT(labels(" " + reference(node)),
              ElementsAre("i", "ii", "iii", "iv", "v", "vi", "vii", "viii", "ix"));
}

TEST_F(OutlineTitles, PageLabelsOfWhichThereAreMoreThanAnyoneReadsAreNotTaken) {
  std::string tree = "<</Nums[";
  for (int n = 0; n <= 100'001; ++n) tree += "0<</S/r>>";
  EXPECT_THAT(labels(tree + "]>>"), IsEmpty());
}

}  // namespace outline_titles_test
}  // namespace pecia
