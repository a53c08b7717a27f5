#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/verify.hpp"
#include "store/made_records.hpp"
#include "support/file_size_limit.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace faults_test {

namespace fs = std::filesystem;
using test::FileSizeLimit;
using test::made_key;
using test::made_outcome;

constexpr std::uint32_t pages = 10;

std::size_t files_in(const fs::path& folder) {
  return static_cast<std::size_t>(std::distance(fs::directory_iterator{folder}, fs::directory_iterator{}));
}

/// Closes what this process has open of a file: all that is done with it fails from then on.
void close_descriptors_of(const fs::path& file) {
  int found = -1;
  for (const auto& entry : fs::directory_iterator{"/proc/self/fd"}) {
    std::error_code gone;
    if (fs::read_symlink(entry.path(), gone) == file) found = std::stoi(entry.path().filename());
  }
  ASSERT_GE(found, 0) << file;
  ::close(found);
}

/// Pages 1 to 3 of document 1 are committed in the first segment; what the disk then refuses must be
/// in the run once, whatever is tried next.
class Faults : public ::testing::Test {
 protected:
  void SetUp() override {
    write(1, 3);
    writer_.sync();
  }
  void write(std::uint32_t first, std::uint32_t last) {
    for (auto page = first; page <= last; ++page) writer_.append(made_key(1, page), 0, made_outcome(page));
  }
  /// All pages up to `last`, in shards alone.
  void expect_sealed(std::uint32_t last) {
    const auto written = writer_.close(true);
    EXPECT_EQ(written.rows, last);
    EXPECT_TRUE(written.segments.empty());
    EXPECT_EQ(files_in(run_.journal()), 0U);
    const Contents contents{run_};
    EXPECT_TRUE(contents.problems().empty());
    EXPECT_EQ(contents.superseded(), 0U) << "none twice";
    ASSERT_EQ(contents.rows().size(), last);
    for (std::uint32_t page = 1; page <= last; ++page)
      EXPECT_EQ(test::encoded(contents.load(*contents.find(made_key(1, page)))), test::encoded(made_outcome(page)));
  }
  test::TempFolder folder_;
  RunPaths run_ = test::made_run(folder_.path(), 1, pages);
  fs::path first_ = run_.journal() / "000001-00000-00001.seg";
  Writer writer_{test::writer_settings(run_)};
};

TEST_F(Faults, ARecordThatDoesNotFitIsWrittenElsewhereOnceThereIsRoom) {
  const auto size = fs::file_size(first_);
  {
    const FileSizeLimit full{size + 5};  // the write is cut short, and the next one fails
    try {
      write(4, 4);
      FAIL();
    } catch (const StorageError& error) {
      EXPECT_EQ(error.error_number(), EFBIG);
      EXPECT_TRUE(error.out_of_room());
      EXPECT_EQ(error.path(), first_);
    }
    EXPECT_EQ(fs::file_size(first_), size + 5) << "a torn tail";
    write(5, 5);  // kept in memory
    EXPECT_EQ(fs::file_size(first_), size + 5) << "nothing is written to what was given up";
  }
  writer_.sync();
  write(6, 6);
  expect_sealed(6);
}

TEST_F(Faults, TryingInVainLeavesNoFiles) {
  {
    const FileSizeLimit full{0};
    EXPECT_THROW(write(4, 4), StorageError);
    for (int n = 0; n < 5; ++n) EXPECT_THROW(writer_.sync(), StorageError);
  }
  EXPECT_EQ(files_in(run_.journal()), 1U);
  expect_sealed(4);
}

TEST_F(Faults, ADescriptorThatFailsIsNotUsedAgain) {
  write(4, 5);
  close_descriptors_of(first_);
  EXPECT_THROW(writer_.sync(), StorageError);
  writer_.sync();
  EXPECT_EQ(files_in(run_.journal()), 2U);
  expect_sealed(5);
}

TEST_F(Faults, OfASegmentThatWasGivenUpOnlyWhatIsCommittedThereIsSealed) {
  write(4, 5);  // whole in the first segment, and never synced there
  close_descriptors_of(first_);
  EXPECT_THROW(writer_.sync(), StorageError);
  writer_.sync();
  const auto written = writer_.close(true);
  EXPECT_EQ(written.shards.size(), 2U);
  EXPECT_EQ(Contents{run_}.superseded(), 0U);
}

TEST_F(Faults, ASegmentThatLostCommittedRecordsIsKeptAndSaid) {
  fs::resize_file(first_, fs::file_size(first_) - 1);
  try {
    (void)writer_.close(true);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string{error.what()}.find("has 2 of the 3 records"), std::string::npos) << error.what();
  }
  EXPECT_TRUE(fs::exists(first_));
}

