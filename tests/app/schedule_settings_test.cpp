#include "schedule_settings.hpp"

#include <gtest/gtest.h>

namespace pecia::app {
namespace schedule_settings_test {

TEST(ScheduleSettings, AreTheJobs) {
  Job job;
  job.drain.grace_s = 7;
  job.schedule.stealing = sched::Stealing::page;
  job.schedule.backup = false;
  job.schedule.calibrate = false;
  const auto settings = schedule_settings(job, 8, 3);
  EXPECT_EQ(settings.size, 8);
  EXPECT_EQ(settings.slots, 3);
  EXPECT_GT(settings.prefetch, 3);
  EXPECT_EQ(settings.drain_grace_s, 7);
  EXPECT_EQ(settings.stealing, sched::Stealing::page);
  EXPECT_FALSE(settings.backup);
  EXPECT_FALSE(settings.calibrate);
}

TEST(ScheduleSettings, RankZeroHearsOfAThousandRanksASecondAtMost) {
  EXPECT_EQ(schedule_settings({}, 1, 1).heartbeat_s, 1);
  EXPECT_EQ(schedule_settings({}, 1000, 1).heartbeat_s, 1);
  const auto many = schedule_settings({}, 10'000, 1);
  EXPECT_EQ(many.heartbeat_s, 10);
  EXPECT_EQ(many.suspect_s, 50);
}

TEST(ScheduleSettings, OnlyWhatKnowsShortPagesBeginsWithThem) {
  Job job;
  EXPECT_TRUE(schedule_settings(job, 2, 1).short_first);
  job.schedule.partition = plan::Strategy::block;
  EXPECT_FALSE(schedule_settings(job, 2, 1).short_first);
}

TEST(ScheduleSettings, ManyThreadsHaveMoreDecoders) {
  EXPECT_EQ(decoders_for("tesseract", 1), 1);
  EXPECT_EQ(decoders_for("tesseract", 16), 3);
  EXPECT_EQ(decoders_for("echo", 16), 16);
}

}  // namespace schedule_settings_test
}  // namespace pecia::app
