#include "pecia/corpus/manifest.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace manifest_test {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

Document document(const std::string& path, std::size_t pages, std::uint64_t size_bytes = 100,
                  std::int64_t modified_ns = 5) {
  Document made;
  made.id = document_id(path);
  made.path = path;
  made.size_bytes = size_bytes;
  made.modified_ns = modified_ns;
  made.pages.resize(pages);
  return made;
}

FoundFile file(const std::string& path, std::uint64_t size_bytes = 100,
               std::int64_t modified_ns = 5) {
  FoundFile made;
  made.id = document_id(path);
  made.path = path;
  made.size_bytes = size_bytes;
  made.modified_ns = modified_ns;
  return made;
}

FoundFile missing_file(const std::string& path) {
  auto made = file(path, 0, 0);
  made.exists = false;
  return made;
}

TEST(Manifest, IsSortedByTheBytesOfThePaths) {
  const Manifest manifest{{document("b", 1), document("\xE9", 1), document("B", 1),
                           document("a/b", 1), document("a", 1)}};
  std::vector<std::string> paths;
  for (const auto& each : manifest.documents()) paths.push_back(each.path);
  EXPECT_THAT(paths, ElementsAre("B", "a", "a/b", "b", "\xE9"));
}

TEST(Manifest, NumbersEveryPageOnce) {
  const Manifest manifest{{document("a", 3), document("b", 0), document("c", 1), document("d", 2)}};
  ASSERT_EQ(manifest.pages(), 7U);
  std::vector<PageRef> pages;
  for (std::uint64_t n = 0; n < manifest.pages(); ++n) {
    pages.push_back(manifest.at(n));
    EXPECT_EQ(manifest.index(pages.back()), n);
  }
  EXPECT_THAT(pages, ElementsAre(PageRef{0, 1}, PageRef{0, 2}, PageRef{0, 3}, PageRef{1, 0},
                                 PageRef{2, 1}, PageRef{3, 1}, PageRef{3, 2}));
}

TEST(Manifest, RefusesPagesItDoesNotHave) {
  const Manifest manifest{{document("a", 3), document("b", 0)}};
  EXPECT_THROW((void)manifest.index({0, 0}), Error);
  EXPECT_THROW((void)manifest.index({0, 4}), Error);
  EXPECT_THROW((void)manifest.index({1, 1}), Error);
  EXPECT_THROW((void)manifest.at(4), Error);
  EXPECT_ANY_THROW((void)manifest.index({2, 1}));
}

TEST(Manifest, OfNothingHasNoPages) {
  EXPECT_EQ(Manifest{}.pages(), 0U);
  EXPECT_EQ(Manifest{}.find({1}), -1);
  EXPECT_EQ(Manifest{std::vector<Document>{}}.pages(), 0U);
  EXPECT_THROW((void)Manifest{}.at(0), Error);
}

TEST(Manifest, FindsDocumentsById) {
  const Manifest manifest{{document("b", 1), document("a", 1), document("c", 1)}};
  for (std::size_t n = 0; n < 3; ++n)
    EXPECT_EQ(manifest.find(manifest.documents()[n].id), static_cast<std::int64_t>(n));
  EXPECT_EQ(manifest.find(document_id("d")), -1);
  EXPECT_EQ(manifest.find({0}), -1);
  EXPECT_EQ(manifest.find({~std::uint64_t{0}}), -1);
}

TEST(Manifest, RefusesTwoDocumentsWithOneIdAndNamesBoth) {
  auto twin = document("b\nb", 1);
  twin.id = document_id("a");
  const auto message = message_of<Error>([&] { Manifest{{document("a", 1), twin}}; });
  EXPECT_THAT(message, HasSubstr("b\\x0ab"));
  EXPECT_THAT(message, HasSubstr(to_string(document_id("a"))));
}

TEST(Comparison, OfTheSameListingFindsNothingToDo) {
  const Manifest known{{document("a", 1), document("b", 0)}};
  Listing found;
  found.files = {file("a"), file("b")};
  const auto difference = compare(known, found, true);
  EXPECT_THAT(difference.to_probe, IsEmpty());
  EXPECT_THAT(difference.changed, IsEmpty());
  EXPECT_THAT(difference.vanished, IsEmpty());
}

TEST(Comparison, FindsNewDocuments) {
  const Manifest known{{document("b", 1)}};
  Listing found;
  found.files = {file("a"), file("b"), file("c"), missing_file("d")};
  const auto difference = compare(known, found, false);
  EXPECT_THAT(difference.to_probe, ElementsAre(0U, 2U, 3U)) << "a missing one needs a record too";
  EXPECT_THAT(difference.changed, IsEmpty());
  EXPECT_THAT(difference.vanished, IsEmpty());
}

TEST(Comparison, ReportsChangedDocumentsAndProbesThemOnlyIfAsked) {
  const Manifest known{{document("a", 1), document("b", 1), document("c", 1)}};
  Listing found;
  found.files = {file("a", 101, 5), file("b"), file("c", 100, 6)};
  const auto kept = compare(known, found, false);
  EXPECT_THAT(kept.changed, ElementsAre(0U, 2U));
  EXPECT_THAT(kept.to_probe, IsEmpty());
  const auto redone = compare(known, found, true);
  EXPECT_THAT(redone.changed, ElementsAre(0U, 2U));
  EXPECT_THAT(redone.to_probe, ElementsAre(0U, 2U));
}

TEST(Comparison, FindsVanishedDocumentsOnceEach) {
  auto gone_before = document("d", 0);
  gone_before.problem = Reason::vanished;
  const Manifest known{{document("a", 1), document("b", 2), document("c", 1), gone_before}};
  Listing found;
  found.files = {file("a"), missing_file("b"), missing_file("d")};
  const auto difference = compare(known, found, true);
  EXPECT_THAT(difference.vanished,
              testing::UnorderedElementsAre(document_id("b"), document_id("c")));
  EXPECT_THAT(difference.to_probe, IsEmpty());
  EXPECT_THAT(difference.changed, IsEmpty());
}

TEST(Comparison, SeesAVanishedDocumentComeBack) {
  auto gone = document("a", 0, 0, 0);
  gone.problem = Reason::vanished;
  Listing found;
  found.files = {file("a")};
  const auto difference = compare(Manifest{{gone}}, found, true);
  EXPECT_THAT(difference.changed, ElementsAre(0U));
  EXPECT_THAT(difference.to_probe, ElementsAre(0U));
  EXPECT_THAT(difference.vanished, IsEmpty());
}

}  // namespace manifest_test
}  // namespace pecia::corpus
