#include <cstdlib>

#include "export/pdf_export_fixture.hpp"
#include "metadata.hpp"

namespace pecia::app {
namespace pdf_export_test {

std::vector<std::string> files_below(const std::filesystem::path& root) {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator{root}) {
    if (entry.is_regular_file() && entry.path().extension() != ".md") files.push_back(entry.path().lexically_relative(root).native());
  }
  std::ranges::sort(files);
  return files;
}

TEST_F(PdfExportTest, TheWholeSampleBecomesSearchableAndLooksAsBefore) {
  const auto files = files_below(sample);
  ASSERT_GE(files.size(), 14U);
  for (const auto& file : files) {
    const auto read = read_of(sample, file);
    if (read.listed.pages.empty()) continue;

    const auto result = write(read, sample);

    ASSERT_EQ(result.status, Status::written) << file << ": " << result.reason;
    EXPECT_EQ(result.pages_with_text, read.listed.pages.size()) << file;
    EXPECT_EQ(check(out_), "") << file;
    EXPECT_EQ(result.bytes, std::filesystem::file_size(out_));
    EXPECT_LT(result.bytes, read.listed.size_bytes + 4096 * read.listed.pages.size()) << file;
    const auto found = lines();
    EXPECT_NE(std::ranges::find_if(found,
                                   [](const auto& line) {
                                     return words_of(line) == std::vector<std::string>{"first", "line", "the"};
                                   }),
              found.end())
        << file;
    if (read.listed.format != corpus::Format::pdf) continue;
    for (int page = 1; page <= static_cast<int>(read.listed.pages.size()); ++page)
      EXPECT_EQ(look(sample / file, 100, page), look(out_, 100, page)) << file << page;
    const bool small = read.listed.size_bytes < 200'000;  // the others take seconds a page
    EXPECT_TRUE(!small || look(sample / file, 300) == look(out_, 300)) << file;
  }
}

TEST_F(PdfExportTest, OddDocumentsAreWrittenOrRefusedForAReason) {
  int written = 0;
  for (const auto& file : files_below(odd)) {
    const auto read = read_of(odd, file);

    const auto result = write(read, odd);

    EXPECT_EQ(result.status == Status::written, std::filesystem::exists(out_)) << file;
    EXPECT_EQ(result.status == Status::written, result.reason.empty()) << file << ": " << result.reason;
    EXPECT_EQ(result.reason.find("was lost"), std::string::npos) << file << ": " << result.reason;
    if (result.status != Status::written) continue;
    ++written;
    EXPECT_EQ(open(out_)->pages(), static_cast<int>(read.listed.pages.size())) << file;
  }
  EXPECT_GT(written, 15);
  for (const auto& entry : std::filesystem::directory_iterator{folder_.path() / "out"}) EXPECT_NE(entry.path().extension(), ".part");
}

TEST_F(PdfExportTest, TheSameBytesTwiceAndByAnotherProcess) {
  const auto read = read_of(sample, "registers/ccitt.pdf");
  (void)write(read, sample, {.pdfa = true});
  const auto first = bytes();
  (void)write(read, sample, {.pdfa = true});

  EXPECT_EQ(first, bytes());
}

TEST_F(PdfExportTest, ADocumentWithGapsSaysSo) {
  folder_.write("book.jpg", make_jpeg(1));
  auto whole = read_of(folder_.path(), "book.jpg");
  auto torn = whole;
  torn.document.pages[0].outcome = {};
  torn.document.pages[0].pending = true;
  const std::string notice = "this document has gaps: page 1 is not read yet";
  const auto information = [&] {
    QPDF made;
    made.processFile(out_.c_str());
    auto info = made.getTrailer().getKey("/Info");
    return info.hasKey("/Subject") ? info.getKey("/Subject").getUTF8Value() + "|" + info.getKey("/PeciaGaps").getUTF8Value() : "";
  };

  ASSERT_EQ(write(whole, folder_.path()).status, Status::written);
  EXPECT_EQ(information(), "");
  ASSERT_TRUE(write(torn, folder_.path(), {.pdfa = true}).pdfa);
  EXPECT_EQ(information(), notice + "|" + notice);
  EXPECT_NE(bytes().find("<dc:coverage>" + notice + "<"), std::string::npos);
}

TEST_F(PdfExportTest, APageWhoseImageMayBeDamagedIsNotToldToBePdfA) {
  folder_.write("book.jpg", make_jpeg(1));
  auto failed = read_of(folder_.path(), "book.jpg");
  failed.document.pages[0].outcome = {};
  failed.document.pages[0].outcome.state = result::State::failed;

  const auto made = write(failed, folder_.path(), {.pdfa = true});

  EXPECT_EQ(made.status, Status::written);
  EXPECT_FALSE(made.pdfa);
  EXPECT_EQ(made.not_pdfa, "page 1: it could not be read, and its image may be damaged");
}

TEST_F(PdfExportTest, ASubjectGoesBeforeTheNoticeOfGaps) {
  QPDF pdf;
  pdf.processFile((sample / "registers" / "ccitt.pdf").c_str());
  pdf.getTrailer().replaceKey("/Info", QPDFObjectHandle::parse("<</Subject(Accounts)>>"));
  const auto subject = [&] { return pdf.getTrailer().getKey("/Info").getKey("/Subject"); };

  exporting::pdf::note_gaps(pdf, "gaps: page 1");
  EXPECT_EQ(subject().getUTF8Value(), "Accounts");
  EXPECT_EQ(pdf.getTrailer().getKey("/Info").getKey("/PeciaGaps").getUTF8Value(), "gaps: page 1");
  pdf.getTrailer().getKey("/Info").removeKey("/Subject");
  exporting::pdf::note_gaps(pdf, "gaps: page 2");
  exporting::pdf::note_gaps(pdf, "gaps: page 3");
  EXPECT_EQ(subject().getUTF8Value(), "gaps: page 3") << "in place of an earlier one";
  exporting::pdf::note_gaps(pdf, "");
  EXPECT_TRUE(subject().isNull());
  EXPECT_TRUE(pdf.getTrailer().getKey("/Info").getKey("/PeciaGaps").isNull());
}

TEST_F(PdfExportTest, AProcessThatDiesCostsItsDocumentAlone) {
  const auto fake = folder_.write("bin/pecia-pdf", "#!/bin/sh\nexit 7\n");
  std::filesystem::permissions(fake, std::filesystem::perms::owner_all);
  const auto read = read_of(sample, "registers/ccitt.pdf");
  const std::string real = std::getenv("PECIA_LIBEXEC_DIR") ? std::getenv("PECIA_LIBEXEC_DIR") : PECIA_BIN_DIR;
  const auto writer = pdf_writer(job_, sample);
  const auto book = merge::bind(read.document);
  out_ = folder_.path() / "out.pdf";

  ::setenv("PECIA_LIBEXEC_DIR", fake.parent_path().c_str(), 1);
  const auto lost = writer(book, read.listed, {}, out_);
  ::setenv("PECIA_LIBEXEC_DIR", real.c_str(), 1);

  EXPECT_EQ(lost.status, Status::failed);
  EXPECT_NE(lost.reason.find("exited with status 7"), std::string::npos) << lost.reason;
  EXPECT_FALSE(std::filesystem::exists(out_));
  EXPECT_EQ(writer(book, read.listed, {}, out_).status, Status::written);
}

#ifndef PECIA_SANITIZED  // which will not have a library before them
/// While it lives, processes are started whose writes are lost.
class LostWrites {
 public:
  explicit LostWrites(const char* how) {
    ::setenv("PECIA_LOST_WRITES", how, 1);
    ::setenv("LD_PRELOAD", PECIA_LOST_WRITES, 1);
  }
  ~LostWrites() {
    for (const auto* name : {"LD_PRELOAD", "PECIA_LOST_WRITES"}) ::unsetenv(name);
  }
  LostWrites(const LostWrites&) = delete;
  LostWrites& operator=(const LostWrites&) = delete;
};

TEST_F(PdfExportTest, ADiskThatTellsThatItIsFullWhenThePdfIsClosedEndsTheExport) {
  const auto read = read_of(sample, "registers/ccitt.pdf");
  const LostWrites lost{"at-close"};

  EXPECT_THROW((void)write(read, sample), StorageError);

  EXPECT_TRUE(std::filesystem::is_empty(out_.parent_path()));
}

TEST_F(PdfExportTest, APdfThatIsShorterThanWhatWasWrittenIsNone) {
  const auto read = read_of(sample, "registers/ccitt.pdf");
  const LostWrites lost{"silently"};

  const auto result = write(read, sample);

  EXPECT_EQ(result.status, Status::failed);
  EXPECT_NE(result.reason.find("0 are stored"), std::string::npos) << result.reason;
  EXPECT_TRUE(std::filesystem::is_empty(out_.parent_path()));
}
#endif

TEST_F(PdfExportTest, TheTimeForADocumentGrowsWithItsPixels) {
  corpus::Document scan;
  scan.size_bytes = 24'000'000;
  scan.pages.resize(2);
  const auto without = pdf_cpu_s(scan);
  for (auto& page : scan.pages) page.width_px = 4960, page.height_px = 7016;  // A4 at 600 dpi
  const auto with = pdf_cpu_s(scan);
  scan.pages[0].width_px = scan.pages[0].height_px = 1e9F;

  EXPECT_GT(with, without + 200);
  EXPECT_LT(pdf_cpu_s(scan), 10'000) << "whatever a damaged header says";
}

TEST_F(PdfExportTest, TextThatHasNoPlaceIsCounted) {
  auto read = read_of(sample, "registers/ccitt.pdf");
  auto& reading = read.document.pages[0].outcome.reading;
  reading.blocks.clear();
  reading.lines.clear();
  reading.words.clear();

  const auto result = write(read, sample);

  EXPECT_EQ(result.pages_with_text, 0U);
  EXPECT_EQ(result.pages_without_places, 1U);
}

TEST_F(PdfExportTest, LinesThatHaveNoPlaceAreWarnedOf) {
  auto read = read_of(sample, "registers/ccitt.pdf");
  auto& reading = read.document.pages[0].outcome.reading;
  reading.text += "\n\nlost\nand lost";

  const auto result = write(read, sample);

  EXPECT_EQ(result.pages_with_text, read.listed.pages.size());
  EXPECT_EQ(result.lines_without_places, 2U);
  ASSERT_EQ(result.warnings.size(), 1U);
  EXPECT_NE(result.warnings[0].find("2 lines"), std::string::npos) << result.warnings[0];
}

TEST_F(PdfExportTest, TextOfABlockStandsWithinIt) {
  auto read = read_of(sample, "registers/ccitt.pdf");
  auto& outcome = read.document.pages[0].outcome;
  outcome.reading.lines.clear();
  outcome.reading.words.clear();
  outcome.reading.text.clear();
  for (int n = 0; n < 60; ++n) outcome.reading.text += (n == 0 ? "word" : " word") + std::to_string(n);
  auto& block = outcome.reading.blocks[0];
  block.text_end = static_cast<std::uint32_t>(outcome.reading.text.size());
  block.box = {300, 400, 1500, 1000};

  const auto result = write(read, sample);
  const auto layer = std::get<page::TextLayer>(reader_.text_layer(written(), 1, false));

  EXPECT_EQ(result.words, 60U);
  ASSERT_EQ(layer.words.size(), 60U);
  EXPECT_GT(layer.lines.size(), 4U) << "in rows";
  for (const auto& word : layer.words) {
    EXPECT_GE(word.x0, block.box.x0 - 5);
    EXPECT_LE(word.x1, block.box.x1 + 5);
    EXPECT_GE(word.y0, block.box.y0 - 5);
    EXPECT_LE(word.y1, block.box.y1 + 5);
  }
}

TEST_F(PdfExportTest, PagesThatKeptTheirTextStayAsTheyAre) {
  auto read = read_of(sample, "reports/born-digital.pdf");
  for (auto& page : read.document.pages) page.outcome.engine = "text_layer";
  read.document.pages[1].outcome.engine.clear();
  read.document.pages[1].outcome.state = result::State::skipped;
  read.document.pages[1].outcome.reason = Reason::has_text;

  const auto result = write(read, sample);

  EXPECT_EQ(result.pages_with_text, 0U);
  EXPECT_EQ(result.pages_kept, read.document.pages.size());
}

TEST_F(PdfExportTest, WhatTheRunDecidedOfAPagesTextIsHeeded) {
  auto read = read_of(sample, "reports/born-digital.pdf");
  const auto acts = [&](const std::string& decision, PdfSettings::TextLayers policy) {
    read.document.pages[0].outcome.steps = {{"text_layer", decision + ": 100 words"}};
    const auto book = merge::bind(read.document);
    return exporting::pdf_page_of(book, 0, {.text_layers = policy}).act;
  };
  using Policy = PdfSettings::TextLayers;
  using Act = exporting::PdfPage::Act;

  EXPECT_EQ(acts("read", Policy::replace), Act::replace);
  EXPECT_EQ(acts("read", Policy::keep), Act::add);
  EXPECT_EQ(acts("redo", Policy::keep), Act::replace);
  EXPECT_EQ(acts("kept", Policy::replace), Act::leave);
  EXPECT_EQ(acts("skipped", Policy::replace), Act::leave);
}

}  // namespace pdf_export_test
}  // namespace pecia::app
