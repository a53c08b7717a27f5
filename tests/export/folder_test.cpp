#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "export/export_fixture.hpp"

namespace folder_test {

using namespace pecia;
using namespace pecia::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

/// What is in the folder of an export besides what it is about to write.
class Folder : public ExportedRun {
 protected:
  /// export.json as an export leaves it that is killed before it has written of any document.
  void pretend_that_it_was_killed() const {
    const auto json = file("export.json");
    replace_file(out_ / "export.json",
                 json.substr(0, json.find('\n')) +
                     "\n],\"lines\":[\n],\"state\":\"writing\",\"unlisted\":[\"md\",\"txt\",\"jsonl\"],\"summary\":{}}\n",
                 Durability::none);
  }
  void put(const std::string& name, const std::string& text) const {
    fs::create_directories((out_ / name).parent_path());
    replace_file(out_ / name, text, Durability::none);
  }
  static std::string refusal_of(const test::MadeRun& run, const ExportSettings& how) {
    try {
      (void)export_run(run.paths(), how);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "it was accepted";
  }
};

/// A run over the same documents as that of `ExportedRun`.
void make_the_same(test::MadeRun& run) {
  for (const auto* path : {"a.png", "b/c.pdf", "d.pdf"}) run.add_document(path, 2);
  run.commit("a.png", 1, read_outcome("in another language"));
  run.finish();
}

TEST_F(Folder, OfAnotherRunOverTheSameDocumentsIsRefused) {
  (void)exported();
  test::MadeRun other;
  make_the_same(other);
  EXPECT_THAT(refusal_of(other, settings()), HasSubstr("holds the export of another run"));
  EXPECT_THAT(file("a.png.md"), HasSubstr("a.png page 1"));
}

TEST_F(Folder, OfAnotherRunIsRefusedWhereThatsFirstExportWasKilled) {
  (void)exported();
  pretend_that_it_was_killed();
  test::MadeRun other;
  make_the_same(other);
  EXPECT_THAT(refusal_of(other, settings()), HasSubstr("holds the export of another run"));
}

TEST_F(Folder, IsItsOwnWhereItsFirstExportWasKilled) {
  (void)exported();
  pretend_that_it_was_killed();
  EXPECT_EQ(exported().unchanged, 0U);
  EXPECT_EQ(list()["state"], "finished");
}

TEST_F(Folder, IsItsOwnUntilAnExportHasListedAllThatWasKilled) {
  (void)exported();
  pretend_that_it_was_killed();
  auto one = settings();
  one.documents = {"a.png"};
  (void)exported(one);
  (void)exported(settings({"txt"}));
  EXPECT_EQ(list()["state"], "finished");
  EXPECT_EQ(list()["unlisted"], Json({"md", "jsonl"}));

  (void)exported();
  EXPECT_EQ(list()["unlisted"], Json::array());
  run_.go_on();
  run_.add_document("e.png", 1);
  run_.commit("e.png", 1, read_outcome("new"));
  run_.finish();
  put("e.png.md", "somebody's");
  EXPECT_THAT(refusal(settings()), HasSubstr("e.png.md is there already"));
}

TEST_F(Folder, IsItsOwnWhereAnExportFailedAfterItHadWritten) {
  auto how = settings({"md", "pdf"});
  how.jobs = 1;
  bool full = true;
  how.write_pdf = [&](const auto&, const auto&, const auto&, const fs::path& out) -> exporting::PdfResult {
    if (full) throw storage_error(ENOSPC, "cannot write", out.native());
    exporting::PdfResult refused;
    refused.status = exporting::PdfResult::Status::refused;
    return refused;
  };
  EXPECT_THROW((void)exported(how), StorageError);
  ASSERT_TRUE(there("a.png.md"));
  ASSERT_EQ(list()["state"], "stopped");

  full = false;
  EXPECT_EQ(exported(how).documents, 3U);
}

TEST_F(Folder, OfARunIsItsOwnForLaterJobsOnIt) {
  (void)exported();
  read_again();
  replace_file(run_.paths().job(), "engine: {name: echo}\n", Durability::none);
  EXPECT_EQ(exported().unchanged, 2U);
}

TEST_F(Folder, OfARunWithoutAnIdIsItsOwn) {
  fs::remove(run_.paths().root / "run_id");
  (void)exported();
  EXPECT_EQ(list()["run"].get<std::string>().size(), 16U);
  EXPECT_EQ(exported().unchanged, 3U);
}

TEST_F(Folder, GetsLinesAgainThatAreGone) {
  (void)exported();
  const auto lines = file("pages.jsonl");
  fs::remove(out_ / "pages.jsonl");
  (void)exported();
  EXPECT_EQ(file("pages.jsonl"), lines);

  fs::remove(out_ / "pages.jsonl");
  auto how = settings();
  how.force = true;
  (void)exported(how);
  EXPECT_EQ(file("pages.jsonl"), lines);
  EXPECT_EQ(list()["state"], "finished");
}

TEST_F(Folder, OfARunThatHadNoDocumentsYetIsItsOwn) {
  const test::MadeRun empty;
  ExportSettings how{{"jsonl"}, out_};
  for (int n = 0; n < 2; ++n) EXPECT_EQ(export_run(empty.paths(), how).documents, 0U);
}

TEST_F(Folder, WithSomebodysLinesOrFiguresIsRefused) {
  put("pages.jsonl", "somebody's");
  EXPECT_THAT(refusal(settings({"jsonl"})),
              AllOf(HasSubstr("pages.jsonl is there already"), HasSubstr("--force")));
  fs::remove(out_ / "pages.jsonl");
  put("documents.jsonl", "somebody's");
  auto how = settings({"jsonl"});
  how.lines_per_document = true;
  EXPECT_THAT(refusal(how), HasSubstr("documents.jsonl is there already"));

  put("a.png.images/1_1.png", "somebody's");
  how = settings({"md"});
  how.crop = [](const auto&, const auto&, const auto&) {
    return std::vector<exporting::Picture>{};
  };
  EXPECT_THAT(refusal(how), HasSubstr("a.png.images is there already"));
}

TEST_F(Folder, IsRidOfWhatKilledExportsLeftHalfWritten) {
  (void)exported();
  pretend_that_it_was_killed();
  put("b/.123.0.part", "half");
  put("b/.123.0.pdf.part", "half");
  put("b/.notes.part", "somebody's");
  (void)exported();
  EXPECT_FALSE(there("b/.123.0.part"));
  EXPECT_FALSE(there("b/.123.0.pdf.part"));
  EXPECT_TRUE(there("b/.notes.part"));
}

TEST_F(Folder, TakesOneExportAtATime) {
  auto how = settings();
  how.jobs = 1;
  std::string second;
  how.progress = [&](const exporting::ExportProgress&) {
    if (second.empty()) second = refusal(settings());
  };
  (void)exported(how);
  EXPECT_THAT(second, AllOf(HasSubstr("another export is writing to"),
                            HasSubstr("process " + std::to_string(::getpid()))));
  EXPECT_FALSE(there(".pecia-export.lock"));

  put(".pecia-export.lock", "process 1 on a host");  // of one that was killed
  EXPECT_EQ(exported().unchanged, 3U);
}

TEST_F(Folder, IsRidOfFilesOfDocumentsThatHaveAnotherNameNow) {
  run_.go_on();
  run_.add_document("x", 1);
  run_.commit("x", 1, read_outcome("of x"));
  run_.finish();
  (void)exported();
  ASSERT_TRUE(there("x.md"));
  run_.go_on();
  run_.add_document("x.md/y.png", 1);
  run_.commit("x.md/y.png", 1, read_outcome("of y"));
  run_.finish();

  (void)exported();

  EXPECT_THAT(file("x.md/y.png.txt"), HasSubstr("of y"));
  EXPECT_FALSE(there("x.txt"));
  const std::string name = entry("x")["formats"]["md"]["files"][0];
  EXPECT_THAT(name, testing::StartsWith("x~"));
  EXPECT_THAT(file(name), HasSubstr("of x"));
}

TEST_F(Folder, KeepsFilesBehindALinkWhoseDocumentHasAnotherName) {
  run_.go_on();
  run_.add_document("e/x", 1);
  run_.finish();
  (void)exported(settings({"md"}));
  const auto elsewhere = folder_.path() / "elsewhere";
  fs::rename(out_ / "e", elsewhere);
  fs::create_directory_symlink(elsewhere, out_ / "e");
  run_.go_on();
  run_.add_document("e/x.md/y.png", 1);
  run_.finish();

  EXPECT_THAT(refusal(settings({"md"})), AllOf(HasSubstr("e/x.md is a file, where the export of e/x.md/y.png needs a folder"), HasSubstr("Move it away")));
  EXPECT_TRUE(fs::exists(elsewhere / "x.md"));
}

TEST_F(Folder, KeepsTheLinesOfDocumentsThatWereNotAskedFor) {
  (void)exported();
  const auto before = paths_in_lines();
  read_again();
  auto how = settings();
  how.documents = {"d.pdf"};
  EXPECT_EQ(exported(how).documents, 1U);
  EXPECT_EQ(paths_in_lines(), before);
  EXPECT_THAT(file("pages.jsonl"), AllOf(HasSubstr("second"), Not(HasSubstr("took too long"))));
  touch_all();
  EXPECT_EQ(exported().unchanged, 3U);
  EXPECT_THAT(written(), testing::IsEmpty());
}

TEST_F(Folder, OfTheRunItselfIsRefused) {
  for (const auto* name : {"shards", "journal", "manifest/more", ".", "shards/../epoch"}) {
    auto how = settings();
    how.out = run_.paths().root / name;
    EXPECT_THAT(refusal(how), HasSubstr("is a folder of the run itself")) << name;
  }
  auto how = settings();
  how.out = run_.paths().root / "export" / "texts";
  EXPECT_EQ(exported(how).documents, 3U);
}

TEST_F(Folder, HasMetsThatIsWrittenAgainWhereAnotherFormatCameToTheDocument) {
  auto pdf = settings({"pdf"});
  bool signed_document = true;
  pdf.write_pdf = [&](const merge::Book&, const corpus::Document&, const exporting::PdfSettings&,
                      const fs::path& out) {
    exporting::PdfResult result;
    result.status = signed_document ? exporting::PdfResult::Status::refused
                                    : exporting::PdfResult::Status::written;
    if (signed_document) return result;
    fs::create_directories(out.parent_path());
    replace_file(out, "PDF", Durability::none);
    return result;
  };
  auto both = pdf;
  both.formats = {"mets", "pdf"};
  (void)exported(both);
  EXPECT_THAT(file("a.png.mets.xml"), Not(HasSubstr("a.png.pdf")));
  signed_document = false;
  (void)exported(pdf);

  (void)exported(both);

  EXPECT_THAT(file("a.png.mets.xml"), HasSubstr("a.png.pdf"));
  EXPECT_EQ(exported(both).unchanged, 3U);
}

TEST_F(Folder, FindsDocumentsByTheirPrintableNames) {
  run_.go_on();
  run_.add_document("e\xFF.png", 1);
  run_.commit("e\xFF.png", 1, read_outcome("odd"));
  run_.finish();
  auto how = settings({"md"});
  how.documents = {"e\\xff.png"};
  EXPECT_EQ(exported(how).documents, 1U);
}

TEST_F(Folder, CannotGetFiguresWithLinesAlone) {
  auto how = settings({"jsonl"});
  how.crop = [](const auto&, const auto&, const auto&) {
    return std::vector<exporting::Picture>{};
  };
  EXPECT_THAT(refusal(how), HasSubstr("Add md or html"));
}

}  // namespace folder_test
