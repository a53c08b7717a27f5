#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <string_view>
#include <utility>

#include "fuzz/shard_parts.hpp"
#include "pecia/base/error.hpp"
#include "shard.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

// Shards that HDF5 can read and that are none of ours: what fuzz_shard found, and its like.
namespace pecia::store {
namespace hostile_shard_test {

using fuzz::ShardParts;

class HostileShardTest : public testing::Test {
 protected:
  HostileShardTest() {
    const auto written = test::write_pages(run_, 1, 0, 1, 4, true);
    sound_ = fuzz::read_parts(run_.shards() / "000001-00000-00001.h5");
  }

  /// All that can be read of a shard made of these parts.
  void read(const ShardParts& parts) const {
    const auto path = folder_.path() / "hostile.h5";
    fuzz::write_shard(path, parts);
    const ShardReader shard{path};
    (void)shard.strings();
    for (const auto& row : shard.rows()) (void)shard.record(row);
  }

  /// The first row, changed.
  [[nodiscard]] ShardParts with_row(const std::function<void(PageRow&)>& change) const {
    auto parts = sound_;
    PageRow row{};
    std::memcpy(&row, parts.bytes[0].data(), sizeof row);
    change(row);
    std::memcpy(parts.bytes[0].data(), &row, sizeof row);
    return parts;
  }

  test::TempFolder folder_;
  RunPaths run_ = test::made_run(folder_.path(), 1, 4);
  ShardParts sound_;
};

TEST_F(HostileShardTest, ASoundOneIsRead) { EXPECT_NO_THROW(read(sound_)); }

TEST_F(HostileShardTest, DatasetsOfAnyOtherShapeAreRefused) {
  for (std::size_t part = 0; part + 1 < ShardParts::count; ++part) {
    for (std::uint8_t shape = ShardParts::absent; shape < ShardParts::shapes; ++shape) {
      auto parts = sound_;
      parts.shape[part] = shape;
      // One that no row points into is not looked at.
      if ((ShardParts::names[part] == std::string_view{"/blocks"} || ShardParts::names[part] == std::string_view{"/boxes"}) && shape >= ShardParts::endless) continue;
      EXPECT_THROW(read(parts), Error) << ShardParts::names[part] << " in shape " << int{shape};
    }
  }
}

TEST_F(HostileShardTest, ASchemaThatIsNoNumberIsRefused) {
  for (std::uint8_t kind = 1; kind < 4; ++kind) {
    auto parts = sound_;
    parts.schema = kind;
    EXPECT_THROW(read(parts), Error) << int{kind};
  }
}

TEST_F(HostileShardTest, RangesTheWrongWayRoundAndOutsideAreRefused) {
  EXPECT_THROW(read(with_row([](PageRow& row) { std::swap(row.text_begin, row.text_end); })), Error);
  EXPECT_THROW(read(with_row([](PageRow& row) { row.words_begin = row.words_end + 1; })), Error);
  EXPECT_THROW(read(with_row([](PageRow& row) { row.attempts_end = ~std::uint64_t{0}; })), Error);
  EXPECT_THROW(read(with_row([](PageRow& row) { row.engine_begin = ~std::uint64_t{0}; })), Error);
}

TEST_F(HostileShardTest, StatesAndReasonsThatThereAreNotAreRefused) {
  EXPECT_THROW(read(with_row([](PageRow& row) { row.state = 5; })), Error);
  EXPECT_THROW(read(with_row([](PageRow& row) { row.reason = 255; })), Error);
}

}  // namespace hostile_shard_test
}  // namespace pecia::store
