#include "pecia/corpus/listing.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "pecia/base/error.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace listing_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> paths(const Listing& listing) {
  std::vector<std::string> all;
  for (const auto& file : listing.files) all.push_back(file.path);
  return all;
}

Listing list(const fs::path& root, std::vector<std::string> include = {"**/*"},
             std::vector<std::string> exclude = {}) {
  return list_corpus({root, {}, std::move(include), std::move(exclude)});
}

Listing list_file(const Scratch& scratch, std::string_view contents, const fs::path& root = {}) {
  CorpusSpec spec;
  spec.root = root;
  spec.list = scratch.write("paths.txt", contents);
  return list_corpus(spec);
}

std::string refusal(const CorpusSpec& spec) {
  return message_of<UsageError>([&] { (void)list_corpus(spec); });
}

std::string refusal_of(const fs::path& root) { return refusal({root, {}, {"**/*"}, {}}); }

TEST(DocumentId, IsStableForEver) {
  EXPECT_EQ(to_string(document_id("a/b.pdf")), "e06332908d7e55f0");
  EXPECT_EQ(to_string(document_id("")), "e3b0c44298fc1c14");
  EXPECT_EQ(to_string(document_id("caf\xE9 \n.tif")), "26a4c754e12b3f44");
}

TEST(Listing, OfAFolderHasItsFilesSortedByBytes) {
  const Scratch scratch;
  for (const auto* name : {"b.pdf", "B.pdf", "a/z.tif", "a.tif", "a/b/c/d.png", "\xC3\xA9.jpg"})
    scratch.write(name);
  fs::create_directory(scratch.folder() / "empty");
  const auto listing = list(scratch.folder());
  EXPECT_THAT(paths(listing),
              ElementsAre("B.pdf", "a.tif", "a/b/c/d.png", "a/z.tif", "b.pdf", "\xC3\xA9.jpg"));
  EXPECT_EQ(listing.root, scratch.folder());
  EXPECT_THAT(listing.warnings, IsEmpty());
}

