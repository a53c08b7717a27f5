#include "poison.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "pecia/store/ledger.hpp"
#include "pecia/store/verify.hpp"
#include "pecia/store/writer.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace poison_test {

using store::Writer;
using pecia::test::made_key;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

constexpr std::uint32_t pages = 6;

class DeathsTest : public ::testing::Test {
 protected:
  DeathsTest() {
    unsetenv("SLURM_JOB_ID");
    unsetenv("SLURM_RESTART_COUNT");
  }
  ~DeathsTest() override { unsetenv("SLURM_RESTART_COUNT"); }

  /// A job of two ranks in which rank 1 died with a page in flight.
  void a_rank_dies(std::uint32_t page, bool alone, const std::string& restart = "") {
    const auto epoch = take_next_epoch(run_);
    store::Ledger ledger;
    ledger.epoch = epoch;
    ledger.ranks = 2;
    ledger.slurm_restart = restart;
    write_ledger(run_, ledger);
    Writer{pecia::test::writer_settings(run_, epoch, 1)}.started(made_key(1, page), 0, alone);
    Writer{pecia::test::writer_settings(run_, epoch, 0)}.told_to_stop();
  }

  /// As `pecia run` does at its start; `seal` false: it is killed before.
  Deaths start_job(bool seal = true) {
    const auto epoch = take_next_epoch(run_);
    Deaths deaths{run_, epoch};
    if (seal) store::seal_leftovers(run_, epoch, {});
    return deaths;
  }

  pecia::test::TempFolder folder_;
  store::RunPaths run_ = pecia::test::made_run(folder_.path(), 1, pages);
  corpus::Manifest manifest_ = corpus::load_manifest(run_.manifest());
};

TEST_F(DeathsTest, AJobThatIsKilledAtItsStartCountsThemNoTwice) {
  a_rank_dies(2, true);
  (void)start_job(false);
  auto deaths = start_job();
  deaths.record_poison(manifest_, 9);
  EXPECT_THAT(deaths.to_be_tried_alone(manifest_), ElementsAre(Pair(PageRef{0, 2}, 0)));
  EXPECT_TRUE(store::Contents{run_}.rows().empty());
}

TEST_F(DeathsTest, TheSecondOneWhileAloneEndsThePage) {
  a_rank_dies(2, false);
  (void)start_job();
  a_rank_dies(2, true);
  (void)start_job();
  a_rank_dies(2, true);
  auto deaths = start_job();

  deaths.record_poison(manifest_, 9);
  deaths.record_poison(manifest_, 10);  // once is enough

  const store::Contents contents{run_};
  ASSERT_EQ(contents.rows().size(), 1U);
  EXPECT_EQ(contents.superseded(), 0U);
  const auto* row = contents.find(made_key(1, 2));
  ASSERT_TRUE(row);
  EXPECT_EQ(row->order.state, result::State::failed);
  EXPECT_EQ(row->reason, Reason::poison);
  EXPECT_NE(row->detail.find("jobs 3 and 5"), std::string::npos) << row->detail;
  deaths.forget_done(contents);
  EXPECT_THAT(deaths.to_be_tried_alone(manifest_), IsEmpty());
  EXPECT_FALSE(std::filesystem::exists(run_.root / "suspects.json"));
  EXPECT_TRUE(verify(run_).sound());
}

TEST_F(DeathsTest, WhereSlurmStartedTheJobAgainItEndedTheOneBefore) {
  for (const auto* restart : {"", "1", "2", "3"}) {
    a_rank_dies(2, true, restart);
    setenv("SLURM_RESTART_COUNT", std::to_string(std::atoi(restart) + 1).c_str(), 1);
    start_job().record_poison(manifest_, 9);
  }
  EXPECT_TRUE(store::Contents{run_}.rows().empty());
}

TEST_F(DeathsTest, APageThatWasReadAfterAllIsForgotten) {
  a_rank_dies(2, false);
  auto deaths = start_job();
  ASSERT_THAT(deaths.to_be_tried_alone(manifest_), testing::SizeIs(1));
  Writer writer{pecia::test::writer_settings(run_, store::newest_epoch(run_), 0)};
  writer.append(made_key(1, 2), 0, pecia::test::made_outcome(2));
  (void)writer.close(true);

  auto next = start_job();
  next.forget_done(store::Contents{run_});

  EXPECT_THAT(next.to_be_tried_alone(manifest_), IsEmpty());
  EXPECT_THAT(store::read_suspects(run_), IsEmpty());
}

}  // namespace poison_test
}  // namespace pecia::app
