#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "listed_book.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/corpus/manifest.hpp"
#include "scratch.hpp"

// Outlines in segments of the manifest, and documents that are looked up there one by one.
namespace pecia::corpus {
namespace segment_outline_test {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

TEST(ManifestSegment, OfDocumentsWithoutAnOutlineIsAsItWasBeforeOutlinesWereKept) {
  const Scratch scratch;
  auto document = book("a");
  document.outline = {};
  write_manifest_segment(scratch.folder(), 1, std::vector{document});
  EXPECT_THAT(read_file(scratch.folder() / "000001.jsonl"),
              AllOf(Not(HasSubstr("outline")), Not(HasSubstr("page_labels"))));
  EXPECT_TRUE(load_manifest(scratch.folder()).documents().at(0).outline.empty());
}

TEST(ManifestSegment, RefusesAnOutlineThatLeadsNowhere) {
  for (const auto& outline :
       {Outline{{{3, 1, "x"}}, {}}, Outline{{{1, 0, "x"}}, {}}, Outline{{{1, 1, "x\ny"}}, {}},
        Outline{{{1, 1, ""}}, {}}, Outline{{}, {{3, LabelStyle::decimal, "", 1}}}}) {
    const Scratch scratch;
    auto document = book("a");
    document.outline = outline;
    write_manifest_segment(scratch.folder(), 1, std::vector{document});
    EXPECT_THAT(message_of<Error>([&] { (void)load_manifest(scratch.folder()); }),
                HasSubstr("an outline that leads nowhere"));
  }
}

TEST(ManifestSegment, FindsOneDocumentAsItIsInTheNewestSegmentThatHasIt) {
  const Scratch scratch;
  auto named = book("named");  // as if it were another
  named.outline.entries[0].title = "\"id\":\"" + to_string(document_id("b")) + "\"";
  write_manifest_segment(scratch.folder(), 1, std::vector{book("a"), book("b"), named});
  write_manifest_segment(scratch.folder(), 2, std::vector{book("a", 1), named});

  expect_same(find_document(scratch.folder(), document_id("a")).value(), book("a", 1));
  expect_same(find_document(scratch.folder(), document_id("b")).value(), book("b"));
  EXPECT_FALSE(find_document(scratch.folder(), document_id("c")).has_value());
  EXPECT_FALSE(find_document(scratch.folder() / "none", document_id("a")).has_value());

  auto text = read_file(scratch.folder() / "000002.jsonl");
  text[text.size() / 2] ^= 1;
  scratch.write("000002.jsonl", text);
  EXPECT_THAT(message_of<Error>([&] { (void)find_document(scratch.folder(), document_id("b")); }),
              HasSubstr("000002.jsonl"));
}

}  // namespace segment_outline_test
}  // namespace pecia::corpus
