#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/ledger.hpp"
#include "pecia/store/verify.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace repair_test {

namespace fs = std::filesystem;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using test::made_key;
using test::write_pages;

constexpr std::uint32_t pages = 10;

void flip(const fs::path& file, std::size_t at) {
  auto contents = read_file(file);
  contents.at(at) = static_cast<char>(contents.at(at) ^ 1);
  std::ofstream{file, std::ios::binary} << contents;
}

/// A complete run of two documents, a shard each, as its job leaves it.
class Repair : public ::testing::Test {
 protected:
  void SetUp() override {
    epoch_ = take_next_epoch(run_);
    write_pages(run_, epoch_, 0, 1, pages, true);
    write_pages(run_, epoch_, 1, 2, pages, true);
    Ledger ledger;
    ledger.epoch = epoch_;
    ledger.pages = ledger.done = 2 * pages;
    ledger.end = "complete";
    ledger.shards = bind_corpus(run_, epoch_, {});
    ledger.manifest = list_manifest(run_);
    write_ledger(run_, ledger);
    ASSERT_TRUE(verify(run_, deep()).sound());
  }

  static VerifyOptions deep() { return {true, {}}; }
  VerifyReport repaired() {
    last_ = repair(run_, {}, {});
    const auto report = verify(run_, deep());
    EXPECT_THAT(report.problems, IsEmpty());
    return report;
  }
  [[nodiscard]] bool is_set_aside(const std::string& name) const { return fs::exists(run_.root / "quarantine" / "000002" / name); }

  test::TempFolder folder_;
  RunPaths run_ = test::made_run(folder_.path(), 2, pages);
  std::uint32_t epoch_ = 0;
  RepairReport last_;
  const std::string name_ = "shards/000001-00001-00001.h5";
  const fs::path shard_ = run_.root / name_;
};

TEST_F(Repair, OfASoundRunDoesNothing) {
  EXPECT_TRUE(repaired().indexed);
  EXPECT_THAT(last_.done, IsEmpty());
  EXPECT_FALSE(fs::exists(run_.root / "quarantine"));
}

TEST_F(Repair, KeepsEveryRecordOfAShardWhoseSumIsWrong) {
  flip(shard_.string() + ".sum", 10);
  EXPECT_FALSE(verify(run_).sound());

  const auto report = repaired();

  EXPECT_EQ(report.pending, 0U);
  EXPECT_TRUE(report.indexed) << "corpus.h5 is written anew";
  EXPECT_TRUE(is_set_aside(name_));
  EXPECT_TRUE(is_set_aside(name_ + ".sum"));
  EXPECT_THAT(last_.done, Contains(HasSubstr("10 records kept")));
}

TEST_F(Repair, WritesAMissingSumAnew) {
  fs::remove(shard_.string() + ".sum");
  EXPECT_FALSE(verify(run_).sound());

  EXPECT_EQ(repaired().pending, 0U);

  EXPECT_FALSE(is_set_aside(name_));
  EXPECT_TRUE(fs::exists(shard_.string() + ".sum"));
}

TEST_F(Repair, LosesNoMoreThanWhatWasSaidToBeLost) {
  const auto size = fs::file_size(shard_);
  for (std::size_t at = 7; at < size; at += size / 11) {
    const test::TempFolder copies;
    const auto copy = copies.path() / "run";
    fs::copy(run_.root, copy, fs::copy_options::recursive);
    const RunPaths run{copy};
    flip(copy / name_, at);
    const auto told = verify(run);
    EXPECT_FALSE(told.sound()) << "byte " << at;

    (void)repair(run, {}, {});

    const auto report = verify(run, deep());
    EXPECT_THAT(report.problems, IsEmpty()) << "byte " << at;
    EXPECT_EQ(report.pending, told.pending) << "byte " << at;
  }
}

TEST_F(Repair, SetsACopyOfAShardAsideAndItsRecordsStayOnce) {
  const auto copy = run_.shards() / "000001-00001-00009.h5";
  fs::copy_file(shard_, copy);
  fs::copy_file(shard_.string() + ".sum", copy.string() + ".sum");
  EXPECT_THAT(verify(run_).problems, Contains(HasSubstr("a copy of 000001-00001-00001.h5")));

  const auto report = repaired();

  EXPECT_EQ(report.records, 2 * pages);
  EXPECT_TRUE(report.indexed);
  EXPECT_TRUE(is_set_aside("shards/000001-00001-00009.h5"));
}

TEST_F(Repair, MakesThePagesOfALostShardPending) {
  fs::remove(shard_);
  fs::remove(shard_.string() + ".sum");
  const auto told = verify(run_);
  EXPECT_THAT(told.problems, Contains(HasSubstr("shard 000001-00001-00001.h5 is missing")));

  const auto report = repaired();

  EXPECT_EQ(report.pending, pages);
  ASSERT_EQ(report.pending_pages.size(), 1U);
  EXPECT_EQ(report.pending_pages[0].pages.size(), pages);
  EXPECT_TRUE(is_set_aside("corpus.h5")) << "it would read as zeros";
}

TEST_F(Repair, IsDoneOnce) {
  fs::resize_file(shard_, fs::file_size(shard_) / 2);
  (void)repaired();
  (void)repaired();
  EXPECT_THAT(last_.done, IsEmpty());
}

