#include "pecia/store/contents.hpp"

#include <gtest/gtest.h>

#include <map>

#include "support/made_run.hpp"

namespace contents_test {

using namespace pecia;

class ContentsTest : public testing::Test {
 protected:
  ContentsTest() {
    run_.add_document("a.png", 2);
    run_.commit("a.png", 1, test::read_outcome("from the first job"));
    run_.commit("a.png", 2, test::read_outcome("Überraschung\n"));
  }
  [[nodiscard]] std::map<std::uint32_t, std::uint32_t> checksums() const {
    const store::Contents contents{run_.paths()};
    std::map<std::uint32_t, std::uint32_t> found;
    for (const auto& row : contents.rows()) found[row.key.page] = row.checksum;
    return found;
  }

  test::MadeRun run_;
};

TEST_F(ContentsTest, HasTheTextOfAPageAlone) {
  run_.finish(true);
  run_.go_on();
  run_.commit("a.png", 1, test::read_outcome("from the second job"), 1);
  run_.finish();

  const store::Contents contents{run_.paths()};

  ASSERT_EQ(contents.rows().size(), 2U);
  EXPECT_EQ(contents.text(contents.rows()[0]), "from the second job") << "in the journal";
  EXPECT_EQ(contents.text(contents.rows()[1]), "Überraschung\n") << "in a shard";
  for (const auto& row : contents.rows()) EXPECT_EQ(contents.text(row), contents.load(row).reading.text);
}

TEST_F(ContentsTest, HasTheSameChecksumOfARecordInTheJournalAndInAShard) {
  run_.finish();
  const auto in_journal = checksums();
  run_.go_on();
  EXPECT_EQ(store::seal_leftovers(run_.paths(), run_.epoch(), {}), 2U);

  EXPECT_EQ(checksums(), in_journal);
  EXPECT_NE(in_journal.at(1), in_journal.at(2));
}

}  // namespace contents_test
