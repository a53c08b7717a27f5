#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "pecia/corpus/manifest.hpp"
#include "listed_book.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace segment_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ManifestSegment, IsReadAsItWasWritten) {
  const Scratch scratch;
  auto locked = book("b");
  locked.format = Format::pdf;
  locked.problem = Reason::encrypted;
  locked.problem_detail = "needs a password";
  locked.pages.clear();
  locked.chapters.clear();
  locked.outline = {};
  const std::vector<Document> documents{book("a"), locked};
  write_manifest_segment(scratch.folder(), 1, documents);
  const auto manifest = load_manifest(scratch.folder());
  ASSERT_EQ(manifest.documents().size(), 2U);
  expect_same(manifest.documents()[0], documents[0]);
  expect_same(manifest.documents()[1], documents[1]);
}

TEST(ManifestSegment, KeepsWhatWasMeasuredOnSomeOfThePages) {
  const Scratch scratch;
  auto measured = book("a");
  measured.pages[1].transitions = 81'234.4F;
  measured.pages[1].components = 0;
  measured.pages[1].coverage = 0.123456F;
  write_manifest_segment(scratch.folder(), 1, std::vector{measured});
  EXPECT_THAT(read_file(scratch.folder() / "000001.jsonl"),
              AllOf(HasSubstr("\"transitions\":[null,81234]"), HasSubstr("\"coverage\":[null,0.1235]")));

  const auto manifest = load_manifest(scratch.folder());

  measured.pages[1].transitions = 81'234;
  measured.pages[1].coverage = 0.1235F;
  expect_same(manifest.documents().at(0), measured);
}

TEST(ManifestSegment, WithoutMeasuredPagesIsAsItWasBeforePagesWereMeasured) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a")});
  EXPECT_THAT(read_file(scratch.folder() / "000001.jsonl"), Not(HasSubstr("transitions")));
  const auto manifest = load_manifest(scratch.folder());
  for (const auto& page : manifest.documents().at(0).pages) EXPECT_LT(page.transitions, 0);
}

TEST(ManifestSegment, RefusesChaptersThatAreNotThere) {
  for (const auto& chapters : {std::vector<std::uint32_t>{3}, {0, 1}, {2, 1}, {1, 1}}) {
    const Scratch scratch;
    auto document = book("a");
    document.chapters = chapters;
    write_manifest_segment(scratch.folder(), 1, std::vector{document});
    EXPECT_THROW((void)load_manifest(scratch.folder()), Error);
  }
}

TEST(ManifestSegment, KeepsPathsOfAnyBytes) {
  const Scratch scratch;
  std::vector<Document> documents;
  for (const auto* path : {"a b.pdf", "line\nbreak\r.pdf", "back\\slash\\x41", "\"quoted\"",
                           "\xE9\xFF", "\xC3\xA9\xE2\x82\xAC", "\x01\x7F"})
    documents.push_back(book(path));
  write_manifest_segment(scratch.folder(), 1, documents);
  const auto manifest = load_manifest(scratch.folder());
  ASSERT_EQ(manifest.documents().size(), documents.size());
  for (const auto& document : documents) {
    const auto at = manifest.find(document.id);
    ASSERT_GE(at, 0) << document.path;
    EXPECT_EQ(manifest.documents()[static_cast<std::size_t>(at)].path, document.path);
  }
}

TEST(ManifestSegment, IsReadableWhateverAPageChildMadeOfADocument) {
  const Scratch scratch;
  auto strange = book("a");
  strange.problem = Reason::unreadable;
  strange.problem_detail = "\xFF\n\"bad\"";
  strange.pages[0].width_px = std::numeric_limits<float>::quiet_NaN();
  strange.pages[1].height_px = std::numeric_limits<float>::infinity();
  strange.pages[1].transitions = std::numeric_limits<float>::quiet_NaN();
  write_manifest_segment(scratch.folder(), 1, std::vector{strange});
  const auto manifest = load_manifest(scratch.folder());
  EXPECT_EQ(manifest.documents()[0].problem_detail, "\xEF\xBF\xBD\n\"bad\"");
  EXPECT_EQ(manifest.documents()[0].pages[0].width_px, 0);
  EXPECT_EQ(manifest.documents()[0].pages[1].height_px, 0);
}

TEST(ManifestSegment, OfALaterEpochReplacesDocumentByDocument) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 10, std::vector{book("b", 1), book("c")});
  write_manifest_segment(scratch.folder(), 2, std::vector{book("a"), book("b")});
  const auto manifest = load_manifest(scratch.folder());
  ASSERT_EQ(manifest.documents().size(), 3U);
  EXPECT_EQ(manifest.documents()[1].path, "b");
  EXPECT_EQ(manifest.documents()[1].revision, 1U) << "epoch 10 comes after epoch 2";
}

TEST(ManifestSegment, OfNothingIsNotWritten) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 1, {});
  EXPECT_TRUE(std::filesystem::is_empty(scratch.folder()));
}

