#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/verify.hpp"
#include "store/made_records.hpp"
#include "support/file_size_limit.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace damage_test {

namespace fs = std::filesystem;
using test::FileSizeLimit;
using test::made_key;
using test::made_outcome;
using test::made_run;
using test::write_pages;

constexpr std::uint32_t pages = 10;

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator{folder})
    names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

void write(const fs::path& file, const std::string& contents) {
  std::ofstream{file, std::ios::binary} << contents;
}

TEST(Damage, OfASegmentCostsOnlyTheRecordsBehindItAndNotTheRun) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 2, pages);
  write_pages(run, 1, 0, 1, pages, false);
  write_pages(run, 1, 1, 2, pages, false);
  const auto segment = run.journal() / "000001-00000-00001.seg";
  auto contents = read_file(segment);
  contents.at(contents.size() / 2) ^= 1;
  write(segment, contents);

  const auto rescued = seal_leftovers(run, 2, {});

  EXPECT_GT(rescued, pages) << "the other segment, and what is sound of this one";
  EXPECT_LT(rescued, 2 * pages);
  EXPECT_EQ(names_in(run.journal()), std::vector<std::string>{"000001-00000-00001.seg.damaged"});
  EXPECT_EQ(verify(run).pending, 2 * pages - rescued);
  EXPECT_EQ(seal_leftovers(run, 3, {}), 0U);
}

TEST(Damage, ASegmentOfZerosIsOneThatWasNeverSynced) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  write(run.journal() / "000001-00000-00001.seg", std::string(5000, '\0'));
  EXPECT_EQ(seal_leftovers(run, 2, {}), 0U);
  EXPECT_TRUE(names_in(run.journal()).empty());
}

TEST(Damage, AFolderThatCannotBeListedIsNotAnEmptyOne) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  write_pages(run, 1, 0, 1, pages, true);
  fs::rename(run.shards(), folder.path() / "away");
  write(run.shards(), "no folder");  // as unreadable as one without permission, for root too
  EXPECT_THROW(Contents{run}, Error);
}

TEST(Damage, ADiskThatFillsUpInSealingLosesNoRecord) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  Writer writer{test::writer_settings(run)};
  std::uint32_t noise = 1;
  for (std::uint32_t page = 1; page <= pages; ++page) {
    auto outcome = made_outcome(page);
    for (int n = 0; n < 8000; ++n)
      outcome.reading.text +=
          static_cast<char>('a' + ((noise = noise * 1103515245 + 12345) >> 16) % 26);
    writer.append(made_key(1, page), 0, outcome);
  }
  (void)writer.close(false);

  std::uint32_t epoch = 2, failures = 0;
  for (rlim_t limit = 0;; limit += 997) {
    const FileSizeLimit full{limit};
    try {
      EXPECT_EQ(seal_leftovers(run, epoch++, {}), pages);
      break;
    } catch (const Error&) {
      ++failures;
    }
    ASSERT_TRUE(fs::exists(run.journal() / "000001-00000-00001.seg")) << "limit " << limit;
    ASSERT_EQ(names_in(run.shards()).size(), 0U) << "limit " << limit;
  }
  EXPECT_GT(failures, 10U);
  const auto report = verify(run);
  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_EQ(report.pending, 0U);
}

TEST(Epoch, OnlyANewerOneTakesTheRun) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  const auto first = take_next_epoch(run), second = take_next_epoch(run);
  EXPECT_FALSE(is_newest(run, first));
  EXPECT_THROW(check_newest(run, first), Error);
  EXPECT_NO_THROW(check_newest(run, second));
  EXPECT_NO_THROW(check_newest(run, second + 1)) << "its folder is not listed yet";
}

TEST(Damage, AReadingThatMakesNoSenseDoesNotSpoilTheSegment) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  Writer writer{test::writer_settings(run)};
  writer.append(made_key(1, 1), 0, made_outcome(1));
  auto outcome = made_outcome(2);
  std::swap(outcome.reading.words[0].box.x0, outcome.reading.words[0].box.x1);
  EXPECT_THROW(writer.append(made_key(1, 2), 0, outcome), Error);
  (void)writer.close(false);

  EXPECT_EQ(seal_leftovers(run, 2, {}), 1U);
  EXPECT_TRUE(names_in(run.journal()).empty());
}

