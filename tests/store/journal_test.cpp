#include "journal.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace journal_test {

using test::encoded;
using test::made_key;
using test::made_outcome;

constexpr std::uint32_t pages = 4;

Record made_record(std::uint32_t page) {
  Record record{made_key(9, page), {}, made_outcome(page)};
  record.order = {0, record.outcome.state, 0, 3, 1, page};
  return record;
}

std::filesystem::path made_segment(const std::filesystem::path& folder) {
  SegmentWriter writer{folder, 3, 1, 2};
  for (std::uint32_t page = 1; page <= pages; ++page) writer.append(encode(made_record(page)));
  writer.sync();
  return writer.path();
}

/// Replays and checks that whatever comes out is what was put in, in order.
Replay replay_and_check(const std::filesystem::path& segment) {
  std::uint32_t page = 0;
  const auto replay = replay_segment(segment, [&](Record&& record, std::uint64_t at, std::uint32_t size) {
    EXPECT_EQ(encode(record), encode(made_record(++page)));
    EXPECT_EQ(encode(read_record(segment, at, size)), encode(record));
  });
  EXPECT_EQ(replay.records, page);
  return replay;
}

TEST(Journal, GivesBackWhatWasAppended) {
  const test::TempFolder folder;
  const auto segment = made_segment(folder.path());

  const auto replay = replay_and_check(segment);

  EXPECT_EQ(segment.filename(), "000003-00001-00002.seg");
  EXPECT_EQ(replay.records, pages);
  EXPECT_EQ(replay.torn_bytes, 0U);
  EXPECT_EQ(replay.problem, "");
}

TEST(Journal, OfTheVersionsBeforeIsStillRead) {
  const test::TempFolder folder;
  auto segment = read_file(made_segment(folder.path()));
  const auto replayed_as = [&](int version) {
    segment[8] = static_cast<char>(version);
    const auto crc = crc32c(std::string_view{segment}.substr(0, 24));
    std::memcpy(segment.data() + 24, &crc, sizeof crc);
    return replay_and_check(folder.write("before.seg", segment));
  };
  for (const int version : {1, 2, 3, 4}) {
    const auto replay = replayed_as(version);
    EXPECT_EQ(replay.records, pages) << version;
    EXPECT_EQ(replay.problem, "") << version;
  }
  EXPECT_TRUE(replayed_as(0).other_version);
  EXPECT_TRUE(replayed_as(6).other_version);
}

TEST(Journal, KeepsWhatWasDoneToAPageAndTheLanguagesOfItsWords) {
  const test::TempFolder folder;
  SegmentWriter writer{folder.path(), 3, 1, 2};
  std::vector<Bytes> written;
  for (std::uint32_t page = 1; page <= 12; ++page) {
    auto record = made_record(page);
    record.outcome = test::made_multilingual_outcome(page);
    written.push_back(encode(record));
    writer.append(written.back());
  }
  std::vector<Bytes> found;
  const auto replay =
      replay_segment(writer.path(), [&](Record&& record, std::uint64_t, std::uint32_t) { found.push_back(encode(record)); });
  EXPECT_EQ(replay.problem, "");
  EXPECT_EQ(found, written);
}

TEST(Journal, NobodyAppendsToAnothersSegment) {
  const test::TempFolder folder;
  made_segment(folder.path());
  EXPECT_THROW((SegmentWriter{folder.path(), 3, 1, 2}), Error);
}

TEST(Journal, CutOffAnywhereLosesOnlyTheRecordThatWasCut) {
  const test::TempFolder folder;
  const auto whole = read_file(made_segment(folder.path()));
  std::uint64_t most = 0;
  for (std::size_t size = 0; size <= whole.size(); ++size) {
    const auto file = folder.write("cut.seg", std::string_view{whole}.substr(0, size));
    const auto replay = replay_and_check(file);
    EXPECT_EQ(replay.problem, "") << "cut at " << size;
    EXPECT_GE(replay.records, most);
    most = replay.records;
  }
  EXPECT_EQ(most, pages);
}

TEST(Journal, ATailOfZerosIsATornTail) {
  const test::TempFolder folder;
  const auto whole = read_file(made_segment(folder.path()));
  const auto replay = replay_and_check(folder.write("zeros.seg", whole + std::string(4096, '\0')));
  EXPECT_EQ(replay.records, pages);
  EXPECT_EQ(replay.torn_bytes, 4096U);
}

