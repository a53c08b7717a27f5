#include "pecia/export/export.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <hdf5.h>
#include <sys/stat.h>
#include <unistd.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "support/made_run.hpp"

namespace export_test {

using namespace pecia;
using exporting::export_run;
using test::blank_outcome;
using test::failed_outcome;
using test::read_outcome;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

namespace fs = std::filesystem;

/// All files below a folder, by their path in it.
std::map<std::string, std::string> files_below(const fs::path& folder) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator{folder}) {
    if (entry.is_regular_file())
      files[entry.path().lexically_relative(folder).native()] = read_file(entry.path());
  }
  return files;
}

std::vector<std::string> names_in(const std::map<std::string, std::string>& files) {
  std::vector<std::string> names;
  for (const auto& [name, contents] : files) names.push_back(name);
  return names;
}

std::vector<nlohmann::json> json_lines(const std::string& text) {
  std::vector<nlohmann::json> lines;
  std::istringstream in{text};
  for (std::string line; std::getline(in, line);) lines.push_back(nlohmann::json::parse(line));
  return lines;
}

std::string refusal(const store::RunPaths& run, const exporting::ExportSettings& settings) {
  try {
    (void)export_run(run, settings);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "it was accepted";
}

class Export : public testing::Test {
 protected:
  Export() {
    run_.add_document("books/a b.pdf", 3);
    run_.add_document("books/closed.pdf", 0, Reason::encrypted);
    run_.add_document("notes.docx", 0, Reason::not_a_document);
    run_.add_document("x.png", 1);
    run_.commit("x.png", 1, read_outcome("ex\n"));
    run_.commit("books/a b.pdf", 1, read_outcome("one\n"));
    run_.commit("books/a b.pdf", 2, blank_outcome());
    run_.commit("books/closed.pdf", 0, failed_outcome(Reason::encrypted, "needs a password"));
    run_.commit("notes.docx", 0,
                failed_outcome(Reason::not_a_document, "no format that pecia reads"));
  }

  test::MadeRun run_;
  test::TempFolder folder_;
  fs::path out_ = folder_.path() / "new/out";
};

TEST_F(Export, WritesTheTreeOfTheCorpusWithOneFilePerDocument) {
  run_.finish();
  const auto report = export_run(run_.paths(), {{"md", "txt"}, out_});
  const auto files = files_below(out_);
  EXPECT_THAT(names_in(files),
              ElementsAre("books/a b.pdf.md", "books/a b.pdf.txt", "books/closed.pdf.md", "books/closed.pdf.txt", "export.json",
                          "x.png.md", "x.png.txt"));
  EXPECT_EQ(files.at("books/a b.pdf.txt"),
            "[this document has gaps: page 3 is not read yet]\n\none\n\f[page 2 is blank]\n\f[page 3 is not read yet]\n");
  EXPECT_EQ(files.at("books/closed.pdf.md"),
            "> [this document could not be read: encrypted — needs a password]\n");
  EXPECT_EQ(files.at("x.png.md"), "<!-- page 1 -->\n\nex\n");
}

TEST_F(Export, CountsWhatIsMissingAndWhere) {
  run_.finish();
  const auto report = export_run(run_.paths(), {{"txt"}, out_});
  EXPECT_EQ(report.documents, 3u);
  EXPECT_EQ(report.pages, 5u);
  EXPECT_EQ(report.failed_pages, 1u);
  EXPECT_EQ(report.pending_pages, 1u);
  EXPECT_THAT(report.incomplete, ElementsAre("books/a b.pdf", "books/closed.pdf"));
}

TEST_F(Export, WritesALineForEveryPageOfEveryFile) {
  run_.finish();
  (void)export_run(run_.paths(), {{"jsonl"}, out_});
  const auto files = files_below(out_);
  ASSERT_THAT(names_in(files), ElementsAre("export.json", "pages.jsonl"));
  const auto lines = json_lines(files.at("pages.jsonl"));
  ASSERT_EQ(lines.size(), 6u);
  EXPECT_EQ(lines[0]["text"], "one\n");
  EXPECT_EQ(lines[1]["state"], "blank");
  EXPECT_EQ(lines[2]["state"], "pending");
  EXPECT_EQ(lines[3]["reason"], "encrypted");
  EXPECT_EQ(lines[4]["path"], "notes.docx");
  EXPECT_EQ(lines[4]["state"], "skipped");
  EXPECT_EQ(lines[5]["page"], 1);
}

TEST_F(Export, GivesTheSameBytesFromJournalAndShard) {
  test::MadeRun sealed;
  sealed.add_document("x.png", 1);
  sealed.commit("x.png", 1, read_outcome("Überraschung — \"x\"\n"));
  sealed.finish(true);
  test::MadeRun open;
  open.add_document("x.png", 1);
  open.commit("x.png", 1, read_outcome("Überraschung — \"x\"\n"));
  open.finish(false);
  const std::vector<std::string> all{"md", "txt", "jsonl"};
  (void)export_run(sealed.paths(), {all, folder_.path() / "sealed"});
  (void)export_run(open.paths(), {all, folder_.path() / "open"});
  auto from_shard = files_below(folder_.path() / "sealed"), from_journal = files_below(folder_.path() / "open");
  from_shard.erase("export.json");  // which knows one record from another
  from_journal.erase("export.json");
  EXPECT_EQ(from_shard, from_journal);
}

/// Writes over the texts in the shards of a run.
void damage_texts(const store::RunPaths& run) {
  for (const auto& entry : fs::directory_iterator{run.shards()}) {
    if (entry.path().extension() != ".h5") continue;
    const auto file = H5Fopen(entry.path().c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    const auto dataset = H5Dopen2(file, "/text", H5P_DEFAULT);
    const auto space = H5Dget_space(dataset);
    const std::string other(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space)), 'x');
    ASSERT_GE(H5Dwrite(dataset, H5T_NATIVE_UCHAR, H5S_ALL, H5S_ALL, H5P_DEFAULT, other.data()), 0);
    H5Sclose(space);
    H5Dclose(dataset);
    H5Fclose(file);
  }
}