class Index : public ::testing::Test {
 protected:
  static constexpr std::uint32_t documents = 6;
  void write_all_documents(std::uint32_t epoch, std::uint32_t first_rank) {
    for (std::uint32_t n = 0; n < documents; ++n)
      write_pages(run_, epoch, first_rank + n, n + 1, pages, true);
  }
  void expect_complete() {
    const auto report = verify(run_);
    EXPECT_TRUE(report.sound()) << report.problems.front();
    EXPECT_TRUE(report.indexed);
    EXPECT_EQ(report.pending, 0U);
  }
  test::TempFolder folder_;
  RunPaths run_ = made_run(folder_.path(), documents, pages);
  std::uint32_t epoch_ = take_next_epoch(run_);
};

TEST_F(Index, ThatIsOlderThanARetryIsStaleAndNotDamaged) {
  write_all_documents(epoch_, 0);
  bind_corpus(run_, epoch_, {});
  const auto next = take_next_epoch(run_);
  WriterSettings settings;
  settings.run = run_;
  settings.epoch = next;
  Writer writer{settings};
  writer.append(made_key(1, 4), 1, made_outcome(4));
  (void)writer.close(true);

  const auto report = verify(run_);

  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_FALSE(report.indexed);
}

TEST_F(Index, WhoseSourceIsGoneIsDamagedWhateverElseIsThere) {
  write_all_documents(epoch_, 0);
  bind_corpus(run_, epoch_, {});
  fs::remove(run_.shards() / "000001-00002-00001.h5");
  EXPECT_FALSE(verify(run_).sound());
}

TEST_F(Index, CanBeBoundAgainInTheSameJob) {
  write_all_documents(epoch_, 0);
  bind_corpus(run_, epoch_, {}, 3);
  write_all_documents(epoch_, documents);
  bind_corpus(run_, epoch_, {}, 3);

  expect_complete();
  delete_superseded(run_);
  expect_complete();
}

TEST_F(Index, IsBoundWhateverTheNumberOfShards) {
  for (std::uint32_t rank = 0; rank < 30; ++rank) write_all_documents(epoch_, rank * documents);
  bind_corpus(run_, epoch_, {}, 1);
  expect_complete();
  delete_superseded(run_);
  expect_complete();
  EXPECT_EQ(names_in(run_.shards()).size(), 2U) << "one shard and its checksum";
}

TEST_F(Index, ShardsThatWereJoinedStayWhileTheOneTheyAreInIsDamaged) {
  write_all_documents(epoch_, 0);
  bind_corpus(run_, epoch_, {}, 1);
  for (const auto& name : names_in(run_.shards())) {
    if (name.ends_with(".h5") && name.find("-c-") != std::string::npos) fs::resize_file(run_.shards() / name, 100);
  }
  delete_superseded(run_);
  const Contents contents{run_};
  EXPECT_EQ(contents.rows().size(), std::size_t{documents} * pages);
}

TEST_F(Index, OfAnOlderJobTouchesNoShards) {
  write_all_documents(epoch_, 0);
  const auto before = names_in(run_.shards());
  (void)take_next_epoch(run_);
  EXPECT_THROW(bind_corpus(run_, epoch_, {}, 2), Error);
  EXPECT_EQ(names_in(run_.shards()), before);
}

TEST_F(Index, IsNotLeftOverShardsThatWereDeleted) {
  write_all_documents(epoch_, 0);
  bind_corpus(run_, epoch_, {});
  const auto old_index = read_file(run_.corpus_index());
  bind_corpus(run_, epoch_, {}, 2);
  write(run_.corpus_index(),
        old_index);  // as if killed between joining the shards and binding them
  delete_superseded(run_);

  const auto report = verify(run_);

  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_EQ(report.pending, 0U);
  EXPECT_FALSE(fs::exists(run_.corpus_index())) << "it would read as zeros";
}

}  // namespace damage_test
}  // namespace pecia::store