TEST(Journal, AFlippedByteNeverGivesAWrongRecord) {
  const test::TempFolder folder;
  const auto whole = read_file(made_segment(folder.path()));
  for (std::size_t at = 0; at < whole.size(); ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    const auto replay = replay_and_check(folder.write("flipped.seg", damaged));
    EXPECT_TRUE(!replay.problem.empty() || replay.torn_bytes > 0) << "byte " << at << " went unnoticed";
    EXPECT_LT(replay.records, pages);
  }
}

TEST(Journal, DamageThatSoundRecordsFollowIsNoTornTail) {
  const test::TempFolder folder;
  const auto segment = made_segment(folder.path());
  const auto whole = read_file(segment);
  std::vector<std::uint64_t> places;
  (void)replay_segment(segment,
                       [&](Record&&, std::uint64_t at, std::uint32_t) { places.push_back(at); });
  ASSERT_EQ(places.size(), pages);
  constexpr std::size_t frame = 10;
  for (std::size_t at = places.front() - frame; at < places.back() - frame; ++at) {
    auto damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x40);
    const auto replay = replay_and_check(folder.write("flipped.seg", damaged));
    EXPECT_NE(replay.problem, "") << "byte " << at;
    const auto before =
        std::ranges::count_if(places, [&](std::uint64_t place) { return place <= at; });
    const bool in_frame = std::ranges::any_of(
        places, [&](std::uint64_t place) { return at < place && at + frame >= place; });
    EXPECT_EQ(replay.records, static_cast<std::uint64_t>(in_frame ? before : before - 1))
        << "byte " << at;
  }
  auto hole = whole;
  std::fill_n(hole.begin() + static_cast<std::ptrdiff_t>(places[1] - frame), places[2] - places[1],
              '\0');
  const auto replay = replay_and_check(folder.write("hole.seg", hole));
  EXPECT_EQ(replay.records, 1U);
  EXPECT_NE(replay.problem, "");
}

TEST(Journal, OfZerosAloneIsTorn) {
  const test::TempFolder folder;
  for (const std::size_t size : {1U, 28U, 29U, 5000U}) {
    const auto replay = replay_and_check(folder.write("zeros.seg", std::string(size, '\0')));
    EXPECT_EQ(replay.torn_bytes, size);
    EXPECT_EQ(replay.problem, "") << size;
  }
}

TEST(Journal, TheFormatOfARecordStaysWhatItWas) {
  Record record{{{0x1122334455667788}, 1, 2}, {3, result::State::blank, 4, 5, 6, 7}, {}};
  record.outcome.state = result::State::blank;
  const auto bytes = encode(record);
  // Key, then order, little-endian; the outcome begins with its state (docs/formats.md).
  const std::string golden{"\x88\x77\x66\x55\x44\x33\x22\x11\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05\0\0\0\x06\0\0\0"
                           "\x07\0\0\0\0\0\0\0\x02\0",
                           42};
  ASSERT_GT(bytes.size(), golden.size());
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), golden.size()), golden);
  EXPECT_EQ(crc32c({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), 1308424897U);
}

TEST(Wins, IsATotalOrderWhateverTheOrderOfReading) {
  std::vector<RecordOrder> orders;
  for (std::uint32_t generation : {0U, 1U}) {
    for (int state = 0; state < 5; ++state) {
      for (std::uint32_t attempt : {0U, 1U}) {
        for (std::uint32_t epoch : {1U, 2U}) orders.push_back({generation, static_cast<result::State>(state), attempt, epoch, 0, 5});
      }
    }
  }
  const auto best_of = [](const std::vector<RecordOrder>& all) {
    const auto* best = &all.front();
    for (const auto& order : all) best = wins(order, *best) ? &order : best;
    return *best;
  };
  std::mt19937 random{1};
  for (int n = 0; n < 200; ++n) {
    std::ranges::shuffle(orders, random);
    const auto best = best_of(orders);
    EXPECT_EQ(best.generation, 1U);
    EXPECT_EQ(best.state, result::State::ok);
    EXPECT_EQ(best.attempt, 0U);
    EXPECT_EQ(best.epoch, 1U);
  }
  for (const auto& one : orders) {
    for (const auto& other : orders) {
      const bool same = !wins(one, other) && !wins(other, one);
      EXPECT_FALSE(wins(one, other) && wins(other, one));
      EXPECT_EQ(same, &one == &other);
    }
  }
}

TEST(Wins, ALaterGenerationBeatsABetterState) {
  EXPECT_TRUE(wins({1, result::State::failed, 0, 9, 0, 0}, {0, result::State::ok, 0, 1, 0, 0}));
  EXPECT_TRUE(wins({0, result::State::ok, 5, 9, 9, 9}, {0, result::State::blank, 0, 1, 0, 0}));
}

}  // namespace journal_test
}  // namespace pecia::store
