#include "pecia/merge/document.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "pecia/base/file.hpp"
#include "support/made_run.hpp"

namespace document_test {

using namespace pecia;
using merge::Document;
using test::blank_outcome;
using test::failed_outcome;
using test::read_outcome;
using testing::HasSubstr;

std::vector<Document> documents_of(const store::RunPaths& run, const store::Contents& contents) {
  std::vector<Document> documents;
  merge::for_each_document(corpus::load_manifest(run.manifest()), contents,
                           [&](const Document& document) { documents.push_back(document); });
  return documents;
}

TEST(MergedDocuments, HaveTheirPagesInOrderWhateverTheOrderOfReading) {
  test::MadeRun run;
  run.add_document("b.pdf", 3);
  run.add_document("a.pdf", 1);
  run.commit("b.pdf", 3, read_outcome("three"));
  run.commit("a.pdf", 1, read_outcome("alone"));
  run.commit("b.pdf", 1, read_outcome("one"));
  run.commit("b.pdf", 2, blank_outcome());
  run.finish();

  const auto documents = documents_of(run.paths(), store::Contents{run.paths()});

  ASSERT_EQ(documents.size(), 2u);
  EXPECT_EQ(documents[0].path, "a.pdf");
  EXPECT_EQ(documents[1].path, "b.pdf");
  EXPECT_EQ(documents[1].id, corpus::document_id("b.pdf"));
  ASSERT_EQ(documents[1].pages.size(), 3u);
  for (std::uint32_t n = 0; n < 3; ++n) EXPECT_EQ(documents[1].pages[n].number, n + 1);
  EXPECT_EQ(documents[1].pages[0].outcome.reading.text, "one");
  EXPECT_EQ(documents[1].pages[2].outcome.reading.text, "three");
  EXPECT_TRUE(documents[1].complete());
}

TEST(MergedDocuments, SayWhichPagesArePending) {
  test::MadeRun run;
  run.add_document("a.pdf", 2);
  run.commit("a.pdf", 2, read_outcome("two"));
  run.finish();

  const auto documents = documents_of(run.paths(), store::Contents{run.paths()});

  ASSERT_EQ(documents.at(0).pages.size(), 2u);
  EXPECT_TRUE(documents[0].pages[0].pending);
  EXPECT_FALSE(documents[0].pages[1].pending);
  EXPECT_FALSE(documents[0].complete());
}

TEST(MergedDocuments, HaveOnePageZeroIfTheirPagesCouldNotBeCounted) {
  test::MadeRun run;
  run.add_document("a.pdf", 0, Reason::encrypted);
  run.commit("a.pdf", 0, failed_outcome(Reason::encrypted, "needs a password"));
  run.finish();

  const auto documents = documents_of(run.paths(), store::Contents{run.paths()});

  ASSERT_EQ(documents.at(0).pages.size(), 1u);
  EXPECT_EQ(documents[0].pages[0].number, 0u);
  EXPECT_EQ(documents[0].pages[0].outcome.reason, Reason::encrypted);
  EXPECT_FALSE(documents[0].complete());
}

TEST(MergedDocuments, HaveTheOutcomeOfTheLatestRetry) {
  test::MadeRun run;
  run.add_document("a.pdf", 1);
  run.commit("a.pdf", 1, read_outcome("first"));
  run.commit("a.pdf", 1, failed_outcome(Reason::timeout, "too slow"), 1);
  run.finish();

  const auto documents = documents_of(run.paths(), store::Contents{run.paths()});

  EXPECT_EQ(documents.at(0).pages.at(0).outcome.reason, Reason::timeout);
}

TEST(MergedDocuments, SayThatARecordIsDamagedAndGoOn) {
  test::MadeRun run;
  run.add_document("a.pdf", 2);
  run.commit("a.pdf", 1, read_outcome("a text that is easily found"));
  run.commit("a.pdf", 2, read_outcome("its neighbour"));
  run.finish();
  const store::Contents contents{run.paths()};
  for (const auto& entry : std::filesystem::directory_iterator{run.paths().journal()}) {
    auto bytes = read_file(entry.path());
    const auto at = bytes.find("easily");
    ASSERT_NE(at, std::string::npos);
    std::fstream file{entry.path(), std::ios::in | std::ios::out | std::ios::binary};
    file.seekp(static_cast<std::streamoff>(at));
    file << "hardly";
  }

  const auto documents = documents_of(run.paths(), contents);

  ASSERT_EQ(documents.at(0).pages.size(), 2u);
  const auto& damaged = documents[0].pages[0];
  EXPECT_TRUE(damaged.damaged);
  EXPECT_EQ(damaged.outcome.state, result::State::failed);
  EXPECT_THAT(damaged.outcome.detail, HasSubstr("its record is damaged"));
  EXPECT_THAT(damaged.outcome.detail, HasSubstr("pecia verify"));
  EXPECT_EQ(documents[0].pages[1].outcome.reading.text, "its neighbour");
  EXPECT_FALSE(documents[0].complete());
}

}  // namespace document_test
