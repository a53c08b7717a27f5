#include "names.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "pecia/base/text.hpp"
#include "pecia/corpus/listing.hpp"

namespace names_test {

using namespace pecia;
using testing::ElementsAre;
using testing::EndsWith;
using testing::StartsWith;

std::vector<std::string> names_of(const std::vector<std::string>& paths) {
  std::vector<corpus::Document> documents;
  for (const auto& path : paths) {
    corpus::Document document;
    document.id = corpus::document_id(path);
    document.path = path;
    documents.push_back(document);
  }
  return exporting::export_names(corpus::Manifest{documents}, {".md", ".txt"}, {"pages.jsonl"});
}

std::string with_id(const std::string& name, const std::string& path) {
  return name + "~" + to_string(corpus::document_id(path));
}

TEST(ExportNames, AreThePathsOfTheDocuments) {
  EXPECT_THAT(names_of({"a.pdf", "b/c d.tif", "b/\xFF\n.png"}),
              ElementsAre("a.pdf", "b/c d.tif", "b/\xFF\n.png"));
}

TEST(ExportNames, StayBelowTheFolder) {
  EXPECT_THAT(names_of({"/etc/passwd"}), ElementsAre("etc/passwd"));
  EXPECT_THAT(names_of({"../../x.pdf"}), ElementsAre("__/__/x.pdf"));
  EXPECT_THAT(names_of({"a/./b//c"}), ElementsAre("a/b/c"));
  EXPECT_THAT(names_of({".."}), ElementsAre("__"));
}

TEST(ExportNames, TellDocumentsApartThatWouldHaveOneFile) {
  EXPECT_THAT(names_of({"/a/x.pdf", "a/x.pdf"}),
              ElementsAre(with_id("a/x.pdf", "/a/x.pdf"), with_id("a/x.pdf", "a/x.pdf")));
}

TEST(ExportNames, DoNotPutAFileWhereAFolderMustBe) {
  EXPECT_THAT(names_of({"a", "a.md/b"}), ElementsAre(with_id("a", "a"), "a.md/b"));
  EXPECT_THAT(names_of({"c", "c.txt/d"}), ElementsAre(with_id("c", "c"), "c.txt/d"));
  EXPECT_THAT(names_of({"e", "e/f"}), ElementsAre("e", "e/f")) << "e.md is a file, e a folder";
}

TEST(ExportNames, LeaveReservedNamesFree) {
  EXPECT_THAT(names_of({"pages.jsonl/a", "b/pages.jsonl/c"}),
              ElementsAre("b/pages.jsonl/c", "pages.jsonl~/a"));
}

TEST(ExportNames, ShortenWhatIsTooLongAndStayDifferent) {
  const std::string base(240, 'x');
  const auto names = names_of({base + "1.pdf", base + "2.pdf"});
  EXPECT_NE(names[0], names[1]);
  EXPECT_THAT(names[0], EndsWith("~" + to_string(corpus::document_id(base + "1.pdf"))));
  for (const auto& name : names) EXPECT_LE(name.size() + 4, 255u);
  EXPECT_THAT(names_of({std::string(235, 'y')}), ElementsAre(std::string(235, 'y')));
}

TEST(ExportNames, AreNotCutWithinACharacter) {
  std::string name;
  for (int n = 0; n < 84; ++n) name += "字";
  for (const auto* start : {"", "a", "ab"}) EXPECT_TRUE(is_utf8(names_of({start + name})[0]));
}

TEST(ExportNames, ShortenLongFoldersAndPaths) {
  const auto name = names_of({std::string(300, 'z') + "/a.pdf"})[0];
  EXPECT_LE(name.find('/'), 255u);
  EXPECT_THAT(name, EndsWith("/a.pdf"));

  std::string deep;
  for (int n = 0; n < 200; ++n) deep += "folder of a deep tree/";
  EXPECT_THAT(names_of({deep + "a.pdf"}),
              ElementsAre("long-paths/" + to_string(corpus::document_id(deep + "a.pdf"))));
}

TEST(ExportNames, AreDifferentForDifferentDocumentsWhateverTheirNames) {
  const auto marked = with_id("a/x", "a/x");
  const auto names = names_of({"/a/x", "a/x", marked, "/" + marked, "../y", "__/y", "y", "y.md/z"});
  EXPECT_EQ((std::set<std::string>{names.begin(), names.end()}).size(), 8u);
}

}  // namespace names_test
