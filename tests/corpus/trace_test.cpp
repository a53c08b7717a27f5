#include "pecia/corpus/trace.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "pecia/corpus/listing.hpp"
#include "scratch.hpp"

namespace pecia::corpus {
namespace trace_test {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;

Trace load(const std::string& text) {
  const Scratch scratch;
  return load_trace(scratch.write("pages.tsv", text));
}

std::string refusal(const std::string& text) {
  return message_of<UsageError>([&] { (void)load(text); });
}

TEST(Trace, HasDocumentsEvidenceAndSeconds) {
  const auto trace = load(
      "path\tpage\tseconds\twidth_px\theight_px\tcompressed_bytes\ttransitions\n"
      "b.pdf\t1\t1.5\t2480\t3508.5\t312345\t81234\n"
      "a/a.tif\t2\t0.25\t\t\t\t\n"
      "a/a.tif\t1\t4\t100\t200\t300\t\n");
  ASSERT_EQ(trace.documents.size(), 2U);
  EXPECT_EQ(trace.documents[0].path, "a/a.tif");
  EXPECT_EQ(trace.documents[0].id, document_id("a/a.tif"));
  EXPECT_EQ(trace.documents[1].path, "b.pdf");
  ASSERT_EQ(trace.documents[0].pages.size(), 2U);
  EXPECT_EQ(trace.documents[0].pages[0].width_px, 100);
  EXPECT_EQ(trace.documents[0].pages[0].compressed_bytes, 300U);
  EXPECT_LT(trace.documents[0].pages[0].transitions, 0) << "not measured";
  EXPECT_EQ(trace.documents[1].pages[0].transitions, 81'234);
  EXPECT_EQ(trace.documents[0].pages[1].width_px, 0);
  EXPECT_EQ(trace.documents[1].pages[0].height_px, 3508.5F);
  EXPECT_THAT(trace.seconds, ElementsAre(ElementsAre(4.0F, 0.25F), ElementsAre(1.5F)));
}

TEST(Trace, MayHaveItsColumnsInAnyOrderAndOnlyThoseItNeeds) {
  const auto trace = load("seconds\tpath\tpage\r\n2e-1\tx y\t1\r\n\r\n");
  EXPECT_EQ(trace.documents.at(0).path, "x y");
  EXPECT_THAT(trace.seconds, ElementsAre(ElementsAre(0.2F)));
}

TEST(Trace, MaySayMoreOfAPage) {
  const auto trace = load(
      "path\tpage\tseconds\tcoding\tcoverage\tcomponents\ttext_operators\n"
      "a\t1\t1\tg4\t.125\t1700\t12\na\t2\t1\t\t\t\t\n");
  const auto& pages = trace.documents.at(0).pages;
  EXPECT_EQ(pages.at(0).coding, Coding::g4);
  EXPECT_EQ(pages.at(0).coverage, .125F);
  EXPECT_EQ(pages.at(0).components, 1700);
  EXPECT_EQ(pages.at(0).text_operators, 12U);
  EXPECT_EQ(pages.at(1).coding, Coding::unknown);
  EXPECT_LT(pages.at(1).coverage, 0);
}

TEST(Trace, IsReadAsItWasWritten) {
  Trace trace;
  Document book;
  book.path = "line\nbreak\\\t.pdf";
  book.pages = {{2480.1F, 3508, Coding::drawn, 1ULL << 40, 77, 81'234, 1'700, .0625F}, {1, 2, Coding::g4, 5, 0}};
  Document other;
  other.path = "z";
  other.pages = {{}};
  trace.documents = {book, other};
  trace.seconds = {{.1F, 12.75F}, {0}};

  const auto text = trace_text(trace);
  const auto again = load(text);

  ASSERT_EQ(again.documents.size(), 2U);
  EXPECT_EQ(again.documents[0].path, book.path);
  EXPECT_EQ(again.seconds, trace.seconds);
  EXPECT_EQ(again.documents[0].pages[0].width_px, 2480.1F);
  EXPECT_EQ(again.documents[0].pages[0].coding, Coding::drawn);
  EXPECT_EQ(again.documents[0].pages[0].compressed_bytes, 1ULL << 40);
  EXPECT_EQ(again.documents[0].pages[0].text_operators, 77U);
  EXPECT_EQ(again.documents[0].pages[0].components, 1'700);
  EXPECT_EQ(again.documents[0].pages[0].coverage, .0625F);
  EXPECT_LT(again.documents[0].pages[1].transitions, 0);
  EXPECT_EQ(trace_text(again), text);
}

TEST(Trace, EndsWithOrWithoutANewline) {
  EXPECT_EQ(load("path\tpage\tseconds\na\t1\t1").documents.size(), 1U);
}

TEST(Trace, NamesPathsAsPrinted) {
  const auto trace = load("path\tpage\tseconds\nline\\x0abreak\\\\\t1\t1\n");
  EXPECT_EQ(trace.documents.at(0).path, "line\nbreak\\");
}

TEST(Trace, ThatIsNotThereIsRefused) {
  const Scratch scratch;
  EXPECT_THAT(message_of<UsageError>([&] { (void)load_trace(scratch.folder() / "none.tsv"); }),
              HasSubstr("none.tsv"));
}

TEST(Trace, IsRefusedWithFileAndLine) {
  const std::string head = "path\tpage\tseconds\twidth_px\ttransitions\n";
  const std::string good = "a\t1\t1\t\t\n";
  for (const auto* bad :
       {"b\t0\t1\t\t", "b\t-1\t1\t\t", "b\tone\t1\t\t", "b\t\t1\t\t", "b\t1\t\t\t", "b\t1",
        "\t1\t1\t\t", "b\t1\t-1\t\t", "b\t1\tnan\t\t", "b\t1\tinf\t\t", "b\t1\t1s\t\t",
        "b\t1\t1\t-5\t", "b\t1\t1\tnan\t", "b\t1\t1\t5\tmany", "b\t1\t1\t\t\t9",
        "b\t99999999999\t1\t\t", "a\t1\t1\t\t"})
    EXPECT_THAT(refusal(head + good + bad + "\n"),
                AllOf(HasSubstr("pages.tsv:3:"), HasSubstr("header")))
        << bad;
}

TEST(Trace, WithAHeaderThatMakesNoSenseIsRefused) {
  EXPECT_THAT(refusal("path\tpage\n"),
              AllOf(HasSubstr("pages.tsv:1:"), HasSubstr("'seconds' is missing")));
  EXPECT_THAT(refusal("path\tpage\tseconds\tcolour\n"), HasSubstr("unknown column 'colour'"));
  EXPECT_THAT(refusal("path\tpage\tseconds\tpage\n"), HasSubstr("'page' stands twice"));
  EXPECT_THAT(refusal("a.pdf\t1\t1.0\n"), HasSubstr("unknown column"));
  EXPECT_THAT(refusal("path\tpage\tseconds\tcoding\na\t1\t1\tgif\n"), HasSubstr("'gif' is no coding"));
}

TEST(Trace, WithoutPagesIsRefused) {
  EXPECT_THAT(refusal(""), HasSubstr("has no pages"));
  EXPECT_THAT(refusal("path\tpage\tseconds\n"), HasSubstr("has no pages"));
}

TEST(Trace, WithAGapInADocumentIsRefused) {
  EXPECT_THAT(refusal("path\tpage\tseconds\na\t1\t1\na\t3\t1\n"),
              AllOf(HasSubstr("'a'"), HasSubstr("2 of 3")));
  EXPECT_THAT(refusal("path\tpage\tseconds\na\t4294967295\t1\n"), HasSubstr("1 of 4294967295"));
}

}  // namespace trace_test
}  // namespace pecia::corpus
