#include "pecia/report/overview.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "pecia/store/ledger.hpp"
#include "support/made_run.hpp"

namespace overview_test {

using namespace pecia;
using report::look_at;
using report::parse_scontrol;
using report::parse_squeue;
using testing::HasSubstr;
using testing::Not;

constexpr std::int64_t now_s = 1'700'000'070;
constexpr std::uint64_t believe_all = 0;  ///< no run is so small that it is counted

/// Three pages, of which status.json tells something else, so that it shows which is taken.
class OverviewOfARun : public testing::Test {
 protected:
  OverviewOfARun() {
    run_.add_document("a.pdf", 3);
    run_.commit("a.pdf", 1, test::read_outcome("text"));
    run_.commit("a.pdf", 2, test::failed_outcome(Reason::timeout, "slow"));
    run_.finish(true);
    status_.state = "unfinished";
    status_.epoch = 1;
    status_.slurm_job = "34";
    status_.written_s = now_s - 10;
    status_.documents = 7;
    status_.pages = 70;
    status_.done = 50;
    status_.by_state = {{"ok", 40}, {"failed", 10}};
    status_.by_reason = {{"timeout", 4}, {"unreadable", 6}};
    status_.examples = {{"timeout", "b.pdf page 5"}, {"unreadable", "c.pdf"}};
    ledger_.epoch = 1;
    ledger_.slurm_job = "34";
    ledger_.end = "unfinished";
    ledger_.done_at_start = 2;
    for (const auto& shard : std::filesystem::directory_iterator{paths().shards()})
      ledger_.shards.push_back({shard.path().filename().string(), 2, shard.file_size()});
  }

  [[nodiscard]] const store::RunPaths& paths() const { return run_.paths(); }

  report::Overview look(std::uint64_t always_counted = believe_all) {
    report::write_status(paths(), status_);
    store::write_ledger(paths(), ledger_);
    return look_at(paths(), now_s, always_counted);
  }

  /// A job on another host, which cannot be looked for.
  void hold(std::int64_t pid = 12) const {
    std::ofstream{paths().lock()} << R"({"host": "h1", "boot_id": "b", "pid": )" << pid
                                  << R"(, "pid_start": 1, "slurm_job": "35", "slurm_step": "0", "slurm_restart": "", "counter": 9})";
  }

