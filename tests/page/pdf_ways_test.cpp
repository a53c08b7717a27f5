#include <gtest/gtest.h>

#include <qpdf/Buffer.hh>
#include <qpdf/QPDF.hh>
#include <qpdf/QPDFWriter.hh>

#include "page/pdf_ways_fixture.hpp"

// Every way into a PDF: the usual one, through a repair, by Poppler alone, with a password.
namespace pecia::page {
namespace pdf_ways_test {

TEST_F(PdfWaysTest, TheUsualWayHasNoSteps) {
  EXPECT_THAT(details(image(picture_page())), IsEmpty());
  EXPECT_THAT(details(image_of({odd / "ocrmypdf_cmyk.pdf", corpus::Format::unknown, ""})),
              IsEmpty());
}

TEST_F(PdfWaysTest, WhatPodofoRefusesIsRepairedAndOpenedAgain) {
  auto broken = replaced(picture_page(), "startxref\n", "startxref\n7");
  const auto mended = image(broken);
  EXPECT_THAT(details(mended),
              AllOf(HasSubstr("PoDoFo cannot open it"), HasSubstr("after a repair by qpdf")));
  EXPECT_TRUE(mended.embedded) << "the image is handed on as ever";
  EXPECT_LT(difference(mended), same);
  EXPECT_EQ(probe(broken).pages.size(), 1U);
  // A page that Poppler rasterises, of the repaired copy.
  broken = replaced(page_with(gray_jpeg, make_jpeg(1), whole_page + "1 g 0 0 1 1 re f\n"),
                    "startxref\n", "startxref\n7");
  const auto rasterised = image(broken);
  EXPECT_FALSE(rasterised.embedded);
  EXPECT_LT(gray_at(rasterised, 80, 100), 50);
  EXPECT_THAT(details(rasterised), HasSubstr("after a repair by qpdf"));
}

TEST_F(PdfWaysTest, WhatQpdfCannotRepairPopplerOpensAlone) {
  const auto whole = picture_page();
  const auto cut = whole.substr(0, whole.find("/Root 1 0 R") + 11);  // within the trailer
  const auto page = image(cut);
  EXPECT_THAT(details(page), AllOf(HasSubstr("PoDoFo cannot open it"),
                                   HasSubstr("qpdf cannot repair it"), HasSubstr("Poppler alone")));
  EXPECT_LT(gray_at(page, page.width_px * 10 / picture_width, page.height_px * 10 / picture_height),
            50);
  EXPECT_EQ(probe(cut).pages.size(), 1U);
}

TEST_F(PdfWaysTest, SaysWhyNoWayLeadsIn) {
  const auto nothing = probe(picture_page().substr(0, 100));
  EXPECT_EQ(nothing.problem, Reason::unreadable);
  EXPECT_THAT(nothing.problem_detail,
              AllOf(HasSubstr("PoDoFo (NoEOFToken)"), HasSubstr("Poppler"), HasSubstr("qpdf")));
}

TEST_F(PdfWaysTest, WhatIsDoneForPopplerIsRecordedWithWhatPopplerMakesAlone) {
  // A crop box that lies apart from its page has Poppler open a repaired copy.
  PdfBuilder pdf;
  const auto picture = std::to_string(pdf.add(image_entries + gray_jpeg, make_jpeg(1)));
  const auto drawing = std::to_string(pdf.add("", "0 g 20 20 20 20 re f\n"));
  const auto drawn = std::to_string(pdf.add("/Type/Page/Parent 2 0 R" + media + "/CropBox[500 500 600 600]/Contents " + drawing + " 0 R"));
  const auto from = source("apart.pdf", pdf.finish(media, whole_page, "/XObject<</Im " + picture + " 0 R>>", "/Kids[3 0 R " + drawn + " 0 R]/Count 2"));
  EXPECT_EQ(details(image_of(from, 1)), "");
  EXPECT_THAT(details(image_of(from, 2)), HasSubstr("Poppler"));
  const auto again = image_of(from, 1);
  EXPECT_TRUE(again.embedded);
  EXPECT_EQ(details(again), "") << "Poppler has no part in it, whatever was read before";
}

TEST_F(PdfWaysTest, ContentsThatPodofoCannotReadAreLeftToPopplerAndThatIsRecorded) {
  const auto damaged =
      image_of({odd / "podofo_TestImageInvalidLength.pdf", corpus::Format::unknown, ""});
  EXPECT_THAT(details(damaged), AllOf(HasSubstr("PoDoFo cannot read the page's contents"),
                                      HasSubstr("Poppler alone")));
}

// ---- passwords

enum class Cipher { rc4_40, rc4_128, rc4_crypt_filter, aes_128, aes_256_r5, aes_256 };

std::string encrypted(const std::string& pdf, Cipher cipher, bool object_streams, const char* user,
                      const char* owner) {
  QPDF document;
  document.processMemoryFile("made", pdf.data(), pdf.size());
  QPDFWriter writer{document};
  writer.setOutputMemory();
  writer.setStaticID(true);
  writer.setObjectStreamMode(object_streams ? qpdf_o_generate : qpdf_o_disable);
  const auto all = qpdf_r3p_full;
  switch (cipher) {
    case Cipher::rc4_40:
      writer.setR2EncryptionParametersInsecure(user, owner, true, true, true, true);
      break;
    case Cipher::rc4_128:
      writer.setR3EncryptionParametersInsecure(user, owner, true, true, true, true, true, true,
                                               all);
      break;
    case Cipher::rc4_crypt_filter:
      writer.setR4EncryptionParametersInsecure(user, owner, true, true, true, true, true, true, all,
                                               true, false);
      break;
    case Cipher::aes_128:
      writer.setR4EncryptionParametersInsecure(user, owner, true, true, true, true, true, true, all,
                                               true, true);
      break;
    case Cipher::aes_256_r5:
      writer.setR5EncryptionParameters(user, owner, true, true, true, true, true, true, all, true);
      break;
    case Cipher::aes_256:
      writer.setR6EncryptionParameters(user, owner, true, true, true, true, true, true, all, true);
      break;
  }
  writer.write();
  const auto buffer = writer.getBufferSharedPointer();
  return {reinterpret_cast<const char*>(buffer->getBuffer()), buffer->getSize()};
}

TEST_F(PdfWaysTest, EveryKindOfEncryptionOpensWithItsPasswords) {
  for (const auto cipher : {Cipher::rc4_40, Cipher::rc4_128, Cipher::rc4_crypt_filter,
                            Cipher::aes_128, Cipher::aes_256_r5, Cipher::aes_256}) {
    for (const bool object_streams : {false, true}) {
      SCOPED_TRACE(testing::Message() << "cipher " << static_cast<int>(cipher)
                                      << ", object streams " << object_streams);
      const auto closed = encrypted(picture_page(), cipher, object_streams, "user", "owner");
      for (const auto* password : {"user", "owner"}) {
        const auto opened = image(closed, 1, password);
        EXPECT_LT(difference(opened), same) << password;
      }
      EXPECT_EQ(failure(closed).reason, Reason::encrypted);
      const auto wrong =
          reader_.probe(source("wrong" + std::to_string(++files_) + ".pdf", closed, "other"));
      EXPECT_EQ(wrong.problem, Reason::encrypted);
      EXPECT_THAT(wrong.problem_detail,
                  AllOf(HasSubstr("wrong"), testing::Not(HasSubstr("other"))));
      EXPECT_LT(difference(image(encrypted(picture_page(), cipher, object_streams, "", "owner"))),
                same)
          << "only the owner has a password";
    }
  }
}

TEST_F(PdfWaysTest, RasterisesEncryptedPagesToo) {
  const auto drawn = page_with(gray_jpeg, make_jpeg(1), whole_page + "1 g 0 0 1 1 re f\n");
  for (const auto cipher : {Cipher::rc4_128, Cipher::aes_256}) {
    for (const bool object_streams : {false, true}) {
      const auto page = image(encrypted(drawn, cipher, object_streams, "user", "owner"), 1, "user");
      EXPECT_FALSE(page.embedded);
      EXPECT_LT(gray_at(page, 80, 100), 50) << static_cast<int>(cipher) << object_streams;
    }
  }
}

TEST_F(PdfWaysTest, APasswordOfAnotherEncodingIsTheSamePassword) {
  const auto closed = encrypted(picture_page(), Cipher::rc4_128, false, "s\xE9same",
                                "owner");  // as programs of Windows wrote it
  const auto page = image(closed, 1, "s\u00E9same");
  EXPECT_LT(difference(page), same);
  EXPECT_THAT(details(page), AllOf(HasSubstr("PoDoFo cannot open it"),
                                   HasSubstr("decrypted it (RC4, revision 3)")));
}

TEST_F(PdfWaysTest, SaysThatAnEncryptionIsNotKnown) {
  auto closed = encrypted(picture_page(), Cipher::rc4_128, false, "", "owner");
  closed = replaced(closed, "/Filter /Standard", "/Filter /Certific");
  const auto found = probe(closed);
  EXPECT_EQ(found.problem, Reason::unsupported) << found.problem_detail;
  EXPECT_THAT(found.problem_detail, HasSubstr("encrypt"));
}

// ---- the odd documents

TEST_F(PdfWaysTest, EachOddDocumentEndsAsItShould) {
  const struct {
    const char* name;
    std::size_t pages;
    Reason problem;
    const char* step;
  } cases[] = {
      {"fmt_T02-02_002_page-tree-kids-links-recursive", 1, Reason::none, "found by their type"},
      {"fmt_T02-02_007_page-tree-wrong-count", 1, Reason::none, "repair"},
      {"fmt_T03_001_no-cross-reference-table", 1, Reason::none, "repair"},
      {"fmt_T04_006_premature-EOF", 1, Reason::none, ""},
      {"fmt_encryption_notextaccess", 1, Reason::none, ""},
      {"govdocs_033689", 3, Reason::none, "repair"},
      {"govdocs_189478", 18, Reason::none, "repair"},
      {"made_truncated", 0, Reason::unreadable, ""},
      {"made_zero_byte", 0, Reason::unreadable, ""},
      {"ocrmypdf_invalid", 0, Reason::unreadable, ""},
      {"ocrmypdf_livecycle", 0, Reason::xfa_form, ""},
      {"ocrmypdf_no_contents", 1, Reason::none, ""},
      {"pdfjs_GHOSTSCRIPT-698804-1-fuzzed", 1, Reason::none, "repair"},
      {"pdfjs_Pages-tree-refs", 1, Reason::none, "it loops"},
      {"pdfjs_poppler-67295-0", 1, Reason::none, "9999999999"},
      {"pdfminer_aes-256", 0, Reason::encrypted, ""},
      {"pdfminer_rc4-40", 0, Reason::encrypted, ""},
      {"podofo_AESV2-128", 0, Reason::encrypted, ""},
      {"podofo_EmptyXRefStream225Trailer", 1, Reason::none, "repair"},
      {"podofo_TestXRefRecovery1", 0, Reason::unreadable, ""},
      {"qpdf_append-xref-loop", 30, Reason::none, "repair"},
  };
  for (const auto& [name, pages, problem, step] : cases) {
    const Source document{odd / (std::string{name} + ".pdf"), corpus::Format::unknown, ""};
    const auto found = reader_.probe(document);
    EXPECT_EQ(found.pages.size(), pages) << name;
    EXPECT_EQ(found.problem, problem) << name << ": " << found.problem_detail;
    if (problem == Reason::none) {
      EXPECT_THAT(details(image_of(document)), *step
                                                   ? testing::Matcher<std::string>(HasSubstr(step))
                                                   : testing::Matcher<std::string>(IsEmpty()))
          << name;
    }
  }
}

}  // namespace pdf_ways_test
}  // namespace pecia::page
