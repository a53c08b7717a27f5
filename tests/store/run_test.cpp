#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <thread>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/verify.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace run_test {

namespace fs = std::filesystem;
using test::made_key;
using test::made_outcome;
using test::made_run;
using test::write_pages;

constexpr std::uint32_t pages = 10;

std::string only_file(const fs::path& folder, const std::string& extension) {
  for (const auto& entry : fs::directory_iterator{folder}) {
    if (entry.path().extension() == extension) return entry.path().string();
  }
  return "";
}

void flip(const fs::path& file, std::size_t at) {
  auto contents = read_file(file);
  contents.at(at) = static_cast<char>(contents.at(at) ^ 1);
  std::ofstream{file, std::ios::binary} << contents;
}

void expect_all_pages(const RunPaths& run, std::uint64_t document) {
  const Contents contents{run};
  EXPECT_TRUE(contents.problems().empty());
  for (std::uint32_t page = 1; page <= pages; ++page) {
    const auto* row = contents.find(made_key(document, page));
    ASSERT_NE(row, nullptr) << page;
    const auto expected = made_outcome(page, page % 4 == 0 ? result::State::failed : result::State::ok);
    EXPECT_EQ(test::encoded(contents.load(*row)), test::encoded(expected)) << page;
    EXPECT_EQ(row->engine, "echo");
    EXPECT_EQ(row->detail, expected.detail);
  }
}

// Also of a run that an earlier release began, whose shards have no labels and rungs.
TEST(CorpusIndex, OfAModelAndOfBeforeIsReadByPython) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 2, 12);
  const auto old = run.shards() / "000003-00002-00001.h5";
  fs::copy_file(fs::path{PECIA_TEST_DATA} / "store/shard-schema-1.h5", old);
  (void)test::write_multilingual_pages(run, 4, 0, 2, 12, true);
  bind_corpus(run, 4, {});
  const auto script = std::string{PECIA_SOURCE_DIR} + "/tests/store/read_blocks.py";
  const auto command = std::string{PECIA_PYTHON} + " '" + script + "' '" + run.corpus_index().string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

TEST(Run, EpochsAreTakenOnceEach) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, 1);
  std::vector<std::uint32_t> taken(32);
  {
    std::vector<std::jthread> threads;
    for (auto& epoch : taken) threads.emplace_back([&] { epoch = take_next_epoch(run); });
  }
  EXPECT_EQ(std::set<std::uint32_t>(taken.begin(), taken.end()).size(), taken.size());
  EXPECT_EQ(newest_epoch(run), 32U);
}

TEST(Run, IsReadFromSegmentsAndFromShardsAlike) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 2, pages);
  const auto open = write_pages(run, 1, 0, 1, pages, false);
  const auto sealed = write_pages(run, 1, 1, 2, pages, true);

  ASSERT_EQ(open.segments.size(), 1U);
  EXPECT_EQ(open.segments[0].name, "000001-00000-00001.seg");
  EXPECT_EQ(open.segments[0].rows, pages);
  EXPECT_EQ(open.segments[0].bytes, fs::file_size(run.journal() / open.segments[0].name));
  ASSERT_EQ(sealed.shards.size(), 1U);
  EXPECT_EQ(sealed.shards[0].name, "000001-00001-00001.h5");
  EXPECT_EQ(sealed.shards[0].rows, pages);
  EXPECT_EQ(sealed.shards[0].bytes, fs::file_size(run.shards() / sealed.shards[0].name));
  EXPECT_EQ(sealed.rows, pages);
  expect_all_pages(run, 1);
  expect_all_pages(run, 2);
}

TEST(Run, LeftoversAreSealedByTheNextJob) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  write_pages(run, 1, 0, 1, pages, false);
  std::ofstream{only_file(run.journal(), ".seg"), std::ios::app} << "a torn tail";
  std::ofstream{run.shards() / "000001-00000-00009.h5.part"} << "of a killed sealing";

  EXPECT_EQ(seal_leftovers(run, 2, {}), pages);

  EXPECT_TRUE(fs::is_empty(run.journal()));
  EXPECT_EQ(only_file(run.shards(), ".part"), "");
  expect_all_pages(run, 1);
}

TEST(Run, TheSameRecordsInShardAndSegmentAreOne) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  write_pages(run, 1, 0, 1, pages, false);
  const auto segment = only_file(run.journal(), ".seg");
  const auto copy = read_file(segment);
  seal_leftovers(run, 2, {});
  std::ofstream{segment, std::ios::binary} << copy;  // as if killed before the segment was deleted

  expect_all_pages(run, 1);
  const auto report = verify(run);
  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_EQ(report.superseded, pages);
}

TEST(Run, ARetryReplacesWhatItRead) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, 1);
  WriterSettings settings;
  settings.run = run;
  settings.epoch = 1;
  Writer first{settings};
  first.append(made_key(1, 1), 0, made_outcome(1, result::State::failed));
  (void)first.close(true);
  settings.epoch = 2;
  Writer second{settings};
  second.append(made_key(1, 1), 1, made_outcome(1));
  (void)second.close(false);

  const Contents contents{run};
  EXPECT_EQ(contents.rows().size(), 1U);
  EXPECT_EQ(contents.rows()[0].order.state, result::State::ok);
  EXPECT_EQ(contents.superseded(), 1U);
}