TEST_F(Export, NamesPagesWhoseRecordsAreDamagedAndGoesOn) {
  run_.finish(true);
  damage_texts(run_.paths());
  const auto report = export_run(run_.paths(), {{"md", "jsonl"}, out_});
  EXPECT_EQ(report.failed_pages, 3u) << "two with text, and the encrypted one";
  const auto files = files_below(out_);
  EXPECT_THAT(files.at("x.png.md"),
              HasSubstr("> [page 1 could not be read: io_error — its record is damaged"));
  EXPECT_EQ(json_lines(files.at("pages.jsonl"))[5]["state"], "failed");
  EXPECT_THAT(files.at("books/a b.pdf.md"), HasSubstr("> [page 2 is blank]"));
}

TEST_F(Export, LeavesOutDocumentsWithDamagedRecordsWhereOnlyCompleteOnesAreWanted) {
  run_.finish(true);
  damage_texts(run_.paths());
  exporting::ExportSettings how{{"md", "jsonl"}, out_};
  how.complete_only = true;
  const auto report = export_run(run_.paths(), how);
  EXPECT_EQ(report.with_gaps, 0U);
  EXPECT_EQ(report.failed_pages, 2U) << "the one that could not be loaded, and the encrypted one";
  const auto files = files_below(out_);
  EXPECT_FALSE(files.contains("x.png.md"));
  EXPECT_THAT(files.at("pages.jsonl"), testing::Not(HasSubstr("x.png")));
}

TEST_F(Export, ReplacesAnEarlierExportWhole) {
  run_.finish();
  (void)export_run(run_.paths(), {{"md"}, out_});
  const auto before = files_below(out_);
  replace_file(out_ / "x.png.md", "of another length", Durability::none);
  (void)export_run(run_.paths(), {{"md", "md"}, out_});
  auto after = files_below(out_);
  EXPECT_EQ(after.at("x.png.md"), before.at("x.png.md"));
  EXPECT_EQ(after.size(), before.size());
}

TEST_F(Export, TakesNamesOfAnyBytesAndLength) {
  test::MadeRun odd;
  const std::string longest(255, 'n');
  for (const auto& name :
       {std::string{"new\nline\xFF.png"}, std::string{"-dash \"'\\.png"}, longest}) {
    odd.add_document(name, 1);
    odd.commit(name, 1, read_outcome("text"));
  }
  odd.finish();
  (void)export_run(odd.paths(), {{"md", "jsonl"}, out_});
  const auto files = files_below(out_);
  EXPECT_EQ(files.size(), 5u);
  EXPECT_TRUE(files.contains("new\nline\xFF.png.md"));
  EXPECT_TRUE(files.contains("-dash \"'\\.png.md"));
}

TEST_F(Export, NeverLeavesItsFolder) {
  test::MadeRun odd;
  for (const auto* path : {"../up.png", "/abs/olute.png"}) {
    odd.add_document(path, 1);
    odd.commit(path, 1, read_outcome("text"));
  }
  odd.finish();
  (void)export_run(odd.paths(), {{"md"}, out_});
  EXPECT_THAT(names_in(files_below(folder_.path())),
              ElementsAre("new/out/__/up.png.md", "new/out/abs/olute.png.md", "new/out/export.json"));
}

