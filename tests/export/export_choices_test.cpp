#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/export_fixture.hpp"
#include "pecia/base/stop.hpp"
#include "support/file_size_limit.hpp"

namespace export_choices_test {

using namespace pecia;
using namespace pecia::test;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;

using ExportChoices = ExportedRun;

TEST_F(ExportChoices, WritesTheDocumentsThatAreAskedForAlone) {
  auto how = settings();
  how.documents = {"b/**", "d.*"};
  const auto report = exported(how);

  EXPECT_EQ(report.documents, 2U);
  EXPECT_FALSE(there("a.png.md"));
  EXPECT_TRUE(there("b/c.pdf.md"));
  EXPECT_THAT(paths_in_lines(), ElementsAre("b/c.pdf", "b/c.pdf", "d.pdf", "d.pdf"));
  how.documents = {"a*"};
  (void)exported(how);
  EXPECT_EQ(list()["documents"].size(), 3U) << "what was written before stays known";
  EXPECT_EQ(exported(settings({"md", "txt"})).unchanged, 3U);
}

TEST_F(ExportChoices, RefusesGlobsThatMatchNothing) {
  auto how = settings();
  how.documents = {"z*"};
  EXPECT_THAT(refusal(how), HasSubstr("no document of the run matches z*"));
}

TEST_F(ExportChoices, LeavesOutDocumentsWithGapsWhereOnlyCompleteOnesAreWanted) {
  auto how = settings();
  how.complete_only = true;
  const auto report = exported(how);

  EXPECT_EQ(report.complete, 2U);
  EXPECT_EQ(report.skipped, 1U);
  EXPECT_FALSE(there("d.pdf.md"));
  EXPECT_EQ(entry("d.pdf")["state"], "skipped");
  EXPECT_THAT(entry("d.pdf")["reason"], HasSubstr("it has gaps"));
  EXPECT_THAT(paths_in_lines(), testing::Not(Contains("d.pdf")));
}

TEST_F(ExportChoices, LeavesAndNamesFilesOfDocumentsThatAreNoLongerExported) {
  (void)exported();
  auto how = settings();
  how.complete_only = true;

  EXPECT_THAT(exported(how).left, ElementsAre("d.pdf"));
  EXPECT_TRUE(there("d.pdf.md"));
  EXPECT_EQ(entry("d.pdf")["formats"]["md"]["files"], Json::array({"d.pdf.md"}));
  (void)exported();
  EXPECT_EQ(entry("d.pdf")["state"], "gaps");
}

TEST_F(ExportChoices, RefusesTheExportOfAnotherRun) {
  (void)exported();
  test::MadeRun other;
  other.add_document("other.png", 1);
  other.commit("other.png", 1, read_outcome("other"));
  other.finish();

  EXPECT_THROW((void)export_run(other.paths(), settings()), UsageError);
  auto how = settings();
  how.force = true;
  EXPECT_EQ(export_run(other.paths(), how).documents, 1U);
  EXPECT_EQ(list()["documents"].size(), 1U);
  EXPECT_TRUE(there("a.png.md")) << "what is not in the way stays";
}

TEST_F(ExportChoices, RefusesToWriteOverFilesThatItDoesNotKnow) {
  fs::create_directories(out_ / "b");
  replace_file(out_ / "b/c.pdf.md", "somebody's notes", Durability::none);

  EXPECT_THAT(refusal(settings()), AllOf(HasSubstr("b/c.pdf.md is there already"), HasSubstr("--force")));
  EXPECT_EQ(file("b/c.pdf.md"), "somebody's notes");
  EXPECT_FALSE(there("export.json"));
  auto how = settings();
  how.force = true;
  (void)exported(how);
  EXPECT_THAT(file("b/c.pdf.md"), HasSubstr("page 1"));
}

TEST_F(ExportChoices, SaysWhereExportJsonCannotBeRead) {
  (void)exported();
  fs::resize_file(out_ / "export.json", fs::file_size(out_ / "export.json") - 20);
  EXPECT_THAT(refusal(settings()), AllOf(HasSubstr("export.json cannot be read"), HasSubstr("--force")));
  replace_file(out_ / "export.json", "{}\n", Durability::none);
  EXPECT_THAT(refusal(settings()), HasSubstr("export.json cannot be read"));
  auto how = settings();
  how.force = true;
  EXPECT_EQ(exported(how).documents, 3U);
}

TEST_F(ExportChoices, RemovesNothingThatExportJsonWronglySaysIsItsOwn) {
  (void)exported(settings({"md"}));
  const auto precious = folder_.write("precious", "not ours");
  auto json = file("export.json");
  const std::string name = "\"d.pdf.md\"";
  json.replace(json.find(name), name.size(), "\"d.pdf.md\",\"d.pdf/../../precious\",\"../precious\"");
  replace_file(out_ / "export.json", json, Durability::none);
  read_again();

  (void)exported(settings({"md"}));

  EXPECT_TRUE(fs::exists(precious));
}

TEST_F(ExportChoices, SaysThatTheRunIsNotRead) {
  run_.go_on();
  run_.add_document("new.pdf", 3);
  run_.finish();
  const auto report = exported();
  EXPECT_EQ(report.pending_pages, 3U);
  EXPECT_THAT(file("new.pdf.md"), HasSubstr("this document has gaps: pages 1-3 are not read yet"));
}

TEST_F(ExportChoices, WritesALineForEachDocument) {
  auto how = settings({"jsonl"});
  how.lines_per_document = true;
  (void)exported(how);

  EXPECT_FALSE(there("pages.jsonl"));
  std::istringstream in{file("documents.jsonl")};
  std::vector<std::string> paths;
  for (std::string line; std::getline(in, line);) paths.push_back(Json::parse(line)["path"]);
  EXPECT_THAT(paths, ElementsAre("a.png", "b/c.pdf", "d.pdf"));
  EXPECT_EQ(exported(how).unchanged, 3U);
  (void)exported(settings({"jsonl"}));
  EXPECT_TRUE(there("documents.jsonl"));
  EXPECT_EQ(exported(how).unchanged, 3U) << "both files are known";
}

TEST_F(ExportChoices, WritesPagesAsTheyWereRead) {
  auto how = settings({"md", "txt"});
  how.as_read = true;
  (void)exported(how);
  EXPECT_EQ(file("a.png.md"), "<!-- page 1 -->\n\na.png page 1\n\n<!-- page 2 -->\n\na.png page 2\n");
  EXPECT_EQ(file("d.pdf.txt"),
            "[this document has gaps: page 2 could not be read]\n\nfirst\n\f[page 2 could not be read: timeout — took too long]\n");
}

TEST_F(ExportChoices, WritesTheSameWithManyThreadsAndLittleMemory) {
  auto how = settings();
  how.jobs = 4;
  how.memory_bytes = 1;
  (void)exported(how);
  auto other = settings();
  other.out = folder_.path() / "other";
  (void)exported(other);
  for (const auto& entry : fs::recursive_directory_iterator{out_}) {
    if (!entry.is_regular_file()) continue;
    EXPECT_EQ(read_file(entry.path()), read_file(other.out / entry.path().lexically_relative(out_))) << entry.path();
  }
}

TEST_F(ExportChoices, TellsHowFarItIs) {
  auto how = settings();
  exporting::ExportProgress last;
  how.progress = [&](const exporting::ExportProgress& progress) { last = progress; };
  (void)exported(how);
  EXPECT_EQ(last.all_documents, 3U);
  EXPECT_EQ(last.all_pages, 6U);
  EXPECT_LE(last.documents, 3U);
}

TEST_F(ExportChoices, StopsWithWhatIsWrittenWholeAndGoesOn) {
  const stop::ScopedHandlers handlers;
  auto how = settings();
  how.memory_bytes = 1;  // one document after the other
  how.progress = [](const exporting::ExportProgress& progress) {
    if (progress.documents >= 1 && stop::requested() == stop::Request::none) ::raise(SIGINT);
  };

  EXPECT_TRUE(exported(how).stopped);
  stop::reset();

  EXPECT_EQ(list()["state"], "stopped");
  EXPECT_TRUE(there("a.png.md"));
  EXPECT_FALSE(there("d.pdf.md"));
  EXPECT_FALSE(there("pages.jsonl")) << "half of it is of no use";
  const auto report = exported();
  EXPECT_FALSE(report.stopped);
  EXPECT_TRUE(there("d.pdf.md"));
  EXPECT_EQ(paths_in_lines().size(), 6U);
  EXPECT_EQ(list()["state"], "finished");
}

TEST_F(ExportChoices, NamesTheFileThatADiskHasNoRoomForAndLeavesNothingHalf) {
  run_.go_on();
  run_.add_document("long.pdf", 1);
  run_.commit("long.pdf", 1, read_outcome(std::string(100'000, 'x')));
  run_.finish();
  {
    const test::FileSizeLimit limit{50'000};
    try {
      (void)exported(settings({"md"}));
      FAIL() << "it was written";
    } catch (const StorageError& error) {
      EXPECT_TRUE(error.out_of_room());
      EXPECT_THAT(error.what(), HasSubstr(out_.native()));
    }
  }
  EXPECT_FALSE(there("long.pdf.md"));
  for (const auto& file : fs::recursive_directory_iterator{out_}) EXPECT_NE(file.path().extension(), ".part");
  EXPECT_EQ(exported(settings({"md"})).unchanged, 3U) << "what was written before counts";
}

TEST_F(ExportChoices, LeavesOutADocumentWhoseNameTheFileSystemCannotHold) {
  // A folder whose path is nearly as long as one may be: longer names below it are refused.
  constexpr std::size_t path_bytes = 4000, name_bytes = 200;
  auto deep = out_;
  while (deep.native().size() + 2 * name_bytes < path_bytes) deep /= std::string(name_bytes, 'd');
  while (deep.native().size() + 1 < path_bytes) deep /= std::string(std::min(name_bytes, path_bytes - deep.native().size() - 1), 'd');
  run_.go_on();
  run_.add_document(std::string(200, 'n') + ".pdf", 1);
  run_.commit(std::string(200, 'n') + ".pdf", 1, read_outcome("text"));
  run_.finish();
  fs::create_directories(deep);
  auto how = settings({"md"});
  how.out = deep;

  const auto report = exported(how);

  EXPECT_EQ(report.skipped, 1U);
  EXPECT_THAT(report.not_written, ElementsAre(HasSubstr("File name too long")));
  EXPECT_TRUE(fs::exists(deep / "a.png.md"));
}

/// Stands in for the writer of searchable PDFs.
class Pdf : public ExportedRun {
 protected:
  Pdf() {
    how_ = settings({"pdf"});
    how_.write_pdf = [this](const merge::Book& book, const corpus::Document& listed, const exporting::PdfSettings& wanted,
                            const fs::path& out) {
      EXPECT_EQ(book.document->path, listed.path);
      exporting::PdfResult result;
      if (listed.path == refused_) {
        result.status = exporting::PdfResult::Status::refused;
        result.reason = "it is signed";
        return result;
      }
      result.status = exporting::PdfResult::Status::written;
      if (wanted.pdfa) result.not_pdfa = "its fonts are not in it";
      fs::create_directories(out.parent_path());
      replace_file(out, "PDF of " + listed.path, Durability::none);
      return result;
    };
  }

  std::string refused_ = "d.pdf";
  ExportSettings how_;
};

TEST_F(Pdf, IsWrittenOfEachDocumentThatAllowsIt) {
  const auto report = exported(how_);
  EXPECT_EQ(file("b/c.pdf.pdf"), "PDF of b/c.pdf");
  EXPECT_FALSE(there("d.pdf.pdf"));
  EXPECT_THAT(report.not_written, ElementsAre("d.pdf: pdf: it is signed"));
  EXPECT_EQ(report.written.at("pdf").files, 2U);
  EXPECT_EQ(entry("d.pdf")["formats"]["pdf"]["reason"], "it is signed");
}

TEST_F(Pdf, IsTriedAgainWhereItWasRefusedAndWrittenAgainForOtherSettings) {
  (void)exported(how_);
  EXPECT_EQ(exported(how_).unchanged, 2U);
  refused_.clear();
  EXPECT_EQ(exported(how_).unchanged, 2U);
  EXPECT_EQ(file("d.pdf.pdf"), "PDF of d.pdf");
  EXPECT_EQ(exported(how_).unchanged, 3U);
  how_.pdf.pdfa = true;
  const auto report = exported(how_);
  EXPECT_EQ(report.unchanged, 0U);
  EXPECT_THAT(report.remarks, Contains("a.png: pdf: no PDF/A: its fonts are not in it"));
}

TEST_F(Pdf, OfBeforeStaysWhereItIsRefusedNow) {
  refused_.clear();
  (void)exported(how_);
  refused_ = "d.pdf";
  how_.pdf.linearize = true;
  const auto report = exported(how_);
  EXPECT_TRUE(there("d.pdf.pdf"));
  EXPECT_THAT(report.not_written, ElementsAre(AllOf(HasSubstr("it is signed"), HasSubstr("of an earlier export"))));
  EXPECT_THAT(entry("d.pdf")["formats"]["pdf"]["reason"], HasSubstr("of an earlier export"));
}

TEST_F(Pdf, NeedsAWriter) { EXPECT_THROW((void)exported(settings({"pdf"})), Error); }

}  // namespace export_choices_test
