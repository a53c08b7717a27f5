#include "pecia/store/corpus_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "support/made_run.hpp"

namespace corpus_reader_test {

using namespace pecia;
using store::CorpusReader;
using testing::ElementsAre;

class CorpusReaderTest : public testing::Test {
 protected:
  CorpusReaderTest() {
    for (const auto* path : {"b/two.pdf", "a.png", "odd \xFF\n.pdf", "locked.pdf"}) run_.add_document(path, path[0] == 'l' ? 0 : 3);
    for (const auto* path : {"b/two.pdf", "a.png"}) {
      for (std::uint32_t page = 1; page <= 3; ++page)
        run_.commit(path, page, test::read_outcome(std::string{path} + " page " + std::to_string(page)));
    }
    run_.commit("odd \xFF\n.pdf", 2, test::read_outcome("the second"));
    run_.commit("locked.pdf", 0, test::failed_outcome(Reason::encrypted, "closed"));
    run_.finish(true);
    store::bind_corpus(run_.paths(), run_.epoch(), {});
  }

  test::MadeRun run_;
};

TEST_F(CorpusReaderTest, FindsDocumentsByTheirPathsAndLoadsTheirPages) {
  const auto reader = CorpusReader::open_current(run_.paths());
  ASSERT_TRUE(reader.has_value());

  EXPECT_THAT(reader->paths(), ElementsAre("a.png", "b/two.pdf", "locked.pdf", "odd \xFF\n.pdf"));
  for (const std::string path : {"b/two.pdf", "a.png"}) {
    const auto document = reader->find(path);
    ASSERT_TRUE(document.has_value()) << path;
    EXPECT_EQ(document->pages, 3U);
    for (std::uint32_t page = 1; page <= 3; ++page)
      EXPECT_EQ(reader->load(*document, page).value().reading.text, path + " page " + std::to_string(page));
  }
}

TEST_F(CorpusReaderTest, SaysNothingOfWhatThereIsNot) {
  const auto reader = CorpusReader::open_current(run_.paths());
  ASSERT_TRUE(reader.has_value());

  EXPECT_FALSE(reader->find("b").has_value());
  EXPECT_FALSE(reader->find("z").has_value());
  const auto odd = reader->find("odd \xFF\n.pdf");
  ASSERT_TRUE(odd.has_value());
  EXPECT_FALSE(reader->load(*odd, 1).has_value());
  EXPECT_EQ(reader->load(*odd, 2).value().reading.text, "the second");
  EXPECT_FALSE(reader->load(*odd, 3).has_value());
  EXPECT_FALSE(reader->load(*odd, 4).has_value());
}

TEST_F(CorpusReaderTest, LoadsWhatStandsForADocumentWhosePagesCannotBeCounted) {
  const auto reader = CorpusReader::open_current(run_.paths());
  const auto locked = reader.value().find("locked.pdf");
  EXPECT_EQ(reader->load(locked.value(), 0).value().reason, Reason::encrypted);
}

TEST_F(CorpusReaderTest, IsNotCurrentBesideAJournalOrOtherShards) {
  run_.go_on();
  run_.commit("a.png", 1, test::read_outcome("again"), 1);
  run_.finish();
  EXPECT_FALSE(CorpusReader::open_current(run_.paths()).has_value()) << "a page lies in the journal";

  run_.go_on();
  (void)store::seal_leftovers(run_.paths(), run_.epoch(), {});
  run_.finish();
  EXPECT_FALSE(CorpusReader::open_current(run_.paths()).has_value()) << "there is a shard that it lacks";
}

TEST_F(CorpusReaderTest, IsNotThereWithoutAFileThatCanBeRead) {
  replace_file(run_.paths().corpus_index(), "no HDF5", Durability::none);
  EXPECT_FALSE(CorpusReader::open_current(run_.paths()).has_value());
  std::filesystem::remove(run_.paths().corpus_index());
  EXPECT_FALSE(CorpusReader::open_current(run_.paths()).has_value());
}

}  // namespace corpus_reader_test
