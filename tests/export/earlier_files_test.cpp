#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/export_fixture.hpp"

namespace earlier_files_test {

using namespace pecia;
using namespace pecia::test;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

/// A page of a model that found images, which lie beside each other from `left` on.
result::PageOutcome read_with_images(std::size_t images, float left = 10) {
  auto read = read_outcome("Before.\n\nBehind.");
  read.reading.finish_reason = result::FinishReason::stop;
  for (std::size_t n = 0; n < images; ++n) {
    auto& block = read.reading.blocks.emplace_back();
    block.box = {left + 10 * static_cast<float>(n), 0, left + 10 * static_cast<float>(n) + 2, 3};
    block.text_begin = block.text_end = 9;
    block.label = "image";
    block.kind = result::BlockKind::image;
  }
  return read;
}

/// What becomes of files of earlier exports where they cannot be written again, or have other names.
class EarlierFiles : public ExportedRun {
 protected:
  void add(const std::string& path, const result::PageOutcome& outcome) {
    run_.go_on();
    run_.add_document(path, 1);
    run_.commit(path, 1, outcome);
    run_.finish();
  }
  void read_again(const std::string& path, const result::PageOutcome& outcome) {
    run_.go_on();
    run_.commit(path, 1, outcome, 1);
    run_.finish();
  }
  /// "x" and what makes it be called otherwise.
  void rename_x() { add("x.md/y.png", read_outcome("of y")); }
  std::string name_of_x() const { return "x~" + to_string(corpus::document_id("x")); }

  ExportSettings with_figures(std::vector<std::string> formats) {
    auto how = settings(std::move(formats));
    how.crop = [this](const merge::Document&, const merge::Page&, std::span<const result::Box> boxes) {
      if (gone_) return std::vector<exporting::Picture>{};
      exporting::Picture picture;
      picture.width_px = 2;
      picture.height_px = 3;
      picture.pixels.resize(6);
      return std::vector(boxes.size(), picture);
    };
    return how;
  }
  ExportSettings with_pdf(std::vector<std::string> formats) {
    auto how = settings(std::move(formats));
    how.write_pdf = [this](const merge::Book&, const corpus::Document&, const exporting::PdfSettings&, const fs::path& out) {
      exporting::PdfResult result;
      result.status = gone_ ? exporting::PdfResult::Status::refused : exporting::PdfResult::Status::written;
      if (gone_) return result;
      fs::create_directories(out.parent_path());
      replace_file(out, "PDF", Durability::none);
      return result;
    };
    return how;
  }