TEST(ManifestSegment, HasTheNameOfItsEpochAndLeavesNothingBeside) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 42, std::vector{book("a")});
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator{scratch.folder()})
    names.push_back(entry.path().filename());
  EXPECT_THAT(names, testing::ElementsAre("000042.jsonl"));
}

TEST(Manifest, OfAnAbsentOrEmptyFolderIsEmpty) {
  const Scratch scratch;
  EXPECT_EQ(load_manifest(scratch.folder()).pages(), 0U);
  EXPECT_EQ(load_manifest(scratch.folder() / "none").pages(), 0U);
}

TEST(Manifest, IgnoresHalfWrittenSegments) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a")});
  scratch.write("000002.jsonl.77.part", "{\"pecia_man");
  EXPECT_EQ(load_manifest(scratch.folder()).documents().size(), 1U);
}

TEST(DamagedManifestSegment, IsAnErrorWhicheverBitIsFlipped) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a"), book("b")});
  const auto file = scratch.folder() / "000001.jsonl";
  const auto good = read_file(file);
  for (std::size_t n = 0; n < good.size(); ++n) {
    auto bad = good;
    bad[n] = static_cast<char>(bad[n] ^ (1 << (n % 7)));
    scratch.write("000001.jsonl", bad);
    const auto message = message_of<Error>([&] { (void)load_manifest(scratch.folder()); });
    ASSERT_THAT(message, HasSubstr("000001.jsonl")) << "byte " << n << " of " << good.size();
  }
}

TEST(DamagedManifestSegment, IsAnErrorWhereverItIsCutOff) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a"), book("b")});
  const auto good = read_file(scratch.folder() / "000001.jsonl");
  for (std::size_t size = 0; size < good.size(); ++size) {
    scratch.write("000001.jsonl", std::string_view{good}.substr(0, size));
    ASSERT_THROW((void)load_manifest(scratch.folder()), Error) << size;
  }
}

TEST(DamagedManifestSegment, IsAnErrorIfALineIsLost) {
  const Scratch scratch;
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a"), book("b")});
  auto text = read_file(scratch.folder() / "000001.jsonl");
  const auto second = text.find('\n') + 1;
  text.erase(second, text.find('\n', second) + 1 - second);
  scratch.write("000001.jsonl", text);
  EXPECT_THROW((void)load_manifest(scratch.folder()), Error);
}

TEST(DamagedManifestSegment, IsNamedWithLineAndWhatToDo) {
  const Scratch scratch;
  scratch.write("000007.jsonl", "{}\n");
  const auto message = message_of<Error>([&] { (void)load_manifest(scratch.folder()); });
  EXPECT_THAT(message, HasSubstr((scratch.folder() / "000007.jsonl").string() + ":1:"));
  EXPECT_THAT(message, HasSubstr("set it aside"));
}

/// A segment with one document, in which `what` is replaced by `by`, under a trailer that fits.
void write_changed_segment(const Scratch& scratch, const std::string& what, const std::string& by) {
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a")});
  auto text = read_file(scratch.folder() / "000001.jsonl");
  const auto at = text.find(what);
  ASSERT_NE(at, std::string::npos);
  text.replace(at, what.size(), by);
  const auto body = text.substr(0, text.rfind('\n', text.size() - 2) + 1);
  scratch.write("000001.jsonl",
                body + "{\"crc32c\":" + std::to_string(crc32c(body)) + ",\"documents\":1}\n");
}

TEST(ManifestSegment, OfAnotherVersionIsRefused) {
  const Scratch scratch;
  write_changed_segment(scratch, "\"pecia_manifest\":1", "\"pecia_manifest\":2");
  EXPECT_THAT(message_of<Error>([&] { (void)load_manifest(scratch.folder()); }),
              HasSubstr("another version"));
}

TEST(ManifestSegment, RefusesNumbersThatDoNotFit) {
  for (const auto* number : {"1e300", "-1", "4294967296", "1.5", "null"}) {
    for (const auto* key : {"\"revision\":0", "\"epoch\":1"}) {
      const Scratch scratch;
      const std::string before{key};
      write_changed_segment(scratch, before, before.substr(0, before.size() - 1) + number);
      EXPECT_THAT(message_of<Error>([&] { (void)load_manifest(scratch.folder()); }), HasSubstr("a whole number"))
          << key << " " << number;
    }
  }
}

TEST(ManifestSegment, KeepsABookOfFiveThousandPagesInOneModerateLine) {
  const Scratch scratch;
  auto bible = book("bible.pdf");
  bible.pages.assign(5000, {2480, 3508, Coding::jpeg, 312345, 12});
  write_manifest_segment(scratch.folder(), 1, std::vector{bible});
  EXPECT_LT(std::filesystem::file_size(scratch.folder() / "000001.jsonl"), 300'000U);
  EXPECT_EQ(load_manifest(scratch.folder()).pages(), 5000U);
}

}  // namespace segment_test
}  // namespace pecia::corpus
