#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "pecia/corpus/listing.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace bagit_test {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr auto md5_of_x = "9dd4e461268c8034f5c8564e155c67a6";
constexpr auto sha256_of_x = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

/// A bag whose files all contain "x".
class Bag : public testing::Test {
 protected:
  Bag() { scratch_.write("bagit.txt", "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"); }

  void manifest(const std::string& text, const std::string& algorithm = "md5") const {
    scratch_.write("manifest-" + algorithm + ".txt", text);
  }
  [[nodiscard]] Listing list(std::vector<std::string> include = {"**/*"},
                             std::vector<std::string> exclude = {}) const {
    return list_corpus({scratch_.folder(), {}, std::move(include), std::move(exclude)});
  }
  [[nodiscard]] std::string refusal() const {
    return message_of<UsageError>([&] { (void)list(); });
  }
  static std::vector<std::string> paths(const Listing& listing) {
    std::vector<std::string> all;
    for (const auto& file : listing.files) all.push_back(file.path);
    return all;
  }

  Scratch scratch_;
};

std::string line(const std::string& name, const std::string& sum = md5_of_x) {
  return sum + "  " + name + "\n";
}

TEST_F(Bag, HasItsPayloadWithChecksumsAndNoTagFiles) {
  scratch_.write("data/a.pdf");
  scratch_.write("data/x/b c.pdf");
  scratch_.write("bag-info.txt");
  scratch_.write("other/c.pdf");
  manifest(line("data/a.pdf") + line("data/x/b c.pdf"));
  const auto listing = list();
  ASSERT_THAT(paths(listing), ElementsAre("data/a.pdf", "data/x/b c.pdf"));
  EXPECT_THAT(listing.warnings, IsEmpty());
  for (const auto& file : listing.files) {
    ASSERT_TRUE(file.checksum.has_value());
    EXPECT_EQ(file.checksum->algorithm, "md5");
    EXPECT_TRUE(matches(listing.root / file.path, *file.checksum));
  }
}

TEST_F(Bag, ShowsAChangedFileByItsChecksum) {
  scratch_.write("data/a.pdf", "y");
  manifest(line("data/a.pdf"));
  const auto listing = list();
  EXPECT_FALSE(matches(listing.root / "data/a.pdf", listing.files.at(0).checksum.value()));
}

TEST_F(Bag, IsReadByItsStrongestManifest) {
  scratch_.write("data/a.pdf");
  manifest(line("data/a.pdf", "00"), "md5");
  manifest(line("data/a.pdf", sha256_of_x), "sha256");
  const auto checksum = list().files.at(0).checksum.value();
  EXPECT_EQ(checksum.algorithm, "sha256");
  EXPECT_EQ(checksum.hex, sha256_of_x);
}

TEST_F(Bag, ListsMissingFilesAsNotThere) {
  scratch_.write("data/a.pdf");
  manifest(line("data/a.pdf") + line("data/gone.pdf"));
  const auto listing = list();
  ASSERT_THAT(paths(listing), ElementsAre("data/a.pdf", "data/gone.pdf"));
  EXPECT_TRUE(listing.files[0].exists);
  EXPECT_FALSE(listing.files[1].exists);
}

TEST_F(Bag, ReadsFilesBesideTheManifestWithAWarning) {
  scratch_.write("data/a.pdf");
  scratch_.write("data/extra\n.pdf");
  manifest(line("data/a.pdf"));
  const auto listing = list();
  ASSERT_THAT(paths(listing), ElementsAre("data/a.pdf", "data/extra\n.pdf"));
  EXPECT_FALSE(listing.files[1].checksum.has_value());
  EXPECT_THAT(listing.warnings, ElementsAre(HasSubstr("data/extra\\x0a.pdf")));
}

TEST_F(Bag, DecodesNames) {
  for (const auto* name : {"data/cr\rlf\n.pdf", "data/100%.pdf", "data/%41.pdf", "data/%0A.pdf"})
    scratch_.write(name);
  manifest(line("data/cr%0Dlf%0a.pdf") + line("data/100%25.pdf") + line("data/%41.pdf") +
           line("data/%250A.pdf"));
  const auto listing = list();
  EXPECT_THAT(paths(listing),
              ElementsAre("data/%0A.pdf", "data/%41.pdf", "data/100%.pdf", "data/cr\rlf\n.pdf"));
  for (const auto& file : listing.files) EXPECT_TRUE(file.exists && file.checksum) << file.path;
  EXPECT_THAT(listing.warnings, IsEmpty());
}

