#include "pecia/store/in_flight.hpp"

#include <gtest/gtest.h>

#include <fstream>

#include "journal.hpp"
#include "pecia/base/text.hpp"
#include "pecia/store/contents.hpp"
#include "pecia/store/verify.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace in_flight_test {

namespace fs = std::filesystem;
using test::made_key;
using test::made_outcome;
using test::made_run;
using test::writer_settings;

constexpr std::uint32_t pages = 10;

InFlightPage page(std::uint32_t number, bool alone = false, std::uint32_t generation = 0) {
  return {made_key(1, number), generation, alone};
}

class InFlight : public ::testing::Test {
 protected:
  void start(Writer& writer, std::uint32_t number, bool alone = false) {
    writer.started(made_key(1, number), 0, alone);
  }
  void finish(Writer& writer, std::uint32_t number) {
    writer.append(made_key(1, number), 0, made_outcome(number));
  }
  /// Of the one rank that has any; nothing if none has.
  std::vector<InFlightPage> open_pages() {
    const auto ranks = pages_in_flight(run_);
    EXPECT_LE(ranks.size(), 1U);
    return ranks.empty() ? std::vector<InFlightPage>{} : ranks.front().open;
  }
  std::size_t segments() {
    return static_cast<std::size_t>(std::distance(fs::directory_iterator{run_.journal()}, fs::directory_iterator{}));
  }
  test::TempFolder folder_;
  RunPaths run_ = made_run(folder_.path(), 1, pages);
};

TEST_F(InFlight, IsWhatWasStartedAndHasNoOutcomeAndWasNotReleased) {
  Writer writer{writer_settings(run_, 3, 2)};
  for (std::uint32_t number = 1; number <= 5; ++number) start(writer, number, number == 5);
  finish(writer, 2);
  const auto given_back = made_key(1, 4);
  writer.released({&given_back, 1});

  const auto ranks = pages_in_flight(run_);

  ASSERT_EQ(ranks.size(), 1U);
  EXPECT_EQ(ranks[0].epoch, 3U);
  EXPECT_EQ(ranks[0].rank, 2U);
  EXPECT_EQ(ranks[0].open, (std::vector{page(1), page(3), page(5, true)}));
}

TEST_F(InFlight, IsSeenWithoutAnySyncAndThroughATornTail) {
  Writer writer{writer_settings(run_)};
  start(writer, 1);
  std::ofstream{run_.journal() / "000001-00000-00001.seg", std::ios::app} << "\x15 torn";
  EXPECT_EQ(open_pages(), std::vector{page(1)});
}

TEST_F(InFlight, BelongsToEachRankByItself) {
  Writer first{writer_settings(run_, 1, 0)}, second{writer_settings(run_, 1, 1)}, later{writer_settings(run_, 2, 0)};
  start(first, 1);
  start(second, 2);
  start(later, 1);
  finish(later, 1);  // another job's outcome says nothing of how the first one ended

  const auto ranks = pages_in_flight(run_);

  ASSERT_EQ(ranks.size(), 2U);
  EXPECT_EQ(ranks[0].rank, 0U);
  EXPECT_EQ(ranks[0].open, std::vector{page(1)});
  EXPECT_EQ(ranks[1].rank, 1U);
  EXPECT_EQ(ranks[1].open, std::vector{page(2)});
}

TEST_F(InFlight, IsNothingOnceAllIsReleased) {
  Writer writer{writer_settings(run_)};
  for (std::uint32_t number = 1; number <= 5; ++number) start(writer, number);
  writer.release_all();
  EXPECT_TRUE(pages_in_flight(run_).empty());
}

TEST_F(InFlight, WhoLivedToBeToldToStopIsOnRecordUntilItCloses) {
  Writer writer{writer_settings(run_)};
  writer.told_to_stop();
  const auto ranks = pages_in_flight(run_);
  ASSERT_EQ(ranks.size(), 1U);
  EXPECT_TRUE(ranks[0].told_to_stop);
  EXPECT_TRUE(ranks[0].open.empty());
  (void)writer.close(false);
  EXPECT_TRUE(pages_in_flight(run_).empty());
}

TEST_F(InFlight, IsCarriedOverWhenItsSegmentIsSealed) {
  auto settings = writer_settings(run_);
  settings.shard_pages = 2;
  Writer writer{settings};
  start(writer, 1, true);
  start(writer, 2);
  start(writer, 3);
  finish(writer, 2);
  finish(writer, 3);
  writer.seal_if_due();

  EXPECT_EQ(segments(), 1U);
  EXPECT_FALSE(fs::exists(run_.journal() / "000001-00000-00001.seg"));
  EXPECT_EQ(open_pages(), std::vector{page(1, true)});
  finish(writer, 1);
  EXPECT_TRUE(open_pages().empty());
}

