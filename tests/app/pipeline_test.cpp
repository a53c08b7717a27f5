// The threads of one rank: what the journal knows of pages that wait for another attempt.
#include "pipeline.hpp"

#include "app/page_readers_fixture.hpp"
#include "pecia/store/in_flight.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

namespace pecia::app::test {
namespace pipeline_test {

class PipelineTest : public PageReadersTest {
 protected:
  PipelineTest() {
    manifest_ = corpus::load_manifest(run_.manifest());
    script_.answer = [this](const std::string&, std::uint64_t, Rung) {
      script_.answers = false;  // the next attempt stays in the engine
      return failure_of(Reason::engine_crashed);
    };
    task_.page = {0, 3};
    task_.index = 2;
    task_.alone = true;
  }
  void delay(double seconds) {
    for (auto& rule : job_.retries.rules) {
      if (rule.reason == Reason::engine_crashed) rule.delay_s = seconds;
    }
  }
  [[nodiscard]] PipelineSettings settings() { return {settings_, ::pecia::test::writer_settings(run_)}; }
  [[nodiscard]] std::vector<store::InFlightPage> in_flight() const {
    const auto ranks = store::pages_in_flight(run_);
    return ranks.empty() ? std::vector<store::InFlightPage>{} : ranks[0].open;
  }
  std::size_t attempts() {
    const std::lock_guard lock{script_.mutex};
    return script_.tries[2].size();
  }
  template <class Condition>
  static bool holds(Condition condition) {
    for (int n = 0; n < 4000 && !condition(); ++n) std::this_thread::sleep_for(milliseconds{5});
    return condition();
  }
  /// The next event of this kind; others are passed over.
  template <class Kind>
  static std::optional<Kind> next(Pipeline& pipeline) {
    for (int n = 0; n < 2000; ++n) {
      if (const auto event = pipeline.next_event(milliseconds{10}); event && std::holds_alternative<Kind>(*event))
        return std::get<Kind>(*event);
    }
    return std::nullopt;
  }
  ::pecia::test::TempFolder folder_;
  store::RunPaths run_ = ::pecia::test::made_run(folder_.path(), 1, pages);
  plan::Task task_;
};

TEST_F(PipelineTest, APageThatIsReadAloneIsNotInFlightWhileItWaitsForAnotherAttempt) {
  delay(3600);
  Pipeline pipeline{settings(), milliseconds{5000}};
  pipeline.start(task_);
  ASSERT_TRUE(holds([&] { return attempts() == 1 && in_flight().empty(); }));
  pipeline.stopping();
  const auto returned = next<Returned>(pipeline);
  ASSERT_TRUE(returned) << "nobody waits for it when the job is to end";
  EXPECT_EQ(returned->task.index, 2U);
}

TEST_F(PipelineTest, AndIsInFlightAloneAgainOnceItIsDue) {
  delay(0.2);
  Pipeline pipeline{settings(), milliseconds{5000}};
  pipeline.start(task_);
  ASSERT_TRUE(holds([&] { return attempts() == 2; }));
  const auto open = in_flight();
  ASSERT_EQ(open.size(), 1U);
  EXPECT_TRUE(open[0].alone);
  EXPECT_EQ(open[0].key.page, 3U);
}

TEST_F(PipelineTest, APageThatIsTakenBackWhileItWaitsForAnotherAttemptComesBackAtOnce) {
  delay(3600);
  Pipeline pipeline{settings(), milliseconds{5000}};
  pipeline.start(task_);
  ASSERT_TRUE(holds([&] { return attempts() == 1 && in_flight().empty(); }));
  pipeline.take_back(2);
  EXPECT_TRUE(next<Returned>(pipeline));
}

TEST_F(PipelineTest, PagesThatWaitForAnotherAttemptHoldUpNoOtherOfTheirRank) {
  delay(3600);
  script_.answer = [](const std::string&, std::uint64_t ticket, Rung) -> Answer {
    if (ticket < 4) return failure_of(Reason::engine_crashed);
    return reading_of("good");
  };
  plan::Share share;
  for (std::uint32_t n = 0; n < pages; ++n) share.tasks.push_back({{0, n + 1}, 1, 0, n});
  sched::Settings scheduling;
  scheduling.prefetch = 1;
  sched::JobSize size;
  size.pages = size.manifest_pages = pages;
  sched::Scheduler scheduler{scheduling, share, size};
  Pipeline pipeline{settings(), milliseconds{5000}};
  scheduler.on_time(0);
  std::vector<std::uint32_t> committed;
  for (int n = 0; n < 1000 && committed.size() < 2; ++n) {
    while (const auto task = scheduler.next_page()) pipeline.start(*task);
    const auto event = pipeline.next_event(milliseconds{10});
    if (!event) continue;
    if (const auto* aside = std::get_if<SetAside>(&*event)) scheduler.on_set_aside(aside->index);
    if (const auto* started = std::get_if<Started>(&*event)) scheduler.on_started(started->index);
    if (const auto* page = std::get_if<Committed>(&*event)) committed.push_back(page->task.index);
  }
  EXPECT_EQ(committed.size(), 2U);
}

TEST_F(PipelineTest, APageThatWasTriedIsNotCalledBackUnlessTheJobIsToEnd) {
  delay(3600);
  task_.alone = false;
  Pipeline pipeline{settings(), milliseconds{5000}};
  pipeline.start(task_);
  ASSERT_TRUE(next<SetAside>(pipeline));
  EXPECT_TRUE(pipeline.recall(false).empty());
  EXPECT_EQ(pipeline.recall(true).size(), 1U);
}

TEST_F(PipelineTest, APageThatComesBackWithItsEngineBringsItsAttemptsAlong) {
  delay(3600);
  task_.alone = false;
  std::atomic<bool> lost{false};
  script_.stepping = [&](const std::string&, int) {
    if (lost) throw engine::LostForGood{"the device is gone"};
  };
  script_.answer = [](const std::string&, std::uint64_t ticket, Rung) -> Answer {
    if (ticket == 2) return failure_of(Reason::engine_crashed);
    return reading_of("good");
  };
  auto before = settings();
  std::string history;
  {
    Pipeline pipeline{before, milliseconds{5000}};
    pipeline.start(task_);
    ASSERT_TRUE(next<SetAside>(pipeline));
    lost = true;
    auto other = task_;
    other.page.page = 4;
    other.index = 3;
    pipeline.start(other);  // an engine without pages is not asked
    for (auto returned = next<Returned>(pipeline); returned; returned = next<Returned>(pipeline)) {
      if (returned->task.index != 2) continue;
      history = returned->history;
      break;
    }
  }
  PageWork work;
  ASSERT_FALSE(history.empty());
  go_on(work, history, job_.retries);
  ASSERT_EQ(work.attempts.size(), 1U);
  EXPECT_EQ(work.attempts[0].reason, Reason::engine_crashed);
  EXPECT_EQ(work.options.rung, Rung::normal);
}

}  // namespace pipeline_test
}  // namespace pecia::app::test