TEST_F(Faults, ASegmentThatIsDeletedUnderTheWriterIsNotCommittedTo) {
  fs::remove(first_);
  write(4, 4);
  EXPECT_THROW(writer_.sync(), StorageError);
  writer_.sync();
  EXPECT_EQ(Contents{run_}.rows().size(), 1U);
}

TEST_F(Faults, AFolderThatVanishesAndComesBackLosesNothing) {
  const auto away = folder_.path() / "away";
  close_descriptors_of(first_);
  fs::rename(run_.journal(), away);
  EXPECT_THROW(write(4, 4), StorageError);
  EXPECT_THROW(writer_.sync(), StorageError);
  fs::rename(away, run_.journal());
  writer_.sync();
  expect_sealed(4);
}

TEST_F(Faults, SealingThatFailsLeavesTheSegmentAndIsDoneLater) {
  {
    const FileSizeLimit full{1};
    EXPECT_THROW((void)writer_.close(true), StorageError);
  }
  EXPECT_TRUE(fs::exists(first_));
  EXPECT_EQ(files_in(run_.shards()), 0U);
  expect_sealed(3);
}

TEST_F(Faults, WhatIsAbandonedIsWhatIsCommitted) {
  {
    const FileSizeLimit full{0};
    EXPECT_THROW(write(4, 4), StorageError);
    const auto written = writer_.abandon();
    EXPECT_EQ(written.rows, 3U);
    ASSERT_EQ(written.segments.size(), 1U);
    EXPECT_EQ(written.segments.front().name, first_.filename().string());
    EXPECT_EQ(written.segments.front().rows, 3U);
  }
  EXPECT_EQ(seal_leftovers(run_, 2, {}), 3U);
}

TEST_F(Faults, WhatIsInFlightIsOnRecordInTheNextSegment) {
  writer_.started(made_key(1, 7), 0, false);
  close_descriptors_of(first_);
  EXPECT_THROW(writer_.started(made_key(1, 8), 0, false), StorageError);
  writer_.sync();
  fs::remove(first_);
  const auto ranks = pages_in_flight(run_);
  ASSERT_EQ(ranks.size(), 1U);
  EXPECT_EQ(ranks[0].open.size(), 2U);
}

TEST_F(Faults, AShardBesideItsSegmentIsTakenIfItIsWholeAndElseMadeAnew) {
  const auto copy = read_file(first_);
  (void)writer_.close(true);
  const auto shard = run_.shards() / "000001-00000-00001.h5";
  const auto come_back = [&] {  // the deletion of the segment did not survive a crash
    write_whole(first_, std::as_bytes(std::span{copy}));
  };
  come_back();
  EXPECT_EQ(seal_leftovers(run_, 2, {}), 0U);
  EXPECT_TRUE(fs::exists(shard));
  EXPECT_EQ(Contents{run_}.superseded(), 0U);

  come_back();
  fs::remove(shard.string() + ".sum");
  EXPECT_EQ(seal_leftovers(run_, 3, {}), 3U);
  EXPECT_FALSE(fs::exists(shard));
  EXPECT_EQ(Contents{run_}.superseded(), 0U);
  const auto report = verify(run_);
  EXPECT_TRUE(report.sound()) << report.problems.front();
}

TEST_F(Faults, SealingLeftoversAgainInTheSameJobKeepsWhatWasSealedBefore) {
  (void)writer_.close(false);
  EXPECT_EQ(seal_leftovers(run_, 3, {}), 3U);
  write_whole(run_.journal() / "000002-00000-00001.seg", {});
  test::write_pages(run_, 1, 1, 1, pages, false);
  EXPECT_EQ(seal_leftovers(run_, 3, {}), pages);
  EXPECT_EQ(Contents{run_}.superseded(), 3U) << "both shards are there";
}

TEST_F(Faults, NoChecksumIsLeftWithoutItsShard) {
  const auto sum = run_.shards() / "000001-00000-00009.h5.sum";
  write_whole(sum, {});
  (void)seal_leftovers(run_, 2, {});
  EXPECT_FALSE(fs::exists(sum));
}

TEST_F(Faults, AnIndexThatDoesNotFitLeavesTheOldOne) {
  (void)writer_.close(true);
  const auto epoch = take_next_epoch(run_);
  bind_corpus(run_, epoch, {});
  const auto before = read_file(run_.corpus_index());
  {
    const FileSizeLimit full{100};
    EXPECT_THROW(bind_corpus(run_, epoch, {}), StorageError);
  }
  EXPECT_EQ(read_file(run_.corpus_index()), before);
  EXPECT_FALSE(fs::exists(run_.corpus_index().string() + ".part"));
}

}  // namespace faults_test
}  // namespace pecia::store