TEST_F(InFlight, AnotherTryOfAPageIsNotWrittenAgain) {
  Writer writer{writer_settings(run_)};
  start(writer, 1);
  const auto size = fs::file_size(run_.journal() / "000001-00000-00001.seg");
  start(writer, 1);
  EXPECT_EQ(fs::file_size(run_.journal() / "000001-00000-00001.seg"), size);
  start(writer, 1, true);
  EXPECT_EQ(open_pages(), std::vector{page(1, true)});
}

TEST_F(InFlight, StartsGoIntoNoShardAndASegmentOfThemAloneIsDeleted) {
  {
    Writer closed{writer_settings(run_, 1, 0)};
    start(closed, 1);
    const auto written = closed.close(true);
    EXPECT_TRUE(written.shards.empty());
    EXPECT_TRUE(written.segments.empty());
  }
  EXPECT_EQ(segments(), 0U);
  {
    Writer killed{writer_settings(run_, 1, 1)};
    start(killed, 1);
  }
  {
    Writer killed{writer_settings(run_, 1, 2)};
    start(killed, 2);
    finish(killed, 2);
    start(killed, 3);
  }
  EXPECT_EQ(seal_leftovers(run_, 2, {}), 1U);
  EXPECT_EQ(segments(), 0U);
  const auto report = verify(run_);
  EXPECT_TRUE(report.sound()) << report.problems.front();
  EXPECT_EQ(report.pending, pages - 1);
}

TEST_F(InFlight, ASegmentOfAnEarlierReleaseIsReadAndKnowsOfOutcomesAlone) {
  const auto framed = [](std::uint16_t kind, const Bytes& payload) {
    ByteWriter frame;
    frame.put(static_cast<std::uint32_t>(payload.size())).put(kind);
    frame.put(crc32c({reinterpret_cast<const char*>(payload.data()), payload.size()})).put_raw(payload);
    return std::move(frame).bytes();
  };
  ByteWriter file;
  file.put_raw(std::as_bytes(std::span{std::string_view{"PECIASEG"}}));
  file.put(std::uint32_t{1}).put(std::uint32_t{1}).put(std::uint32_t{0}).put(std::uint32_t{1});
  file.put(crc32c({reinterpret_cast<const char*>(file.bytes().data()), file.size()}));
  Record record{made_key(1, 1), {}, made_outcome(1)};
  file.put_raw(framed(1, encode(record)));
  const std::string_view old{reinterpret_cast<const char*>(file.bytes().data()), file.size()};
  const auto segment = folder_.write("old.seg", old);
  EXPECT_EQ(replay_segment(segment, [](Record&&, std::uint64_t, std::uint32_t) {}).records, 1U);

  ByteWriter start;
  start.put(std::uint64_t{1}).put(std::uint32_t{0}).put(std::uint32_t{2}).put(std::uint32_t{0}).put(std::uint8_t{0});
  const auto unknown_then = framed(2, start.bytes());
  file.put_raw(unknown_then).put_raw(unknown_then);
  const std::string_view strange{reinterpret_cast<const char*>(file.bytes().data()), file.size()};
  const auto replay =
      replay_segment(folder_.write("strange.seg", strange), [](Record&&, std::uint64_t, std::uint32_t) {});
  EXPECT_EQ(replay.records, 1U);
  EXPECT_NE(replay.problem, "");
}

TEST_F(InFlight, TheFormatOfStartsAndReleasesStaysWhatItWas) {
  Writer writer{writer_settings(run_, 1, 0)};
  writer.started({{0x1122334455667788}, 1, 2}, 3, true);
  writer.release_all();
  const auto file = read_file(run_.journal() / "000001-00000-00001.seg");
  const std::string key{"\x88\x77\x66\x55\x44\x33\x22\x11\x01\0\0\0\x02\0\0\0", 16};
  constexpr std::size_t header = 28, frame = 10;
  ASSERT_EQ(file.size(), header + frame + 21 + frame + 20);
  EXPECT_EQ(file.substr(header, 6), (std::string{"\x15\0\0\0\x02\0", 6}));
  EXPECT_EQ(file.substr(header + frame, 21), (key + std::string{"\x03\0\0\0\x01", 5}));
  EXPECT_EQ(file.substr(header + frame + 21, 6), (std::string{"\x14\0\0\0\x03\0", 6}));
  EXPECT_EQ(file.substr(header + frame + 21 + frame), (std::string{"\x01\0\0\0", 4} + key));
}

TEST(SegmentName, IsReadBackAndNothingElseIs) {
  const auto name = parse_segment_name(segment_name(3, 1, 2));
  ASSERT_TRUE(name);
  EXPECT_EQ(name->epoch, 3U);
  EXPECT_EQ(name->rank, 1U);
  EXPECT_EQ(name->number, 2U);
  for (const auto* other : {"", "x.seg", "3-1-2.seg", "000003-00001-00002", "000003-00001-00002.seg.damaged"})
    EXPECT_FALSE(parse_segment_name(other)) << other;
}

}  // namespace in_flight_test
}  // namespace pecia::store
