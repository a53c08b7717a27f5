#include <gmock/gmock.h>

#include "page/outline_fixture.hpp"

// Chapters: the top level of a PDF's outline, which may be anything but an error.
namespace pecia {
namespace outline_test {

using testing::ElementsAre;
using testing::IsEmpty;

using Outline = test::OutlinedPdf;

TEST_F(Outline, IsReadAtItsTopLevelInPageOrder) {
  const auto root = outline({"/Dest" + to_page(7) + "/First 3 0 R",
                             "/A<</S/GoTo/D" + to_page(2) + ">>", "/Dest" + to_page(7)});
  EXPECT_THAT(chapters("/Outlines " + reference(root)), ElementsAre(2, 7));
}

TEST_F(Outline, MayUseNamedDestinations) {
  const auto root =
      outline({"/Dest(chapter.2)", "/Dest/old", "/A<</S/GoTo/D(chapter.3)>>", "/Dest(nobody)"});
  const auto leaf =
      pdf_.add("/Names[(chapter.2)" + to_page(2) + "(chapter.3)<</D" + to_page(8) + ">>]");
  const auto tree = pdf_.add("/Kids[" + reference(leaf) + " " + reference(leaf) + "]");
  EXPECT_THAT(chapters("/Outlines " + reference(root) + "/Dests<</old" + to_page(5) +
                       ">>/Names<</Dests " + reference(tree) + ">>"),
              ElementsAre(2, 5, 8));
}

TEST_F(Outline, MayLeadNowhere) {
  const auto root = outline({"/Dest[99 0 R/Fit]", "/Dest[3/Fit]", "/Dest[]", "/Dest null",
                             "/Dest 7", "/A 3", "/A<</S/URI/URI(x)>>", "/A<</S/GoTo>>", "/A 99 0 R",
                             "/Dest(loop)", "", "/Dest" + to_page(4)});
  EXPECT_THAT(
      chapters("/Outlines " + reference(root) + "/Dests<</loop/loop>>/Names<</Dests 4 0 R>>"),
      ElementsAre(4));
}

TEST_F(Outline, MayBeMissingOrNoOutline) {
  for (const auto* catalog :
       {"", "/Outlines null", "/Outlines 3", "/Outlines 99 0 R", "/Outlines<</First 99 0 R>>",
        "/Outlines<</First 7>>", "/Outlines<</First(x)>>"}) {
    EXPECT_THAT(chapters(catalog), IsEmpty()) << catalog;
  }
}

TEST_F(Outline, ThatLoopsEnds) {
  const auto first = pdf_.add("/Dest" + to_page(3) + "/Next " + reference(page(pages) + 2));
  pdf_.add("/Dest" + to_page(6) + "/Next " + reference(first));
  EXPECT_THAT(chapters("/Outlines<</First " + reference(first) + ">>"), ElementsAre(3, 6));
}

TEST_F(Outline, WithNamesThatLoopEnds) {
  const auto root = outline({"/Dest(a)"});
  const auto node = next_object() + 1;
  EXPECT_EQ(pdf_.add("/Kids[" + reference(node) + " " + reference(node) + "]/Names[(a)" +
                     to_page(2) + "(b)]"),
            node);
  EXPECT_THAT(chapters("/Outlines " + reference(root) + "/Names<</Dests " + reference(node) + ">>"),
              ElementsAre(2));
}

TEST_F(Outline, OfAMillionEntriesIsReadInPart) {
  // One object each would be a file of 60 MB; 30,000 are beyond what is read, too.
  std::vector<std::string> entries(30'000, "/Dest" + to_page(2));
  entries.front() = "/Dest" + to_page(1);
  entries.back() = "/Dest" + to_page(9);
  const auto root = outline(entries);
  EXPECT_THAT(chapters("/Outlines " + reference(root)), ElementsAre(1, 2));
}

}  // namespace outline_test
}  // namespace pecia