TEST(Listing, RecordsSizeTimeAndId) {
  const Scratch scratch;
  const auto path = scratch.write("a/b.pdf", "12345");
  const timespec times[2]{{0, 0}, {1'600'000'000, 123'456'789}};
  ASSERT_EQ(::utimensat(AT_FDCWD, path.c_str(), times, 0), 0);
  const auto file = list(scratch.folder()).files.at(0);
  EXPECT_EQ(file.size_bytes, 5U);
  EXPECT_EQ(file.modified_ns, 1'600'000'000'123'456'789);
  EXPECT_EQ(file.id, document_id("a/b.pdf"));
  EXPECT_TRUE(file.exists);
  EXPECT_FALSE(file.checksum.has_value());
}

TEST(Listing, OfAMovedArchiveHasTheSameIds) {
  const Scratch scratch;
  scratch.write("old/x/a.pdf");
  const auto before = list(scratch.folder() / "old").files.at(0).id;
  fs::rename(scratch.folder() / "old", scratch.folder() / "new");
  EXPECT_EQ(list(scratch.folder() / "new").files.at(0).id, before);
}

TEST(Listing, TakesNamesOfAnyBytes) {
  const Scratch scratch;
  for (const auto* name : {"with space.pdf", "line\nbreak.pdf", "\xFF\xFE\xE9.pdf",
                           "\xE2\x82\xAC.pdf", "-rf", "a\\b", "*"})
    scratch.write(name);
  EXPECT_THAT(paths(list(scratch.folder())),
              ElementsAre("*", "-rf", "a\\b", "line\nbreak.pdf", "with space.pdf",
                          "\xE2\x82\xAC.pdf", "\xFF\xFE\xE9.pdf"));
}

TEST(Listing, IncludesAndExcludesByPathRelativeToTheRoot) {
  const Scratch scratch;
  for (const auto* name : {"a.pdf", "x/a.pdf", "x/thumbs/a.pdf", "x/a.txt", "y/b.pdf"})
    scratch.write(name);
  EXPECT_THAT(paths(list(scratch.folder(), {"**/*.pdf"}, {"**/thumbs/**"})),
              ElementsAre("a.pdf", "x/a.pdf", "y/b.pdf"));
  EXPECT_THAT(paths(list(scratch.folder(), {"x/*"})), ElementsAre("x/a.pdf", "x/a.txt"));
  EXPECT_THAT(paths(list(scratch.folder(), {"x/*.txt", "y/**"})),
              ElementsAre("x/a.txt", "y/b.pdf"));
  EXPECT_THAT(paths(list(scratch.folder(), {"**/*"}, {"*.pdf"})), ElementsAre("x/a.txt"))
      << "exclude wins";
}

TEST(Listing, HasHiddenFilesOnlyIfAPatternNamesThem) {
  const Scratch scratch;
  for (const auto* name : {"a.pdf", ".b.pdf", ".git/c.pdf", "x/.extra/d.pdf", "x/.extra/e.txt"})
    scratch.write(name);
  EXPECT_THAT(paths(list(scratch.folder())), ElementsAre("a.pdf"));
  EXPECT_THAT(paths(list(scratch.folder(), {"**/.extra/*.pdf"})), ElementsAre("x/.extra/d.pdf"));
  EXPECT_THAT(paths(list(scratch.folder(), {"**/*", "**/.extra/*.pdf"})),
              ElementsAre("a.pdf", "x/.extra/d.pdf"))
      << "a pattern for one hidden folder does not let the others in";
  EXPECT_THAT(paths(list(scratch.folder(), {".*"})), ElementsAre(".b.pdf"));
}

TEST(Listing, FollowsLinksToFilesAndNotToFolders) {
  const Scratch scratch;
  const auto target = scratch.write("outside/book.pdf", "12345678");
  scratch.write("root/a/b.pdf");
  const auto root = scratch.folder() / "root";
  fs::create_symlink(target, root / "linked.pdf");
  fs::create_symlink("..", root / "a/loop");
  fs::create_symlink("self", root / "self");
  fs::create_symlink("nothing", root / "dangling.pdf");
  const auto listing = list(root);
  ASSERT_THAT(paths(listing), ElementsAre("a/b.pdf", "dangling.pdf", "linked.pdf", "self"));
  EXPECT_FALSE(listing.files[1].exists);
  EXPECT_TRUE(listing.files[2].exists);
  EXPECT_EQ(listing.files[2].size_bytes, 8U) << "of the file, not of the link";
  EXPECT_FALSE(listing.files[3].exists);
  EXPECT_THAT(listing.warnings, ElementsAre(HasSubstr("a/loop")));
}

TEST(Listing, LeavesOutWhatIsNoFile) {
  const Scratch scratch;
  scratch.write("a.pdf");
  ASSERT_EQ(::mkfifo((scratch.folder() / "pipe.pdf").c_str(), 0600), 0);
  EXPECT_THAT(paths(list(scratch.folder())), ElementsAre("a.pdf"));
}

TEST(Listing, GoesDownDeepFolders) {
  const Scratch scratch;
  std::string name;
  for (int n = 0; n < 100; ++n) name += "deep/";
  scratch.write(name + "a.pdf");
  EXPECT_THAT(paths(list(scratch.folder())), ElementsAre(name + "a.pdf"));
}

TEST(Listing, WarnsOfAnUnreadableFolderAndGoesOn) {
  const Scratch scratch;
  scratch.write("a.pdf");
  scratch.write("closed/b.pdf");
  scratch.write("unsearchable/c.pdf");
  fs::permissions(scratch.folder() / "closed", fs::perms{0});
  fs::permissions(scratch.folder() / "unsearchable", fs::perms{0444});
  Listing listing;
  {
    const AsNobody nobody;
    if (!nobody.stopped_by_permissions()) GTEST_SKIP() << "root, and cannot be anybody else";
    listing = list(scratch.folder());
  }
  EXPECT_THAT(paths(listing), ElementsAre("a.pdf"));
  EXPECT_THAT(listing.warnings,
              testing::UnorderedElementsAre(HasSubstr("closed"), HasSubstr("unsearchable")));
  for (const auto* folder : {"closed", "unsearchable"})
    fs::permissions(scratch.folder() / folder, fs::perms{0755});
}

TEST(Listing, OfAnUnreadableRootIsRefused) {
  const Scratch scratch;
  scratch.write("closed/b.pdf");
  for (const auto mode : {0, 0444}) {
    fs::permissions(scratch.folder() / "closed", fs::perms{static_cast<unsigned>(mode)});
    std::string message;
    {
      const AsNobody nobody;
      if (!nobody.stopped_by_permissions()) GTEST_SKIP() << "root, and cannot be anybody else";
      message = refusal_of(scratch.folder() / "closed");
    }
    EXPECT_THAT(message, HasSubstr("closed")) << mode;
  }
  fs::permissions(scratch.folder() / "closed", fs::perms{0755});
}

TEST(Listing, OfASingleFileHasThatFile) {
  const Scratch scratch;
  const auto listing = list(scratch.write("x/.one book.pdf", "abc"));
  EXPECT_THAT(paths(listing), ElementsAre(".one book.pdf"));
  EXPECT_EQ(listing.root, scratch.folder() / "x");
  EXPECT_EQ(listing.files[0].size_bytes, 3U);
}

TEST(Listing, IsRefusedIfThereIsNothing) {
  const Scratch scratch;
  fs::create_directory(scratch.folder() / "empty");
  EXPECT_THAT(refusal_of(scratch.folder() / "none"),
              testing::AllOf(HasSubstr("none"), HasSubstr("corpus.root")));
  EXPECT_THAT(refusal_of(scratch.folder() / "empty"), HasSubstr("holds no files"));
  EXPECT_THAT(refusal(CorpusSpec{}), HasSubstr("corpus.root"));
  ASSERT_EQ(::mkfifo((scratch.folder() / "pipe").c_str(), 0600), 0);
  EXPECT_THAT(refusal_of(scratch.folder() / "pipe"), HasSubstr("neither a folder nor a file"));
}

TEST(Listing, ThatThePatternsLeaveEmptyIsRefusedWithTheNumberSeen) {
  const Scratch scratch;
  for (const auto* name : {"a.pdf", "b.pdf", "x/c.pdf"}) scratch.write(name);
  EXPECT_THAT(refusal({scratch.folder(), {}, {"*.tif"}, {}}),
              testing::AllOf(HasSubstr("3 files were seen"), HasSubstr("corpus.include")));
}

TEST(List, NamesFilesRelativeToItsOwnFolder) {
  const Scratch scratch;
  scratch.write("b.pdf", "22");
  scratch.write("x y/a.pdf");
  const auto listing = list_file(scratch, "# our books\nb.pdf\n\nx y/a.pdf\nnone.pdf\n");
  EXPECT_EQ(listing.root, scratch.folder());
  ASSERT_THAT(paths(listing), ElementsAre("b.pdf", "none.pdf", "x y/a.pdf"));
  EXPECT_TRUE(listing.files[0].exists);
  EXPECT_EQ(listing.files[0].size_bytes, 2U);
  EXPECT_FALSE(listing.files[1].exists);
  EXPECT_EQ(listing.files[1].id, document_id("none.pdf"));
  EXPECT_EQ(listing.files[2].id, document_id("x y/a.pdf"));
}

TEST(List, NamesFilesRelativeToTheRootIfThereIsOne) {
  const Scratch scratch;
  scratch.write("archive/a.pdf");
  const auto listing = list_file(scratch, "a.pdf\n", scratch.folder() / "archive/");
  EXPECT_THAT(paths(listing), ElementsAre("a.pdf"));
  EXPECT_TRUE(listing.files[0].exists);
}

TEST(List, MayComeFromWindows) {
  const Scratch scratch;
  scratch.write("a.pdf");
  scratch.write("b.pdf");
  EXPECT_THAT(paths(list_file(scratch,
                              "\xEF\xBB\xBF"
                              "a.pdf\r\nb.pdf")),
              ElementsAre("a.pdf", "b.pdf"));
}

TEST(List, MayBeSeparatedByNulSoThatNamesHaveNewlines) {
  const Scratch scratch;
  scratch.write("line\nbreak.pdf");
  scratch.write("#no comment.pdf");
  using namespace std::string_view_literals;
  const auto listing = list_file(scratch, "line\nbreak.pdf\0#no comment.pdf\0"sv);
  EXPECT_THAT(paths(listing), ElementsAre("#no comment.pdf", "line\nbreak.pdf"));
  for (const auto& file : listing.files) EXPECT_TRUE(file.exists) << file.path;
}

TEST(List, MayHavePrioritiesBehindTabs) {
  const Scratch scratch;
  const auto listing = list_file(scratch, "a.pdf\tlow\nb.pdf\nc.pdf\turgent\r\nd.pdf\tnormal");
  ASSERT_THAT(paths(listing), ElementsAre("a.pdf", "b.pdf", "c.pdf", "d.pdf"));
  EXPECT_EQ(listing.files[0].priority, Priority::low);
  EXPECT_FALSE(listing.files[1].priority.has_value());
  EXPECT_EQ(listing.files[2].priority, Priority::urgent);
  EXPECT_EQ(listing.files[3].priority, Priority::normal);
}

TEST(List, WithNonsenseBehindATabIsRefusedWithItsLine) {
  const Scratch scratch;
  CorpusSpec spec;
  for (const auto* line : {"b.pdf\tsoon", "b.pdf\t", "b.pdf\turgent\tlow", "b.pdf\t urgent", "\turgent", "b\tc.pdf"}) {
    spec.list = scratch.write("paths.txt", std::string{"# first\na.pdf\n"} + line + "\n");
    const auto message = refusal(spec);
    EXPECT_THAT(message, HasSubstr("paths.txt:3: ")) << line;
    EXPECT_THAT(message, HasSubstr("urgent, normal, low")) << line;
  }
}

TEST(List, WithNulHasTabsInNames) {
  const Scratch scratch;
  scratch.write("tab\turgent");
  using namespace std::string_view_literals;
  const auto listing = list_file(scratch, "tab\turgent\0"sv);
  EXPECT_THAT(paths(listing), ElementsAre("tab\turgent"));
  EXPECT_FALSE(listing.files[0].priority.has_value());
}

TEST(List, IsTakenByteForByte) {
  const Scratch scratch;
  scratch.write("\xFF\xE9.pdf");
  scratch.write("a\\x41");
  const auto listing = list_file(scratch, "\xFF\xE9.pdf\na\\x41\n");
  EXPECT_THAT(paths(listing), ElementsAre("a\\x41", "\xFF\xE9.pdf"));
  for (const auto& file : listing.files) EXPECT_TRUE(file.exists) << file.path;
}

TEST(List, MakesAbsolutePathsRelativeWhereTheyAreBelowTheRoot) {
  const Scratch scratch;
  const Scratch elsewhere;
  const auto inside = scratch.write("x/a.pdf");
  const auto outside = elsewhere.write("b.pdf");
  const auto listing = list_file(scratch, inside.string() + "\n" + outside.string() + "\n");
  EXPECT_THAT(paths(listing), ElementsAre(outside.string(), "x/a.pdf"));
  for (const auto& file : listing.files) {
    EXPECT_TRUE(file.exists) << file.path;
    EXPECT_TRUE(fs::exists(listing.root / file.path)) << file.path;
  }
}

TEST(List, HasEachPathOnceHoweverItIsWritten) {
  const Scratch scratch;
  scratch.write("x/a.pdf");
  const auto listing = list_file(
      scratch, "x/a.pdf\nx/a.pdf\n./x/../x//a.pdf\n" + (scratch.folder() / "x/a.pdf").string());
  EXPECT_THAT(paths(listing), ElementsAre("x/a.pdf"));
  EXPECT_EQ(listing.warnings.size(), 3U);
  EXPECT_THAT(listing.warnings[0], HasSubstr("x/a.pdf"));
}

TEST(List, NamesHiddenFilesAndIsFilteredByThePatterns) {
  const Scratch scratch;
  scratch.write(".hidden/a.pdf");
  scratch.write("b.pdf");
  CorpusSpec spec;
  spec.list = scratch.write("paths.txt", ".hidden/a.pdf\nb.pdf\n");
  EXPECT_THAT(paths(list_corpus(spec)), ElementsAre(".hidden/a.pdf", "b.pdf"));
  spec.exclude = {"b.*"};
  EXPECT_THAT(paths(list_corpus(spec)), ElementsAre(".hidden/a.pdf"));
}

TEST(List, HasAFolderAsMissingNotAsADocument) {
  const Scratch scratch;
  fs::create_directory(scratch.folder() / "folder");
  const auto listing = list_file(scratch, "folder\n");
  EXPECT_FALSE(listing.files.at(0).exists);
}

TEST(List, ThatIsEmptyOrMissingIsRefused) {
  const Scratch scratch;
  CorpusSpec spec;
  spec.list = scratch.write("paths.txt", "# nothing\n\n");
  EXPECT_THAT(refusal(spec), HasSubstr("paths.txt"));
  spec.list = scratch.folder() / "none.txt";
  EXPECT_THAT(refusal(spec), HasSubstr("none.txt"));
  spec.list = scratch.folder();
  EXPECT_THAT(refusal(spec), HasSubstr(scratch.folder().string()));
}

TEST(Checksum, IsComparedByAlgorithm) {
  const Scratch scratch;
  const auto file = scratch.write("abc", "abc");
  EXPECT_TRUE(matches(file, {"md5", "900150983cd24fb0d6963f7d28e17f72"}));
  EXPECT_TRUE(matches(file, {"sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"}));
  EXPECT_TRUE(matches(
      file, {"sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"}));
  EXPECT_TRUE(matches(file, {"sha512",
                             "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
                             "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"}));
  EXPECT_FALSE(matches(file, {"md5", "900150983cd24fb0d6963f7d28e17f73"}));
  EXPECT_FALSE(matches(file, {"md5", ""}));
}

TEST(Checksum, OfALargeFileIsOfAllOfIt) {
  const Scratch scratch;
  std::string big(200'000, 'a');
  const auto file = scratch.write("big", big);
  const Checksum sum{"md5", "561b1994f6baacd6e5eaf4baaa12849f"};
  EXPECT_TRUE(matches(file, sum));
  big.back() = 'b';
  scratch.write("big", big);
  EXPECT_FALSE(matches(file, sum));
}

TEST(Checksum, ThatCannotBeComputedIsAnError) {
  const Scratch scratch;
  EXPECT_THAT(message_of<Error>([&] {
                (void)matches(scratch.folder() / "none", {"md5", "00"});
              }),
              HasSubstr("none"));
  EXPECT_THAT(message_of<Error>([&] {
                (void)matches(scratch.write("a"), {"crc7", "00"});
              }),
              HasSubstr("crc7"));
}

}  // namespace listing_test
}  // namespace pecia::corpus
