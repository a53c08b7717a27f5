#include "pecia/corpus/document.hpp"

#include <gtest/gtest.h>

#include <set>

#include "pecia/base/file.hpp"

namespace pecia::corpus {
namespace document_test {

using namespace std::string_view_literals;

Format detect(std::string_view head) { return detect_format(std::as_bytes(std::span{head})); }

Format detect_file(const std::string& name) {
  const auto contents = read_file(std::string{PECIA_TEST_DATA} + "/" + name);
  return detect(std::string_view{contents}.substr(0, 1024));
}

Document book() {
  Document document;
  document.id = {0x0123456789ABCDEF};
  document.path = "b\xE9\n/1.pdf";
  document.size_bytes = 1ULL << 40;
  document.modified_ns = -5;
  document.revision = 7;
  document.format = Format::pdf;
  document.problem = Reason::encrypted;
  document.problem_detail = "needs a password";
  document.pages = {{1000.5F, 2000.25F, Coding::g4, 123456789012, 3},
                    {1, 2, Coding::drawn, 5, 600}};
  document.chapters = {2};
  document.outline = {{{2, 1, "Two"}}, {{1, LabelStyle::upper_roman, "p. ", 4}}};
  return document;
}

Bytes encoded(const Document& document) {
  ByteWriter out;
  encode(out, document);
  return std::move(out).bytes();
}

Document decoded(std::span<const std::byte> bytes) {
  ByteReader in{bytes};
  auto document = decode_document(in);
  in.expect_end();
  return document;
}

TEST(Format, IsToldByTheFirstBytes) {
  EXPECT_EQ(detect("%PDF-1.4\n"), Format::pdf);
  EXPECT_EQ(detect("II*\0\x08\0\0\0"sv), Format::tiff);
  EXPECT_EQ(detect("MM\0*\0\0\0\x08"sv), Format::tiff);
  EXPECT_EQ(detect("II+\0\x08\0\0\0"sv), Format::tiff) << "BigTIFF";
  EXPECT_EQ(detect("MM\0+\0\x08\0\0"sv), Format::tiff) << "BigTIFF";
  EXPECT_EQ(detect("\xFF\xD8\xFF\xE1xxExif"sv), Format::jpeg);
  EXPECT_EQ(detect("\x89PNG\r\n\x1A\n\0\0\0\rIHDR"sv), Format::png);
  EXPECT_EQ(detect("\0\0\0\x0CjP  \r\n\x87\n\0\0\0\x14"
                   "ftyp"sv),
            Format::jpeg2000);
  EXPECT_EQ(detect("\xFF\x4F\xFF\x51\0\x2F"sv), Format::jpeg2000) << "a bare codestream";
}

TEST(Format, OfRealFilesIsToldWhateverTheirName) {
  EXPECT_EQ(detect_file("system/corpus/books/letters.pdf"), Format::pdf);
  EXPECT_EQ(detect_file("system/corpus/books/faq.tif"), Format::tiff);
  EXPECT_EQ(detect_file("system/corpus/loose/blank.png"), Format::png);
  EXPECT_EQ(detect_file("system/corpus/loose/readme.txt"), Format::unknown);
  EXPECT_EQ(detect_file("odd/made_truncated.jpg"), Format::jpeg);
  EXPECT_EQ(detect_file("odd/made_zero_byte.pdf"), Format::unknown);
  EXPECT_EQ(detect_file("odd/made_text_named.tif"), Format::unknown);
}

TEST(Format, OfAPdfIsToldBehindUpTo1024BytesOfJunk) {
  const std::string junk(1024 - 5, 'x');
  EXPECT_EQ(detect(junk + "%PDF-1.7"), Format::pdf);
  EXPECT_EQ(detect(junk + "x%PDF-1.7"), Format::unknown);
}

TEST(Format, OfACutOffHeadIsUnknown) {
  for (const auto head :
       {""sv, "%PD"sv, "II*"sv, "\xFF\xD8"sv, "\x89PNG\r\n"sv, "\0\0\0\x0CjP"sv, "\xFF\x4F"sv})
    EXPECT_EQ(detect(head), Format::unknown) << head.size();
}

TEST(Format, HasAStableNumberAndName) {
  EXPECT_EQ(static_cast<int>(Format::jpeg2000), 5);
  std::set<std::string_view> names;
  for (int n = 0; n <= 5; ++n) {
    const auto format = static_cast<Format>(n);
    EXPECT_EQ(parse_format(name(format)), format);
    names.insert(name(format));
  }
  EXPECT_EQ(names.size(), 6U);
  EXPECT_EQ(name(Format::tiff), "tiff");
  EXPECT_EQ(parse_format("doc"), std::nullopt);
}

TEST(Coding, HasAName) {
  std::set<std::string_view> names;
  for (int n = 0; n <= static_cast<int>(Coding::drawn); ++n) {
    const auto coding = static_cast<Coding>(n);
    EXPECT_EQ(parse_coding(name(coding)), coding);
    names.insert(name(coding));
  }
  EXPECT_EQ(names.size(), 11U);
  EXPECT_EQ(name(Coding::jbig2), "jbig2");
  EXPECT_EQ(name(Coding::drawn), "drawn");
  EXPECT_EQ(parse_coding(""), std::nullopt);
}

TEST(Document, WithoutCountedPagesHasOnePageNumber0) {
  Document document;
  EXPECT_EQ(document.outcomes(), 1U);
  EXPECT_EQ(document.first_page(), 0U);
  document.pages.resize(3);
  EXPECT_EQ(document.outcomes(), 3U);
  EXPECT_EQ(document.first_page(), 1U);
}

TEST(Document, TravelsBetweenRanksWhole) {
  const auto document = book();
  const auto got = decoded(encoded(document));
  EXPECT_EQ(got.id, document.id);
  EXPECT_EQ(got.path, document.path);
  EXPECT_EQ(got.size_bytes, document.size_bytes);
  EXPECT_EQ(got.modified_ns, document.modified_ns);
  EXPECT_EQ(got.revision, document.revision);
  EXPECT_EQ(got.format, document.format);
  EXPECT_EQ(got.problem, document.problem);
  EXPECT_EQ(got.problem_detail, document.problem_detail);
  ASSERT_EQ(got.pages.size(), 2U);
  EXPECT_EQ(got.pages[0].width_px, 1000.5F);
  EXPECT_EQ(got.pages[0].height_px, 2000.25F);
  EXPECT_EQ(got.pages[0].coding, Coding::g4);
  EXPECT_EQ(got.pages[0].compressed_bytes, 123456789012U);
  EXPECT_EQ(got.pages[1].text_operators, 600U);
  EXPECT_EQ(got.chapters, document.chapters);
  ASSERT_EQ(got.outline.entries.size(), 1U);
  EXPECT_EQ(got.outline.entries[0].title, "Two");
  ASSERT_EQ(got.outline.labels.size(), 1U);
  EXPECT_EQ(got.outline.labels[0].prefix, "p. ");
}

TEST(Document, CutOffAnywhereOnTheWayIsAnError) {
  const auto bytes = encoded(book());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    EXPECT_THROW((void)decoded(std::span{bytes}.first(size)), Error) << size;
}

TEST(Document, WithNumbersThatNameNothingIsAnError) {
  const auto tampered = [](auto change) {
    auto document = book();
    change(document);
    return encoded(document);
  };
  EXPECT_THROW((void)decoded(tampered([](auto& d) { d.format = static_cast<Format>(8); })), Error);
  EXPECT_THROW((void)decoded(tampered([](auto& d) { d.problem = static_cast<Reason>(200); })),
               Error);
  EXPECT_THROW(
      (void)decoded(tampered([](auto& d) { d.pages[1].coding = static_cast<Coding>(11); })), Error);
}

TEST(Document, ThatClaimsFourBillionPagesIsRefusedBeforeRoomIsMade) {
  auto document = book();
  document.pages.clear();
  document.chapters.clear();
  document.outline = {};
  auto bytes = encoded(document);
  constexpr std::size_t behind = 3 * 4;  // numbers of chapters, entries and labels
  for (std::size_t n = bytes.size() - behind - 4; n < bytes.size() - behind; ++n) bytes[n] = std::byte{0xFF};
  EXPECT_THROW((void)decoded(bytes), Error);
}

}  // namespace document_test
}  // namespace pecia::corpus