TEST_F(Export, LetsTheUmaskDecideWhoMayRead) {
  run_.finish();
  const auto before = ::umask(027);
  (void)export_run(run_.paths(), {{"txt"}, out_});
  ::umask(before);
  EXPECT_EQ(fs::status(out_ / "x.png.txt").permissions(), fs::perms{0640});
}

TEST_F(Export, RefusesAFormatThatThereIsNot) {
  run_.finish();
  EXPECT_EQ(refusal(run_.paths(), {{"md", "docx"}, out_}),
            "there is no format 'docx' to export to. Formats: md, txt, html, hocr, alto, page, mets, jsonl, pdf");
  EXPECT_THAT(refusal(run_.paths(), {{}, out_}), HasSubstr("no format to export to"));
  EXPECT_FALSE(fs::exists(out_));
}

TEST_F(Export, RefusesAFolderThatCannotBeWritten) {
  run_.finish();
  const auto file = folder_.write("file", "in the way");
  EXPECT_THAT(refusal(run_.paths(), {{"md"}, file}),
              HasSubstr("cannot write to the export folder"));
  EXPECT_THAT(refusal(run_.paths(), {{"md"}, file / "below"}), HasSubstr("Choose another folder"));
  EXPECT_THAT(refusal(run_.paths(), {{"md"}, ""}), HasSubstr("no folder to export to"));
  if (::geteuid() == 0) return;  // root writes everywhere
  fs::create_directory(folder_.path() / "locked");
  fs::permissions(folder_.path() / "locked", fs::perms{0500});
  EXPECT_THAT(refusal(run_.paths(), {{"md"}, folder_.path() / "locked"}), HasSubstr("permissions"));
}

TEST_F(Export, LeavesNoPartBehindWhenItFails) {
  run_.finish();
  fs::create_directories(out_ / "x.png.md");  // a folder where a file must be
  exporting::ExportSettings settings{{"md", "jsonl"}, out_};
  settings.force = true;
  EXPECT_THROW((void)export_run(run_.paths(), settings), Error);
  for (const auto& [name, contents] : files_below(out_))
    EXPECT_THAT(name, testing::Not(testing::EndsWith(".part")));
  EXPECT_FALSE(fs::exists(out_ / "pages.jsonl"));
}

result::PageOutcome read_with_two_images() {
  auto read = read_outcome("Before.\n\nBehind.");
  read.reading.finish_reason = result::FinishReason::stop;
  for (const float x : {10.0F, 20.0F}) {
    auto& block = read.reading.blocks.emplace_back();
    block.box = {x, 0, x + 2, 3};
    block.text_begin = block.text_end = 9;
    block.label = "image";
    block.kind = result::BlockKind::image;
  }
  return read;
}

exporting::Picture white_picture() {
  exporting::Picture picture;
  picture.width_px = 2;
  picture.height_px = 3;
  picture.pixels.resize(6);
  return picture;
}

TEST_F(Export, WritesTheImagesOfPagesAndLinksToThem) {
  run_.commit("books/a b.pdf", 3, read_with_two_images());
  run_.finish();
  exporting::ExportSettings settings{{"md"}, out_};
  settings.crop = [](const merge::Document& document, const merge::Page& page, std::span<const result::Box> boxes) {
    EXPECT_EQ(document.path, "books/a b.pdf");
    EXPECT_EQ(page.number, 3U);
    EXPECT_EQ(boxes.size(), 2U);
    return std::vector{exporting::Picture{}, white_picture()};  // the first could not be cut out
  };
  EXPECT_EQ(export_run(run_.paths(), settings).images, 1U);
  const auto files = files_below(out_);
  EXPECT_THAT(names_in(files), testing::Contains("books/a b.pdf.images/3_2.png"));
  EXPECT_TRUE(files.at("books/a b.pdf.images/3_2.png").starts_with("\x89PNG\r\n"));
  EXPECT_THAT(files.at("books/a b.pdf.md"),
              HasSubstr("Before.\n\n<!-- image 10 0 12 3 -->\n\n![](a%20b.pdf.images/3_2.png)\n\nBehind.\n"));
}

TEST_F(Export, KeepsTheImagesOfPagesWhoseRecordsAreDamaged) {
  run_.commit("books/a b.pdf", 3, read_with_two_images());
  run_.finish(true);
  exporting::ExportSettings settings{{"md"}, out_};
  settings.crop = [](const merge::Document&, const merge::Page&, std::span<const result::Box> boxes) {
    return std::vector(boxes.size(), white_picture());
  };
  EXPECT_EQ(export_run(run_.paths(), settings).images, 2U);
  damage_texts(run_.paths());
  settings.formats = {"html"};
  (void)export_run(run_.paths(), settings);

  EXPECT_THAT(names_in(files_below(out_)), testing::IsSupersetOf({"books/a b.pdf.images/3_1.png", "books/a b.pdf.images/3_2.png"}));
}

}  // namespace export_test