  test::MadeRun run_;
  report::Status status_;
  store::Ledger ledger_;
};

TEST_F(OverviewOfARun, BelievesTheLastWordsOfAJobWhoseFilesAreAsItLeftThem) {
  const auto now = look();

  EXPECT_FALSE(now.counts.from_files);
  EXPECT_EQ(now.state, "unfinished");
  EXPECT_EQ(now.counts.done, 50u);
  const auto text = report::status_text(now);
  EXPECT_THAT(text, HasSubstr("50 of 70 pages"));
  EXPECT_THAT(text, HasSubstr("  unreadable               6  such as c.pdf\n  timeout                  4  such as b.pdf page 5\n"));
}

TEST_F(OverviewOfARun, CountsSmallRunsItself) {
  const auto now = look(70);
  EXPECT_TRUE(now.counts.from_files);
  EXPECT_EQ(now.counts.done, 2u);
  EXPECT_EQ(now.counts.pages, 3u);
}

TEST_F(OverviewOfARun, CountsItselfWhereAFileIsNotAsItWasLeft) {
  ASSERT_FALSE(ledger_.shards.empty());
  ledger_.shards[0].bytes += 1;
  EXPECT_TRUE(look().counts.from_files);
  ledger_.shards[0].bytes -= 1;
  EXPECT_FALSE(look().counts.from_files);
  ledger_.segments.push_back({"000001-0-9", 1, 1});
  EXPECT_TRUE(look().counts.from_files);
}

TEST_F(OverviewOfARun, CountsItselfAfterAKill) {
  status_.state = "running";
  const auto now = look();
  EXPECT_TRUE(now.counts.from_files);
  EXPECT_EQ(now.state, "killed");
}

TEST_F(OverviewOfARun, CountsItselfWhereANewerJobSaidNothingYet) {
  look();
  ASSERT_EQ(store::take_next_epoch(paths()), 2u);
  const auto now = look_at(paths(), now_s, believe_all);
  EXPECT_TRUE(now.counts.from_files);
  EXPECT_EQ(now.state, "killed");
  EXPECT_EQ(now.epoch, 2u);
  EXPECT_EQ(now.starts, 2u);
}

TEST_F(OverviewOfARun, KnowsARepairFromAKilledJob) {
  look();
  ASSERT_EQ(store::take_next_epoch(paths()), 2u);
  auto repair = ledger_;
  repair.epoch = 2;
  repair.end = "repaired";
  store::write_ledger(paths(), repair);
  const auto now = look_at(paths(), now_s, believe_all);
  EXPECT_TRUE(now.counts.from_files);
  EXPECT_EQ(now.state, "unfinished");
}

TEST_F(OverviewOfARun, BelievesAJobThatLives) {
  hold();
  status_.state = "running";
  status_.pid = 12;
  status_.host = "h1";
  status_.pages_per_s = 2;
  status_.left_s = 10;
  const auto now = look();

  EXPECT_FALSE(now.counts.from_files);
  EXPECT_TRUE(now.running);
  EXPECT_EQ(now.lock_counter, 9u);
  const auto text = report::status_text(now);
  EXPECT_THAT(text, HasSubstr("50 of 70 pages (71.4 %)  2.00 pages/s  10 s left  10 failed"));
  EXPECT_THAT(text, HasSubstr("    read                  40\n")) << "blank pages are among them";
  EXPECT_THAT(text, HasSubstr("reasons are counted when the job ends"));
  EXPECT_THAT(text, Not(HasSubstr("such as")));
}

TEST_F(OverviewOfARun, CountsItselfWhereTheJobThatLivesHasNotWritten) {
  hold(99);
  const auto now = look();
  EXPECT_TRUE(now.counts.from_files);
  EXPECT_EQ(now.state, "starting");
  EXPECT_EQ(now.slurm_job, "35");
}

TEST_F(OverviewOfARun, IsStaleWhereItsJobElsewhereIsSilent) {
  hold();
  status_.state = "running";
  status_.pid = 12;
  status_.host = "h1";
  status_.written_s = now_s - 1000;
  const auto now = look();
  EXPECT_EQ(now.state, "stale");
  EXPECT_TRUE(now.counts.from_files);
}

TEST_F(OverviewOfARun, CountsStartsWithoutProgressOfTheLastSlurmJob) {
  look();
  EXPECT_EQ(look_at(paths(), now_s).starts_without_progress, 1u) << "two pages before, two pages now";
  ASSERT_EQ(store::take_next_epoch(paths()), 2u);
  EXPECT_EQ(look_at(paths(), now_s).starts_without_progress, 2u);
  ledger_.slurm_job = "33";
  store::RunPaths run = paths();
  std::filesystem::remove_all(run.epochs() / "000002");
  store::write_ledger(run, ledger_);
  ASSERT_EQ(store::take_next_epoch(run), 2u);
  EXPECT_EQ(look_at(run, now_s).starts_without_progress, 1u) << "the first start was another job's";
}

TEST_F(OverviewOfARun, IsJsonForScriptsAKeyALine) {
  auto now = look();
  EXPECT_THAT(report::overview_json(now), HasSubstr("\n  \"state\": \"unfinished\",\n  \"running\": false,\n  \"silent_s\": 10.0,\n"));
  EXPECT_THAT(report::overview_json(now), HasSubstr("\n  \"slurm\": null\n}\n"));
  now.slurm = report::SlurmJob{"34", "PENDING", "Resources", "", 2};
  EXPECT_THAT(report::overview_json(now), HasSubstr("\n    \"state\": \"PENDING\",\n    \"restarts\": 2,\n"));
}

TEST_F(OverviewOfARun, TellsWhatSlurmSays) {
  auto now = look();
  const auto line = [&](report::SlurmJob job) {
    now.slurm = std::move(job);
    return report::status_text(now);
  };
  EXPECT_THAT(report::status_text(now), Not(HasSubstr("Slurm job")));
  EXPECT_THAT(line({"34", "RUNNING", "", "n[1-2]", 0}), HasSubstr("\nSlurm job 34: RUNNING on n[1-2]\n"));
  EXPECT_THAT(line({"34", "PENDING", "Resources", "", 1}), HasSubstr("\nSlurm job 34: PENDING (Resources), restarted once\n"));
  EXPECT_THAT(line({"34", "COMPLETED", "", "n1", 3}), HasSubstr("\nSlurm job 34: COMPLETED on n1, restarted 3 times\n"));
  EXPECT_THAT(line({"34", "", "", "", {}}), HasSubstr("\nSlurm job 34: it has ended, and Slurm has forgotten it\n"));
}

TEST(Overview, IsSaidOfARunThatNobodyHasBegun) {
  const test::TempFolder folder;
  const auto now = look_at({folder.path() / "run"}, now_s);
  EXPECT_EQ(now.state, "none");
  EXPECT_THAT(report::status_text(now), HasSubstr("no job has begun it yet"));
}

TEST(SlurmAnswers, AreRead) {
  // As scontrol of Slurm 22.05 prints it, shortened.
  const auto job = parse_scontrol(
      "JobId=12 JobName=Reason=odd UserId=root(0) JobState=RUNNING Reason=None Dependency=(null) Requeue=1 Restarts=2 BatchFlag=1 "
      "RunTime=00:00:05 Partition=low ReqNodeList=(null) ExcNodeList=(null) NodeList=n[1-2] BatchHost=n1 Command=/x/pecia.sbatch\n");
  ASSERT_TRUE(job);
  EXPECT_EQ(job->job, "12");
  EXPECT_EQ(job->state, "RUNNING");
  EXPECT_EQ(job->reason, "");
  EXPECT_EQ(job->nodes, "n[1-2]");
  EXPECT_EQ(job->restarts, 2u);
  EXPECT_FALSE(parse_scontrol("slurm_load_jobs error: Invalid job id specified\n"));
  EXPECT_FALSE(parse_scontrol(""));

  const auto waiting = parse_squeue("12|PENDING|Resources|\n");
  ASSERT_TRUE(waiting);
  EXPECT_EQ(waiting->state, "PENDING");
  EXPECT_EQ(waiting->reason, "Resources");
  EXPECT_FALSE(waiting->restarts);
  EXPECT_FALSE(parse_squeue("squeue: error\n"));
}

}  // namespace overview_test
