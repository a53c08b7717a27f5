#include "holder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <ctime>
#include <sstream>

#include "pecia/base/file.hpp"

namespace holder_test {

using namespace pecia;
using report::life_of;
using report::Status;
using store::Holder;
using testing::HasSubstr;
using testing::StartsWith;

constexpr std::int64_t noon_s = 1'700'000'000 / 86'400 * 86'400 + 12 * 3600;

/// In UTC, so that times of day can be told.
class HolderOfARun : public testing::Test {
 protected:
  HolderOfARun() {
    ::setenv("TZ", "UTC", 1);
    ::tzset();
  }
};

Holder elsewhere() {
  Holder holder;
  holder.host = "h1";
  holder.boot_id = "another boot";
  holder.pid = 12;
  holder.slurm_job = "34";
  return holder;
}

/// This very process.
Holder here() {
  Holder holder = elsewhere();
  char host[256] = {};
  ::gethostname(host, sizeof host - 1);
  holder.host = host;
  holder.boot_id = read_file("/proc/sys/kernel/random/boot_id");
  holder.boot_id.pop_back();
  holder.pid = ::getpid();
  const auto stat = read_file("/proc/self/stat");
  std::istringstream fields{stat.substr(stat.rfind(')') + 2)};  // from field 3 on
  std::string field;
  for (int n = 3; n <= 22; ++n) fields >> field;
  holder.pid_start = std::stoull(field);
  return holder;
}

Status status_of(const Holder& holder, std::int64_t written_s, std::string state = "running") {
  Status status;
  status.state = std::move(state);
  status.host = holder.host;
  status.pid = holder.pid;
  status.written_s = written_s;
  return status;
}

TEST_F(HolderOfARun, IsAbsentAfterAnOrderlyEnd) {
  EXPECT_EQ(life_of({}, {}, noon_s).text, "not running; no job has written its status here");
  EXPECT_EQ(life_of({}, status_of(here(), noon_s - 60, "complete"), noon_s).text,
            "not running; complete since 11:59");
  EXPECT_EQ(life_of({}, status_of(here(), noon_s - 86'400, "complete"), noon_s).text,
            "not running; complete since 2023-11-13 12:00");
  EXPECT_THAT(life_of({}, status_of(here(), noon_s, "unfinished"), noon_s).text,
              HasSubstr("run it again"));
  auto failed = status_of(here(), noon_s, "failed");
  failed.message = "the disk is full";
  EXPECT_EQ(life_of({}, failed, noon_s).text,
            "not running; the last job failed at 12:00: the disk is full");
}

TEST_F(HolderOfARun, IsLookedForOnItsOwnHost) {
  const auto life = life_of(here(), status_of(here(), noon_s - 5), noon_s);
  EXPECT_TRUE(life.running);
  EXPECT_TRUE(life.status_is_current);
  EXPECT_EQ(life.text, "running on " + here().description());
}

TEST_F(HolderOfARun, IsFoundDeadOnItsOwnHost) {
  auto dead = here();
  dead.pid_start += 1;  // its pid is another process's now
  const auto life = life_of(dead, status_of(dead, noon_s), noon_s);
  EXPECT_FALSE(life.running);
  EXPECT_THAT(life.text, StartsWith("not running; " + dead.description() +
                                    " ended without giving the run back"));
}

TEST_F(HolderOfARun, IsNotLookedForInAnotherContainerOfThisMachine) {
  auto dead = here();
  dead.host = "container";
  dead.pid_start += 1;
  EXPECT_TRUE(life_of(dead, status_of(dead, noon_s), noon_s).running);
}

TEST_F(HolderOfARun, IsBelievedElsewhereWhileItWrites) {
  const auto life = life_of(elsewhere(), status_of(elsewhere(), noon_s - 60, "draining"), noon_s);
  EXPECT_TRUE(life.running);
  EXPECT_EQ(life.text, "draining on " + elsewhere().description());
}

TEST_F(HolderOfARun, IsStaleElsewhereWhenItHasStoppedWriting) {
  const auto life = life_of(elsewhere(), status_of(elsewhere(), noon_s - 600), noon_s);
  EXPECT_FALSE(life.running);
  EXPECT_TRUE(life.stale);
  EXPECT_THAT(life.text, StartsWith("stale since 11:50: " + elsewhere().description()));
  EXPECT_THAT(life.text, HasSubstr("10 min"));
}

TEST_F(HolderOfARun, IsSilentHereWhenItLivesAndDoesNotWrite) {
  const auto life = life_of(here(), status_of(here(), noon_s - 600), noon_s);
  EXPECT_TRUE(life.running);
  EXPECT_THAT(life.text, HasSubstr("silent since 11:50"));
}

TEST_F(HolderOfARun, IsNotJudgedByTheStatusOfAnEarlierJob) {
  auto earlier = status_of(elsewhere(), noon_s - 99'999, "complete");
  earlier.pid = 11;
  const auto life = life_of(elsewhere(), earlier, noon_s);
  EXPECT_TRUE(life.running);
  EXPECT_FALSE(life.status_is_current);
  EXPECT_EQ(life.text, "held by " + elsewhere().description() + ", which has not begun to read");
}

TEST_F(HolderOfARun, IsEndingWhenItHasWrittenItsLastStatus) {
  EXPECT_THAT(life_of(here(), status_of(here(), noon_s, "complete"), noon_s).text,
              StartsWith("ending on "));
}

}  // namespace holder_test