TEST_F(Bag, UnderstandsTheLinesOfOtherTools) {
  for (const auto* name : {"data/a.pdf", "data/b.pdf", "data/c.pdf", "data/d.pdf"})
    scratch_.write(name);
  manifest(std::string{md5_of_x} + " *data/a.pdf\r\n" + md5_of_x + "\tdata/b.pdf\r\n\r\n" +
           "9DD4E461268C8034F5C8564E155C67A6  ./data/c.pdf\r\n" + md5_of_x + " data/d.pdf");
  const auto listing = list();
  EXPECT_THAT(paths(listing), ElementsAre("data/a.pdf", "data/b.pdf", "data/c.pdf", "data/d.pdf"));
  for (const auto& file : listing.files) {
    ASSERT_TRUE(file.checksum.has_value()) << file.path;
    EXPECT_EQ(file.checksum->hex, md5_of_x);
  }
}

TEST_F(Bag, IsFilteredByThePatternsMissingFilesToo) {
  scratch_.write("data/a.pdf");
  scratch_.write("data/a.txt");
  manifest(line("data/a.pdf") + line("data/a.txt") + line("data/gone.txt") + line("data/gone.pdf"));
  EXPECT_THAT(paths(list({"**/*.pdf"})), ElementsAre("data/a.pdf", "data/gone.pdf"));
}

TEST_F(Bag, DoesNotMissTheHiddenFilesThatAreNotListed) {
  scratch_.write("data/a.pdf");
  scratch_.write("data/.DS_Store");
  manifest(line("data/a.pdf") + line("data/.DS_Store"));
  EXPECT_THAT(paths(list()), ElementsAre("data/a.pdf"));
  EXPECT_THAT(paths(list({"**/*", "**/.DS_Store"})), ElementsAre("data/.DS_Store", "data/a.pdf"));
}

TEST_F(Bag, FindsItsPayloadBehindALinkToAFolder) {
  scratch_.write("elsewhere/a.pdf");
  fs::create_directory(scratch_.folder() / "data");
  fs::create_symlink("../elsewhere", scratch_.folder() / "data/x");
  manifest(line("data/x/a.pdf"));
  const auto file = list().files.at(0);
  EXPECT_EQ(file.path, "data/x/a.pdf");
  EXPECT_TRUE(file.exists);
  EXPECT_EQ(file.size_bytes, 1U);
  EXPECT_TRUE(file.checksum.has_value());
}

TEST_F(Bag, WithoutAPayloadManifestIsRefused) {
  scratch_.write("data/a.pdf");
  EXPECT_THAT(refusal(), testing::AllOf(HasSubstr("manifest-sha512.txt"), HasSubstr("data/")));
  scratch_.write("manifest-blake2b512.txt", line("data/a.pdf"));
  EXPECT_THAT(refusal(), HasSubstr("payload manifest"));
}

TEST_F(Bag, WithAManifestThatMakesNoSenseIsRefusedWithItsLine) {
  scratch_.write("data/a.pdf");
  for (const auto* bad : {"nonsense", "data/a.pdf", "xyz  data/a.pdf", "  data/a.pdf", "00  "}) {
    manifest(line("data/a.pdf") + bad + "\n");
    EXPECT_THAT(refusal(), HasSubstr("manifest-md5.txt:2:")) << bad;
  }
}

TEST_F(Bag, CannotNameFilesOutsideItsPayload) {
  scratch_.write("data/a.pdf");
  for (const auto* bad : {"../x.pdf", "data/../../x.pdf", "data/../bagit.txt", "/etc/hostname",
                          "bagit.txt", "./", "data/", "data"}) {
    manifest(line("data/a.pdf") + line(bad));
    EXPECT_THAT(refusal(), HasSubstr("manifest-md5.txt:2:")) << bad;
  }
}

TEST_F(Bag, WithoutDataFolderIsAPlainFolder) {
  scratch_.write("a.pdf");
  EXPECT_THAT(paths(list()), ElementsAre("a.pdf", "bagit.txt"));
}

}  // namespace bagit_test
}  // namespace pecia::corpus
