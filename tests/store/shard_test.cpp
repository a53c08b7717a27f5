#include "shard.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <array>
#include <fstream>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::store {
namespace shard_test {

namespace fs = std::filesystem;
using test::encoded;
using test::made_outcome;
using test::made_run;
using test::write_pages;
using testing::HasSubstr;

constexpr std::uint32_t pages = 12;

result::PageOutcome expected(std::uint32_t page) {
  return made_outcome(page, page % 4 == 0 ? result::State::failed : result::State::ok);
}

/// Every record of a shard or of corpus.h5 is the one that was written.
void expect_records(const fs::path& file, std::size_t records, Access access = Access::scattered) {
  const ShardReader shard{file, access};
  const auto rows = shard.rows();
  ASSERT_EQ(rows.size(), records);
  for (const auto& row : rows) EXPECT_EQ(encoded(shard.record(row).outcome), encoded(expected(row.page))) << row.page;
}

std::string provenance_of(const fs::path& shard) { return ShardReader{shard}.provenance().at(0); }

// Written by version 0.1.0. What another layout would change is in there: attempts, failures, all columns.
TEST(Shard, OfSchema1StaysReadable) {
  const fs::path file = fs::path{PECIA_TEST_DATA} / "store/shard-schema-1.h5";
  expect_records(file, pages, Access::scattered);
  expect_records(file, pages, Access::in_order);
  const ShardReader shard{file};
  EXPECT_EQ(h5::read_attribute(shard.file(), "schema"), 1);
  EXPECT_EQ(h5::read_text_attribute(shard.file(), "engine_fingerprint"), "0123456789abcdef");
  const auto rows = shard.rows();
  for (std::uint32_t n = 0; n < pages; ++n) {
    EXPECT_EQ(key_of(rows[n]), test::made_key(1, n + 1));
    const auto order = order_of(rows[n]);
    EXPECT_EQ(order.epoch, 3U);
    EXPECT_EQ(order.rank, 2U);
    EXPECT_EQ(order.sequence, n);
    EXPECT_EQ(order.attempt, (n + 1) % 3 == 0 ? 1U : 0U);
  }
  EXPECT_EQ(shard.provenance().size(), 1U);
  EXPECT_THAT(shard.provenance().front(), HasSubstr("\"host\":\"node7\",\"slurm_job\":\"4711\""));
}

template <class Made>
void expect_records_of(const ShardReader& shard, std::uint64_t document, const Made& made) {
  std::uint32_t found = 0;
  for (const auto& row : shard.rows()) {
    if (row.document != document) continue;
    ++found;
    EXPECT_EQ(encoded(shard.record(row).outcome), encoded(made(row.page))) << row.page;
  }
  EXPECT_EQ(found, pages);
}

// Written by version 0.2.0, before pages had steps.
TEST(Shard, OfSchema2StaysReadable) {
  const ShardReader shard{fs::path{PECIA_TEST_DATA} / "store/shard-schema-2.h5"};
  EXPECT_EQ(h5::read_attribute(shard.file(), "schema"), 2);
  expect_records_of(shard, 2, [](std::uint32_t page) { return test::made_model_outcome(page); });
}

// Written before words had languages.
TEST(Shard, OfSchema3StaysReadable) {
  const ShardReader shard{fs::path{PECIA_TEST_DATA} / "store/shard-schema-3.h5"};
  EXPECT_EQ(h5::read_attribute(shard.file(), "schema"), 3);
  expect_records_of(shard, 3, [](std::uint32_t page) { return test::made_stepped_outcome(page); });
}

TEST(Shard, OfEachSchemaAreJoinedAndBound) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 4, pages);
  const std::vector<std::string> shards{"000003-00002-00001.h5", "000001-00001-00001.h5", "000001-00002-00001.h5",
                                        test::write_multilingual_pages(run, 1, 3, 4, pages, true).shards.at(0).name};
  for (const std::size_t schema : {1U, 2U, 3U}) {
    const auto file = run.shards() / shards[schema - 1];
    fs::copy_file(fs::path{PECIA_TEST_DATA} / fmt::format("store/shard-schema-{}.h5", schema), file);
    write_sum(file);
  }
  const auto expect_all = [](const ShardReader& all) {
    expect_records_of(all, 1, [](std::uint32_t page) { return expected(page); });
    expect_records_of(all, 2, [](std::uint32_t page) { return test::made_model_outcome(page); });
    expect_records_of(all, 3, test::made_stepped_outcome);
    expect_records_of(all, 4, test::made_multilingual_outcome);
  };
  for (const auto& order : {std::vector{shards[0], shards[1], shards[2], shards[3]}, std::vector{shards[3], shards[2], shards[1], shards[0]}}) {
    join_shards(run, order, "000001-c-00001.h5", {"compaction", "", "", "", ""});
    expect_all(ShardReader{run.shards() / "000001-c-00001.h5"});
    fs::remove(run.shards() / "000001-c-00001.h5");
    fs::remove(run.shards() / "000001-c-00001.h5.sum");
  }
  bind_corpus(run, 1, {});
  for (const auto access : {Access::scattered, Access::in_order}) {
    const ShardReader index{run.corpus_index(), access};
    EXPECT_EQ(index.size(), 4 * pages);
    expect_all(index);
  }
}

