#include "store_thread.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "pecia/store/contents.hpp"
#include "store/made_records.hpp"
#include "support/file_size_limit.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app {
namespace store_thread_test {

using test::FileSizeLimit;
using test::made_key;
using test::made_outcome;

constexpr std::uint32_t pages = 5;
constexpr std::chrono::seconds patience{60};

class StoreThreadTest : public ::testing::Test {
 protected:
  StoreSettings settings(OnFull on_full) {
    StoreSettings made{test::writer_settings(run_), Sync::page, 2, on_full, {StorageWait::Seconds{0.02}, StorageWait::Seconds{0.1}}};
    return made;
  }
  void put(StoreThread& thread, std::uint32_t page) {
    plan::Task task;
    task.index = page;
    thread.put({task, made_key(1, page), made_outcome(page)});
  }
  /// The next event, which must be of this kind.
  template <class Kind>
  Kind next() {
    const auto event = events_.pop(patience);
    EXPECT_TRUE(event && std::holds_alternative<Kind>(*event));
    return event && std::holds_alternative<Kind>(*event) ? std::get<Kind>(*event) : Kind{};
  }
  test::TempFolder folder_;
  store::RunPaths run_ = test::made_run(folder_.path(), 1, pages);
  EventQueue events_;
};

TEST_F(StoreThreadTest, CommitsWhatIsPut) {
  StoreThread thread{settings(OnFull::drain), events_, [] { return false; }};
  put(thread, 1);
  EXPECT_EQ(next<Committed>().task.index, 1U);
  thread.close(true);
  EXPECT_EQ(next<Closed>().written.shards.size(), 1U);
}

TEST_F(StoreThreadTest, SaysWhatIsTheEnginesFault) {
  StoreThread thread{settings(OnFull::drain), events_, [] { return false; }};
  std::uint32_t page = 0;
  for (const auto reason : {Reason::engine_crashed, Reason::engine_failed, Reason::engine_lost, Reason::unreadable}) {
    plan::Task task;
    task.index = ++page;
    result::PageOutcome outcome;
    outcome.state = result::State::failed;
    outcome.reason = reason;
    thread.put({task, made_key(1, page), outcome});
    EXPECT_EQ(next<Committed>().end, reason == Reason::unreadable ? sched::PageEnd::failed : sched::PageEnd::engine_failed)
        << name(reason);
  }
}

TEST_F(StoreThreadTest, AFullDiskEndsItWithPagesReturnedAndHowMuchRoomIsNeeded) {
  StoreThread thread{settings(OnFull::drain), events_, [] { return false; }};
  thread.set_pages_left(5);
  put(thread, 1);
  (void)next<Committed>();
  {
    const FileSizeLimit full{0};
    put(thread, 2);
    const auto failed = next<Failed>();
    EXPECT_EQ(failed.status, sched::ExitStatus::unfinished);
    EXPECT_NE(failed.why.find(run_.journal().string()), std::string::npos) << failed.why;
    EXPECT_NE(failed.why.find("The 5 pages that this rank has left will need about"), std::string::npos) << failed.why;
    EXPECT_EQ(next<Returned>().task.index, 2U);
    put(thread, 3);
    EXPECT_EQ(next<Returned>().task.index, 3U);
    thread.close(false);
    EXPECT_EQ(next<Closed>().written.segments.size(), 1U);
  }
  EXPECT_EQ(store::Contents{run_}.rows().size(), 1U);
}

TEST_F(StoreThreadTest, WaitsForAFullDiskAndGoesOn) {
  StoreThread thread{settings(OnFull::wait), events_, [] { return false; }};
  {
    const FileSizeLimit full{0};
    for (std::uint32_t page = 1; page <= pages; ++page) put(thread, page);
    EXPECT_FALSE(events_.pop(std::chrono::milliseconds{300})) << "neither committed nor failed";
  }
  for (std::uint32_t page = 1; page <= pages; ++page) EXPECT_EQ(next<Committed>().task.index, page);
  thread.close(true);
  (void)next<Closed>();
  const store::Contents contents{run_};
  EXPECT_EQ(contents.rows().size(), pages);
  EXPECT_EQ(contents.superseded(), 0U);
}

TEST_F(StoreThreadTest, WaitsInSealing) {
  StoreThread thread{settings(OnFull::wait), events_, [] { return false; }};
  put(thread, 1);
  (void)next<Committed>();
  {
    const FileSizeLimit full{0};
    thread.close(true);
    EXPECT_FALSE(events_.pop(std::chrono::milliseconds{300}));
  }
  EXPECT_EQ(next<Closed>().written.shards.size(), 1U);
}

TEST_F(StoreThreadTest, WaitsNoMoreOnceTheRunStops) {
  StoreThread thread{settings(OnFull::wait), events_, [] { return false; }};
  const FileSizeLimit full{0};
  put(thread, 1);
  EXPECT_FALSE(events_.pop(std::chrono::milliseconds{100}));
  thread.stopping();
  EXPECT_EQ(next<Failed>().status, sched::ExitStatus::unfinished);
  EXPECT_EQ(next<Returned>().task.index, 1U);
}

TEST_F(StoreThreadTest, IsBackedUpByOutcomesThatCannotBeCommitted) {
  auto small = settings(OnFull::wait);
  small.writer.shard_pages = 2;
  StoreThread thread{small, events_, [] { return false; }};
  {
    const FileSizeLimit full{0};
    for (std::uint32_t page = 1; page <= 3; ++page) put(thread, page);
    EXPECT_FALSE(thread.backed_up());
    put(thread, 4);
    EXPECT_TRUE(thread.backed_up());
  }
  for (int n = 0; n < 4; ++n) (void)next<Committed>();
  EXPECT_FALSE(thread.backed_up());
}

TEST_F(StoreThreadTest, WhoIsToldToStopReleasesAllAndNotesNoMoreStarts) {
  StoreThread thread{settings(OnFull::drain), events_, [] { return false; }};
  thread.started({made_key(1, 1), 0, false});
  put(thread, 5);  // behind it, the start is written
  (void)next<Committed>();
  EXPECT_EQ(store::pages_in_flight(run_).size(), 1U);
  thread.stopping();
  thread.started({made_key(1, 2), 0, false});
  put(thread, 4);
  (void)next<Committed>();
  const auto ranks = store::pages_in_flight(run_);
  ASSERT_EQ(ranks.size(), 1U);
  EXPECT_TRUE(ranks[0].open.empty());
  EXPECT_TRUE(ranks[0].told_to_stop);
}

TEST_F(StoreThreadTest, AnIndexThatCannotBeWrittenLeavesTheRunUnfinished) {
  const auto epoch = store::take_next_epoch(run_);
  auto here = settings(OnFull::drain);
  here.writer.epoch = epoch;
  StoreThread thread{here, events_, [] { return false; }};
  put(thread, 1);
  (void)next<Committed>();
  thread.close(true);
  (void)next<Closed>();
  {
    const FileSizeLimit full{10};
    thread.bind({});
    const auto bound = next<Bound>();
    EXPECT_EQ(bound.status, sched::ExitStatus::unfinished);
    EXPECT_NE(bound.problem, "");
  }
  thread.bind({});
  EXPECT_EQ(next<Bound>().problem, "");
}

}  // namespace store_thread_test
}  // namespace pecia::app
