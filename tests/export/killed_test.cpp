#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "export/export_fixture.hpp"

namespace killed_test {

using namespace pecia;
using namespace pecia::test;

/// A note in the midst of a page, which order_columns puts behind it: both files have one size.
result::PageOutcome read_with_a_note() {
  auto read = read_outcome("The river.\n\n* A note.\n\nThe chapel.");
  read.reading.finish_reason = result::FinishReason::stop;
  read.reading.blocks = {{{{}, 0, 10, .9F}, "text"}, {{{}, 12, 21, .9F}, "footnote"}, {{{}, 23, 34, .9F}, "text"}};
  return read;
}

/// Exports that end before they have listed what they wrote.
class Killed : public ExportedRun {
 protected:
  Killed() {
    run_.go_on();
    run_.add_document("f.pdf", 1);
    run_.commit("f.pdf", 1, read_with_a_note());
    run_.finish();
  }
  /// Whose f.pdf.txt is written and f.pdf.pdf is not.
  ExportSettings otherwise(const std::function<void()>& end) const {
    auto how = settings({"txt", "pdf"});
    how.merge.order_columns = false;
    how.write_pdf = [end](const merge::Book& book, const auto&, const auto&, const fs::path&) {
      if (book.document->path == "f.pdf") end();
      exporting::PdfResult result;
      result.status = exporting::PdfResult::Status::refused;
      return result;
    };
    return how;
  }
};

TEST_F(Killed, ItsFilesAreNotTakenForThoseOfBeforeByTheirSize) {
  (void)exported(settings({"txt"}));
  const auto before = file("f.pdf.txt");
  const auto child = ::fork();
  if (child == 0) {
    try {
      (void)exported(otherwise([] { ::_exit(9); }));
    } catch (...) {
      ::_exit(1);
    }
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 9);
  ASSERT_EQ(list()["state"], "writing");
  ASSERT_NE(file("f.pdf.txt"), before);
  ASSERT_EQ(file("f.pdf.txt").size(), before.size());

  (void)exported(settings({"txt"}));
  EXPECT_EQ(file("f.pdf.txt"), before);
  EXPECT_EQ(exported(settings({"txt"})).unchanged, 4U);
}

TEST_F(Killed, NorAreThoseOfOneThatFailed) {
  (void)exported(settings({"txt"}));
  const auto before = file("f.pdf.txt");
  EXPECT_THROW((void)exported(otherwise([] { throw storage_error(ENOSPC, "cannot write", "f.pdf.pdf"); })), StorageError);
  ASSERT_EQ(list()["state"], "stopped");
  ASSERT_NE(file("f.pdf.txt"), before);

  (void)exported(settings({"txt"}));
  EXPECT_EQ(file("f.pdf.txt"), before);
}

TEST_F(Killed, ItsLinesAreNotTakenForThoseOfBeforeByTheirSize) {
  (void)exported(settings({"jsonl"}));
  const auto before = file("pages.jsonl");
  auto other = before;
  other[other.find("river")] = 'R';
  replace_file(out_ / "pages.jsonl", other, Durability::none);
  auto json = file("export.json");
  for (const auto& [is, becomes] : {std::pair<std::string, std::string>{"\"state\":\"finished\"", "\"state\":\"writing\""},
                                    {"\"unlisted\":[]", "\"unlisted\":[\"jsonl\"]"}})
    json.replace(json.find(is), is.size(), becomes);
  replace_file(out_ / "export.json", json, Durability::none);

  (void)exported(settings({"jsonl"}));
  EXPECT_EQ(file("pages.jsonl"), before);
}

}  // namespace killed_test