TEST(Shard, SaysWhereItComesFrom) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  auto settings = test::writer_settings(run, 5, 3);
  settings.provenance = {"job.yaml", "echo 1", "abc", "node7", "4711", "2", "1"};
  Writer writer{settings};
  writer.append(test::made_key(1, 1), 0, expected(1));
  const auto shard = run.shards() / writer.close(true).shards.at(0).name;
  const auto line = provenance_of(shard);
  for (const auto* part : {R"("job":"job.yaml")", R"("engine":"echo 1")", R"("engine_fingerprint":"abc")", R"("host":"node7")",
                           R"("slurm_job":"4711")", R"("slurm_step":"2")", R"("slurm_restart":"1")", R"("epoch":5)", R"("rank":3)",
                           R"("begun_s":)", R"("ended_s":)", R"("created_s":)", R"("pecia_version":)", R"("hdf5_version":)"})
    EXPECT_THAT(line, HasSubstr(part));
}

TEST(Shard, OfALeftoverNamesItsRankAndEngine) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  write_pages(run, 4, 7, 1, pages, false);
  ASSERT_EQ(seal_leftovers(run, 6, {"job.yaml", "", "", "", ""}), pages);
  const auto line = provenance_of(run.shards() / "000006-r-00001.h5");
  for (const auto* part : {R"("engine":"echo")", R"("epoch":4)", R"("rank":7)", R"("sealed":"000004-00007-00001.seg")"})
    EXPECT_THAT(line, HasSubstr(part));
}

TEST(Shard, JoinedFromOthersHoldsTheirRecordsAndProvenance) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 3, pages);
  std::vector<std::string> names;
  for (std::uint32_t rank = 0; rank < 3; ++rank) names.push_back(write_pages(run, 1, rank, rank + 1, pages, true).shards.at(0).name);
  join_shards(run, std::span{names}.first(2), "000001-c-00001.h5", {"compaction", "", "", "", ""});
  const std::string again[] = {"000001-c-00001.h5", names[2]};
  join_shards(run, again, "000001-c-00002.h5", {"compaction", "", "", "", ""});
  const auto joined = run.shards() / "000001-c-00002.h5";
  expect_records(joined, 3 * pages);
  EXPECT_EQ(problem_of_sum(joined), "");
  const auto lines = ShardReader{joined}.provenance();
  ASSERT_EQ(lines.size(), 3U);
  for (std::size_t n = 0; n < lines.size(); ++n) EXPECT_THAT(lines[n], HasSubstr(names[n]));
}

TEST(Shard, ThatIsDamagedIsNotJoined) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 2, pages);
  const auto damaged = write_pages(run, 1, 0, 1, pages, true).shards.at(0);
  const auto whole = write_pages(run, 1, 1, 2, pages, true).shards.at(0);
  const auto path = run.shards() / damaged.name;
  auto contents = read_file(path);
  contents[contents.size() / 2] = static_cast<char>(contents[contents.size() / 2] ^ 1);
  std::ofstream{path, std::ios::binary} << contents;
  try {
    bind_corpus(run, 1, {damaged, whole}, 1);
    ADD_FAILURE() << "a damaged shard was joined";
  } catch (const Error& error) {
    EXPECT_THAT(error.what(), HasSubstr(damaged.name));
  }
  EXPECT_FALSE(fs::exists(run.corpus_index()));
  EXPECT_FALSE(fs::exists(run.shards() / "superseded.txt"));
}

TEST(CorpusIndex, HoldsWholeRecordsAlsoOfPagesTriedBefore) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 3, pages);
  for (std::uint32_t rank = 0; rank < 3; ++rank) write_pages(run, 1, rank, rank + 1, pages, true);
  bind_corpus(run, 1, {});
  expect_records(run.corpus_index(), 3 * pages);
}

TEST(CorpusIndex, IsMovedWithItsShards) {
  const test::TempFolder folder;
  const auto run = made_run(folder.path(), 1, pages);
  write_pages(run, 1, 0, 1, pages, true);
  bind_corpus(run, 1, {});
  fs::create_directory(folder.path() / "elsewhere");
  fs::rename(run.root, folder.path() / "elsewhere/moved");
  expect_records(folder.path() / "elsewhere/moved/corpus.h5", pages);
}

TEST(CorpusIndex, OfMoreShardsThanFilesMayBeOpenHasAllText) {
  const test::TempFolder folder;
  constexpr std::uint32_t shards = 600;
  const auto run = made_run(folder.path(), shards, 1);
  std::vector<LedgerFile> told;
  for (std::uint32_t rank = 0; rank < shards; ++rank) told.push_back(write_pages(run, 1, rank, rank + 1, 1, true).shards.at(0));
  rlimit before{};
  ::getrlimit(RLIMIT_NOFILE, &before);
  const rlimit few{std::min<rlim_t>(1024, before.rlim_max), before.rlim_max};
  ::setrlimit(RLIMIT_NOFILE, &few);
  bind_corpus(run, 1, told);
  EXPECT_LE(ShardReader{run.corpus_index()}.shards().size(), 512U);
  expect_records(run.corpus_index(), shards);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

}  // namespace shard_test
}  // namespace pecia::store