TEST(Run, IsBoundIntoOneIndexThatOthersRead) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 3, pages);
  const auto epoch = take_next_epoch(run);
  std::vector<LedgerFile> written;
  for (std::uint32_t rank = 0; rank < 3; ++rank) {
    for (auto& shard : write_pages(run, epoch, rank, rank + 1, pages, true).shards) written.push_back(shard);
  }

  EXPECT_EQ(bind_corpus(run, epoch, written).size(), written.size());

  const auto moved = folder.path() / "moved";  // sources are named relatively
  fs::rename(run.root, moved);
  const auto script = std::string{PECIA_SOURCE_DIR} + "/tests/store/read_corpus.py";
  const auto command = std::string{PECIA_PYTHON} + " '" + script + "' '" + (moved / "corpus.h5").string() + "' 3 10";
  EXPECT_EQ(std::system(command.c_str()), 0);
  const auto dump = "h5dump -H '" + (moved / "corpus.h5").string() + "' > '" + (folder.path() / "dump").string() + "'";
  ASSERT_EQ(std::system(dump.c_str()), 0);
  EXPECT_NE(read_file(folder.path() / "dump").find("\"checksum_mismatch\""), std::string::npos) << "names of reasons";
  EXPECT_TRUE(verify({moved}).sound());
}

TEST(Run, SmallShardsAreJoinedAndTheOldOnesGoLater) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 9, pages);
  const auto epoch = take_next_epoch(run);
  for (std::uint32_t rank = 0; rank < 9; ++rank) write_pages(run, epoch, rank, rank + 1, pages, true);

  bind_corpus(run, epoch, {}, 4);

  auto report = verify(run);
  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_EQ(report.pending, 0U);
  EXPECT_EQ(report.superseded, 0U) << "the old shards are not read any more";
  EXPECT_TRUE(fs::exists(run.shards() / "000001-00000-00001.h5"));
  delete_superseded(run);
  EXPECT_FALSE(fs::exists(run.shards() / "000001-00000-00001.h5"));
  report = verify(run);
  EXPECT_TRUE(report.sound()) << report.problems.front();
  for (std::uint64_t document = 1; document <= 9; ++document) expect_all_pages(run, document);
}

TEST(Run, WithoutAnyTextOrPageCanBeBound) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, 1);
  const auto epoch = take_next_epoch(run);
  bind_corpus(run, epoch, {});
  EXPECT_EQ(verify(run).pending, 1U);
  WriterSettings settings;
  settings.run = run;
  settings.epoch = epoch;
  Writer writer{settings};
  writer.append(made_key(1, 1), 0, made_outcome(1, result::State::failed));
  (void)writer.close(true);
  bind_corpus(run, epoch, {});
  const auto report = verify(run);
  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_EQ(report.by_state[static_cast<int>(result::State::failed)], 1U);
}

TEST(Run, OfAnOlderEpochIsNotBound) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  const auto epoch = take_next_epoch(run);
  (void)take_next_epoch(run);
  EXPECT_THROW(bind_corpus(run, epoch, {}), Error);
  EXPECT_FALSE(fs::exists(run.corpus_index()));
}

class DamagedShards : public ::testing::Test {
 protected:
  void SetUp() override {
    epoch_ = take_next_epoch(run_);
    write_pages(run_, epoch_, 0, 1, pages, true);
    write_pages(run_, epoch_, 1, 2, pages, true);
    bind_corpus(run_, epoch_, {});
    ASSERT_TRUE(verify(run_).sound());
  }
  test::TempFolder folder_;
  RunPaths run_ = made_run(folder_.path(), 2, pages);
  std::uint32_t epoch_ = 0;
  fs::path shard_ = run_.shards() / "000001-00001-00001.h5";
};

TEST_F(DamagedShards, AFlippedByteOfAShardIsFound) {
  const auto size = fs::file_size(shard_);
  for (std::size_t at = 100; at < size; at += size / 23) {
    flip(shard_, at);
    EXPECT_FALSE(verify(run_).sound()) << "byte " << at;
    flip(shard_, at);
  }
  EXPECT_TRUE(verify(run_).sound());
}

TEST_F(DamagedShards, AShardCutShortOrMissingIsFound) {
  fs::resize_file(shard_, fs::file_size(shard_) / 2);
  EXPECT_FALSE(verify(run_).sound());
  fs::remove(shard_);
  const auto report = verify(run_);
  EXPECT_EQ(report.pending, pages) << "its pages are simply not there";
  fs::remove(shard_.string() + ".sum");
}

TEST_F(DamagedShards, AnIndexWhoseSourceIsGoneReadsAsZerosAndIsFound) {
  fs::rename(shard_, folder_.path() / "away.h5");
  write_pages(run_, 2, 1, 2, pages, true);  // the same pages, in another shard
  const auto report = verify(run_);
  EXPECT_FALSE(report.sound());
}

TEST_F(DamagedShards, ARecordOfNoPageIsAnOrphan) {
  write_pages(run_, 2, 0, 77, 1, true);
  const auto report = verify(run_);
  EXPECT_EQ(report.orphans, 1U);
  EXPECT_FALSE(report.sound());
}

TEST_F(DamagedShards, AMissingPageIsPending) {
  fs::remove(shard_);
  fs::remove(shard_.string() + ".sum");
  EXPECT_EQ(verify(run_).pending, pages);
}

}  // namespace run_test
}  // namespace pecia::store