TEST_F(Repair, ThatWasKilledBeforeItSetTheDamagedFileAsideKeepsRecordsOnce) {
  flip(shard_.string() + ".sum", 10);
  const auto damaged = read_file(shard_), sum = read_file(shard_.string() + ".sum");
  (void)repaired();
  std::ofstream{shard_, std::ios::binary} << damaged;  // as if it had not come so far
  std::ofstream{shard_.string() + ".sum", std::ios::binary} << sum;

  const auto report = repaired();

  EXPECT_EQ(report.records, 2 * pages);
  EXPECT_TRUE(report.indexed);
}

TEST_F(Repair, KeepsRecordsOfDocumentsThatTheManifestLostUntilItHasThemAgain) {
  flip(run_.manifest() / "000001.jsonl", 40);
  EXPECT_FALSE(verify(run_).sound());

  const auto report = repaired();

  EXPECT_EQ(report.orphans, 2 * pages);
  EXPECT_TRUE(report.manifest_short) << "it is not complete";
  EXPECT_TRUE(is_set_aside("manifest/000001.jsonl"));
}

TEST_F(Repair, LeavesRecordsOutThatNoPageOfASoundManifestHas) {
  const auto written = write_pages(run_, epoch_, 2, 77, 3, true);
  EXPECT_EQ(verify(run_).orphans, 3U);

  const auto report = repaired();

  EXPECT_EQ(report.orphans, 0U);
  EXPECT_TRUE(is_set_aside("shards/" + written.shards.at(0).name));
}

TEST_F(Repair, KeepsWhatStandsBeforeTheDamageInASegment) {
  write_pages(run_, epoch_, 2, 1, pages, false);
  const auto segment = run_.journal() / "000001-00002-00001.seg";
  flip(segment, fs::file_size(segment) / 2);
  EXPECT_THAT(verify(run_).problems, Contains(HasSubstr("journal segment 000001-00002-00001.seg")));

  EXPECT_EQ(repaired().pending, 0U);

  EXPECT_TRUE(is_set_aside("journal/000001-00002-00001.seg"));
}

TEST_F(Repair, SetsFilesOfNobodyAsideAndLeavesPartsToTheNextJob) {
  std::ofstream{run_.shards() / "notes.txt"} << "mine";
  std::ofstream{run_.shards() / "000001-00001-00003.h5.part"} << "half";
  EXPECT_EQ(verify(run_).problems.size(), 1U);

  EXPECT_EQ(repaired().pending, 0U);

  EXPECT_TRUE(is_set_aside("shards/notes.txt"));
  EXPECT_TRUE(fs::exists(run_.shards() / "000001-00001-00003.h5.part"));
}

TEST_F(Repair, SetsAsideWhatAnotherRoomCannotRead) {
  std::ofstream{run_.cost_model()} << "{";
  const VerifyOptions options{false, {{run_.cost_model(), [](const std::string& contents) {
                                         if (contents == "{") throw Error{"it is cut short"};
                                       }}}};
  EXPECT_THAT(verify(run_, options).problems, Contains(HasSubstr("cost_model.json: it is cut short")));

  (void)repair(run_, options, {});

  EXPECT_TRUE(is_set_aside("cost_model.json"));
}

TEST_F(Repair, OfAnIndexWithAFlippedByteWritesItAnew) {
  flip(run_.corpus_index(), fs::file_size(run_.corpus_index()) - 5);
  EXPECT_THAT(verify(run_).problems, Contains(HasSubstr("corpus.h5")));

  EXPECT_TRUE(repaired().indexed);
}

TEST_F(Repair, WaitsForNobodyAndRefusesWhereAJobLives) {
  const RunLock job{run_, {}};
  LockSettings settings;
  settings.waiting = [](const std::string&) { return true; };
  EXPECT_THROW((void)repair(run_, {}, settings), UsageError);
}

TEST(Ledgers, OfAJobThatWroteNoneOrADamagedOneAreLookedForInEarlierJobs) {
  const test::TempFolder folder;
  const auto run = test::made_run(folder.path(), 1, pages);
  EXPECT_FALSE(newest_ledger(run));
  Ledger ledger;
  ledger.epoch = take_next_epoch(run);
  ledger.done_at_start = 4;
  ledger.segments = {{"000001-00000-00001.seg", 3, 700}};
  write_ledger(run, ledger);
  const auto damaged = take_next_epoch(run);
  std::ofstream{run.epochs() / "000002" / "ledger.json"} << "{";
  EXPECT_THROW((void)read_ledger(run, damaged), Error);

  const auto newest = newest_ledger(run);

  ASSERT_TRUE(newest);
  EXPECT_EQ(newest->epoch, 1U);
  EXPECT_EQ(newest->segments.at(0).bytes, 700U);
  EXPECT_EQ(starts_without_progress(run, 4), 2U);
  EXPECT_EQ(starts_without_progress(run, 5), 1U) << "the second has perhaps not come so far";
}

TEST(Ledgers, PromiseWhatWasSealedSince) {
  const test::TempFolder folder;
  const auto run = test::made_run(folder.path(), 1, pages);
  Ledger ledger;
  ledger.epoch = take_next_epoch(run);
  ledger.segments = write_pages(run, ledger.epoch, 0, 1, pages, false).segments;
  write_ledger(run, ledger);
  (void)seal_leftovers(run, take_next_epoch(run), {});

  EXPECT_THAT(verify(run).problems, IsEmpty());

  fs::remove(run.shards() / "000002-r-00001.h5");
  fs::remove(run.shards() / "000002-r-00001.h5.sum");
  EXPECT_THAT(verify(run).problems, Contains(HasSubstr("journal segment 000001-00000-00001.seg is missing")));
}

}  // namespace repair_test
}  // namespace pecia::store
