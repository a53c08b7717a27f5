#include <cstdlib>

#include "export/pdf_export_fixture.hpp"
#include "pecia/base/error.hpp"
#include "support/file_size_limit.hpp"

namespace pecia::app {
namespace pdf_refusals_test {

using PdfRefusalsTest = PdfExportTest;

TEST_F(PdfRefusalsTest, ADocumentThatChangedOrVanishedIsRefused) {
  const auto file = folder_.write("book.jpg", make_jpeg(1));
  auto read = read_of(folder_.path(), "book.jpg");
  EXPECT_EQ(write(read, folder_.path()).status, Status::written);

  read.listed.modified_ns += 1;
  EXPECT_NE(write(read, folder_.path()).reason.find("has changed"), std::string::npos);
  read.listed.modified_ns -= 1;
  std::filesystem::resize_file(file, read.listed.size_bytes - 1);
  EXPECT_EQ(write(read, folder_.path()).status, Status::refused);
  std::filesystem::remove(file);
  const auto gone = write(read, folder_.path());
  EXPECT_EQ(gone.status, Status::refused);
  EXPECT_NE(gone.reason.find("No such file"), std::string::npos) << gone.reason;
}

/// Writes with a script in the place of `pecia-pdf`.
class PdfOddProcessTest : public PdfExportTest {
 protected:
  exporting::PdfResult write_by(const std::string& script, const Read& read, const std::filesystem::path& root) {
    const auto fake = folder_.write("bin/pecia-pdf", "#!/bin/sh\n" + script);
    std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
    ::setenv("PECIA_LIBEXEC_DIR", fake.parent_path().c_str(), 1);
    auto result = write(read, root);
    ::setenv("PECIA_LIBEXEC_DIR", real_.c_str(), 1);
    return result;
  }
  const std::string real_ = std::getenv("PECIA_LIBEXEC_DIR") ? std::getenv("PECIA_LIBEXEC_DIR") : PECIA_BIN_DIR;
};

TEST_F(PdfOddProcessTest, ADocumentThatChangesWhileItIsWrittenIsRefused) {
  const auto file = folder_.write("book.jpg", make_jpeg(1));
  const auto read = read_of(folder_.path(), "book.jpg");

  const auto result =
      write_by("touch -d 2001-02-03 '" + file.native() + "'\nexec '" + real_ + "/pecia-pdf' \"$@\"\n", read, folder_.path());

  EXPECT_EQ(result.status, Status::refused);
  EXPECT_NE(result.reason.find("has changed while"), std::string::npos) << result.reason;
  EXPECT_TRUE(std::filesystem::is_empty(out_.parent_path()));
}

TEST_F(PdfOddProcessTest, OneHelloIsEnough) {
  const auto read = read_of(sample, "registers/ccitt.pdf");
  const std::string hello = R"(printf '\005\000\000\000\000\000\000\000\004\000\000\000\000' >&3)";

  const auto result = write_by("for n in $(seq 50); do " + hello + "; sleep .2; done\n", read, sample);

  EXPECT_EQ(result.status, Status::failed);
  EXPECT_NE(result.reason.find("a second hello"), std::string::npos) << result.reason;
}

TEST_F(PdfRefusalsTest, AnEncryptedDocumentNeedsItsPasswordAndSaysThatTheCopyHasNone) {
  const auto read = read_of(odd, "pdfminer_aes-256.pdf", "foo");
  ASSERT_FALSE(read.listed.pages.empty());

  const auto refused = write(read, odd);
  job_.passwords.all = "foo";
  const auto result = write(read, odd);

  EXPECT_EQ(refused.status, Status::refused);
  EXPECT_NE(refused.reason.find("password"), std::string::npos) << refused.reason;
  ASSERT_EQ(result.status, Status::written) << result.reason;
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("encrypted"), std::string::npos);
  QPDF made;
  made.processFile(out_.c_str());
  EXPECT_FALSE(made.isEncrypted());
}

TEST_F(PdfRefusalsTest, ASignatureIsNotBrokenUnlessAsked) {
  PdfBuilder pdf;
  const auto signature = pdf.add("/Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 0 0 0]/Contents<00>");
  const auto field = pdf.add("/FT/Sig/T(Signature)/Subtype/Widget/Rect[0 0 0 0]/V " + std::to_string(signature) + " 0 R");
  folder_.write("signed.pdf", pdf.finish(media, " ", "", "/Kids[3 0 R]/Count 1",
                                         "/AcroForm<</SigFlags 3/Fields[" + std::to_string(field) + " 0 R]>>/MarkInfo<</Marked true>>"));
  const auto read = read_of(folder_.path(), "signed.pdf");

  const auto refused = write(read, folder_.path());
  const auto broken = write(read, folder_.path(), {.break_signatures = true});

  EXPECT_EQ(refused.status, Status::refused);
  EXPECT_NE(refused.reason.find("--break-signatures"), std::string::npos) << refused.reason;
  ASSERT_EQ(broken.status, Status::written) << broken.reason;
  ASSERT_EQ(broken.warnings.size(), 2U);
  EXPECT_NE(broken.warnings[0].find("signature is invalid"), std::string::npos);
  EXPECT_NE(broken.warnings[1].find("tagged"), std::string::npos);
}

TEST_F(PdfRefusalsTest, ASignatureOfAFieldThatInheritsIsOne) {
  const auto signed_by = [&](const std::string& parent_entries, const std::string& kid_entries) {
    PdfBuilder pdf;
    const auto signature = std::to_string(pdf.add("/Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 0 0 0]/Contents<00>")) + " 0 R";
    const auto with = [&](const std::string& entries) { return entries.ends_with("/V ") ? entries + signature : entries; };
    const auto kid = pdf.add("/Subtype/Widget/Rect[0 0 0 0]/Parent 6 0 R" + with(kid_entries));
    const auto parent = pdf.add("/T(Signature)/Kids[" + std::to_string(kid) + " 0 R]" + with(parent_entries));
    EXPECT_EQ(parent, 6);
    folder_.write("signed.pdf", pdf.finish(media, " ", "", "/Kids[3 0 R]/Count 1", "/AcroForm<</SigFlags 3/Fields[6 0 R]>>"));
    return write(read_of(folder_.path(), "signed.pdf"), folder_.path()).status == Status::refused;
  };

  EXPECT_TRUE(signed_by("/FT/Sig", "/V "));
  EXPECT_TRUE(signed_by("/V ", "/FT/Sig"));
  EXPECT_FALSE(signed_by("/FT/Sig", "")) << "it waits for its signature";
  EXPECT_FALSE(signed_by("/FT/Tx", "/V "));
}

TEST_F(PdfRefusalsTest, UsageRightsAreASignature) {
  PdfBuilder pdf;
  const auto signature = pdf.add("/Type/Sig/Filter/Adobe.PPKLite/ByteRange[0 0 0 0]/Contents<00>");
  folder_.write("rights.pdf", pdf.finish(media, " ", "", "/Kids[3 0 R]/Count 1", "/Perms<</UR3 " + std::to_string(signature) + " 0 R>>"));
  const auto read = read_of(folder_.path(), "rights.pdf");

  EXPECT_EQ(write(read, folder_.path()).status, Status::refused);
  EXPECT_EQ(write(read, folder_.path(), {.break_signatures = true}).status, Status::written);
}

TEST_F(PdfRefusalsTest, ManyPlainFieldsAreNoSignature) {
  const auto with_fields = [&](int count) {
    std::string fields;
    for (int n = 0; n < count; ++n) fields += "<</FT/Tx/T(a)>>";
    folder_.write("fields.pdf", PdfBuilder{}.finish(media, " ", "", "/Kids[3 0 R]/Count 1", "/AcroForm<</Fields[" + fields + "]>>"));
    return write(read_of(folder_.path(), "fields.pdf"), folder_.path()).status;
  };

  EXPECT_EQ(with_fields(99'000), Status::written);
  EXPECT_EQ(with_fields(101'000), Status::refused) << "nobody looks through so many";
}

TEST_F(PdfRefusalsTest, AFullDiskEndsTheExportAndNotTheDocumentAlone) {
  const auto read = read_of(sample, "registers/ccitt.pdf");
  const auto writer = pdf_writer(job_, sample);
  const auto book = merge::bind(read.document);
  out_ = folder_.path() / "out" / "ccitt.pdf";

  {
    const FileSizeLimit limit{4096};
    try {
      (void)writer(book, read.listed, {}, out_);
      FAIL() << "it was written";
    } catch (const StorageError& error) {
      EXPECT_TRUE(error.out_of_room()) << error.what();
      EXPECT_NE(std::string{error.what()}.find(out_.native()), std::string::npos) << error.what();
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(out_.parent_path()));
}

}  // namespace pdf_refusals_test
}  // namespace pecia::app