  bool gone_ = false;  ///< the documents
};

TEST_F(EarlierFiles, OfFiguresStayWhereTheDocumentIsGone) {
  add("e.pdf", read_with_images(2));
  (void)exported(with_figures({"md"}));
  const auto before = file("e.pdf.md");
  ASSERT_THAT(before, HasSubstr("](e.pdf.images/1_2.png)"));

  gone_ = true;
  for (const auto& formats : {std::vector<std::string>{"html"}, {"md", "html"}, {"md", "html"}}) {
    const auto report = exported(with_figures(formats));
    EXPECT_THAT(report.not_written, testing::ElementsAre(HasSubstr("e.pdf: figures: those of 1 page could not be cut out")));
    EXPECT_TRUE(there("e.pdf.images/1_1.png") && there("e.pdf.images/1_2.png"));
    EXPECT_EQ(file("e.pdf.md"), before);
    EXPECT_THAT(file("e.pdf.html"), HasSubstr("src=\"e.pdf.images/1_2.png\""));
    const auto figures = entry("e.pdf")["formats"]["figures"];
    EXPECT_THAT(figures["reason"], HasSubstr("are of an earlier export"));
    EXPECT_EQ(figures["files"].size(), 2U);
  }

  gone_ = false;
  EXPECT_EQ(exported(with_figures({"md", "html"})).images, 2U);
  EXPECT_EQ(exported(with_figures({"md", "html"})).unchanged, 4U);
}

TEST_F(EarlierFiles, OfFiguresWithOtherBoxesStayAndAreNotLinkedTo) {
  add("e.pdf", read_with_images(1));
  (void)exported(with_figures({"md"}));
  read_again("e.pdf", read_with_images(1, 50));
  gone_ = true;

  for (int n = 0; n < 2; ++n) {
    (void)exported(with_figures({"md"}));
    EXPECT_TRUE(there("e.pdf.images/1_1.png"));
    EXPECT_THAT(file("e.pdf.md"), AllOf(HasSubstr("image 50 0 52 3"), Not(HasSubstr(".png"))));
  }
  gone_ = false;
  (void)exported(with_figures({"md"}));
  EXPECT_THAT(file("e.pdf.md"), HasSubstr("](e.pdf.images/1_1.png)"));
}

TEST_F(EarlierFiles, OfFiguresStayAsLongAsAFormatLinksToThemThatIsNotWritten) {
  add("e.pdf", read_with_images(2));
  (void)exported(with_figures({"md", "html"}));
  read_again("e.pdf", read_with_images(1));

  EXPECT_EQ(exported(with_figures({"html"})).images, 1U);
  ASSERT_THAT(file("e.pdf.md"), HasSubstr("](e.pdf.images/1_2.png)"));
  EXPECT_TRUE(there("e.pdf.images/1_2.png"));
  EXPECT_EQ(exported(with_figures({"html"})).unchanged, 4U);

  (void)exported(with_figures({"md"}));
  EXPECT_FALSE(there("e.pdf.images/1_2.png"));
  EXPECT_EQ(exported(with_figures({"md", "html"})).unchanged, 4U);
}

TEST_F(EarlierFiles, HaveTheNewNameOfTheirDocument) {
  add("x", read_outcome("of x"));
  (void)exported(with_pdf({"md", "txt", "alto", "mets", "pdf"}));
  rename_x();
  gone_ = true;
  const auto x = name_of_x();

  (void)exported(with_pdf({"pdf", "md"}));

  EXPECT_EQ(file(x + ".pdf"), "PDF");
  EXPECT_THAT(file(x + ".txt"), HasSubstr("of x")) << "a format that was not asked for";
  EXPECT_TRUE(there(x + ".alto/0001.xml"));
  for (const auto* name : {"x.pdf", "x.txt", "x.alto"}) EXPECT_FALSE(there(name)) << name;
  EXPECT_TRUE(fs::is_directory(out_ / "x.md"));
  const auto formats = entry("x")["formats"];
  EXPECT_EQ(formats["pdf"]["files"], Json::array({x + ".pdf"}));
  EXPECT_EQ(formats["alto"]["files"], Json::array({x + ".alto/0001.xml"}));
  EXPECT_THAT(formats["mets"]["reason"], HasSubstr("names other files of the document as they were called before"));
  EXPECT_EQ(exported(with_pdf({"md", "txt", "alto", "mets"})).unchanged, 0U);
  EXPECT_EQ(exported(with_pdf({"md", "txt", "alto", "mets"})).unchanged, 5U);
  EXPECT_FALSE(entry("x")["formats"]["mets"].contains("reason"));
}

TEST_F(EarlierFiles, ThatAreInTheWayOfOtherDocumentsHaveTheNewNameToo) {
  add("x", read_outcome("of x"));
  (void)exported(settings({"md"}));
  rename_x();
  auto how = settings({"md"});
  how.documents = {"x.md/*"};

  EXPECT_EQ(exported(how).documents, 1U);

  EXPECT_THAT(file("x.md/y.png.md"), HasSubstr("of y"));
  EXPECT_THAT(file(name_of_x() + ".md"), HasSubstr("of x"));
  EXPECT_EQ(entry("x")["formats"]["md"]["files"], Json::array({name_of_x() + ".md"}));
}

TEST_F(EarlierFiles, OfFiguresKeepTheirNameUntilAllThatLinkToThemAreWritten) {
  add("x", read_with_images(1));
  (void)exported(with_figures({"md", "html"}));
  rename_x();
  const auto x = name_of_x();

  (void)exported(with_figures({"html"}));
  EXPECT_THAT(file(x + ".html"), HasSubstr("src=\"" + x + ".images/1_1.png\""));
  EXPECT_THAT(file(x + ".md"), HasSubstr("](x.images/1_1.png)"));
  EXPECT_TRUE(there("x.images/1_1.png") && there(x + ".images/1_1.png"));

  gone_ = true;
  (void)exported(with_figures({"md"}));
  EXPECT_THAT(file(x + ".md"), HasSubstr("](" + x + ".images/1_1.png)"));
  gone_ = false;
  (void)exported(with_figures({"md", "html"}));
  EXPECT_FALSE(there("x.images/1_1.png"));
  EXPECT_EQ(exported(with_figures({"md", "html"})).unchanged, 5U);
}

TEST_F(EarlierFiles, OfFiguresAreLinkedToByTheirOldNameWhereTheDocumentIsGone) {
  add("x", read_with_images(1));
  (void)exported(with_figures({"md"}));
  rename_x();
  gone_ = true;

  (void)exported(with_figures({"md"}));

  EXPECT_TRUE(there("x.images/1_1.png"));
  EXPECT_THAT(file(name_of_x() + ".md"), HasSubstr("](x.images/1_1.png)"));
}

TEST_F(EarlierFiles, AreNotPutInThePlaceOfSomebodysFiles) {
  add("x", read_outcome("of x"));
  (void)exported(settings({"md", "txt"}));
  rename_x();
  replace_file(out_ / (name_of_x() + ".txt"), "somebody's", Durability::none);

  EXPECT_THAT(refusal(settings({"md"})), HasSubstr(".txt is there already"));
  EXPECT_TRUE(there("x.md") && there("x.txt"));
}

TEST_F(EarlierFiles, OfNobodyInThePlaceOfAFolderAreNamedBeforeAnythingIsWritten) {
  add("f/y.png", read_outcome("of y"));
  fs::create_directories(out_);
  replace_file(out_ / "f", "somebody's", Durability::none);

  EXPECT_THAT(refusal(settings({"md"})), AllOf(HasSubstr("/out/f is a file, where the export of f/y.png needs a folder"), HasSubstr("--out DIR")));
  EXPECT_FALSE(there("a.png.md"));
}

}  // namespace earlier_files_test
