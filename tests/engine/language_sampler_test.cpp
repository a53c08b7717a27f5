#include "pecia/engine/language_sampler.hpp"

#include <gtest/gtest.h>
#include <signal.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <thread>

#include "engine/engine_contract.hpp"
#include "pecia/base/stop.hpp"
#include "support/temp_folder.hpp"

namespace pecia {
namespace language_sampler_test {

using engine::LanguageSample;

TEST(LanguageSampler, LooksInAProcessOfItsOwn) {
  const std::atomic<bool> cancelled{false};
  engine::LanguageSampler sampler{cancelled};
  const auto seen = sampler.look(test::text_page(), {"eng"});
  ASSERT_EQ(seen.scores.size(), 1U);
  EXPECT_EQ(seen.scores[0].language, "eng");
  EXPECT_GT(seen.scores[0].confidence, 0.7F);
  const auto unknown = sampler.look(test::text_page(), {"xyz"});
  EXPECT_TRUE(unknown.scores.empty());
  EXPECT_EQ(sampler.look(test::text_page(), {"eng"}).scores.size(), 1U) << "it goes on";
}

bool becomes_true(const std::function<bool()>& condition) {
  for (int n = 0; n < 1000; ++n) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  return false;
}

TEST(LanguageSampler, HasOneProcessForAllThreadsWhichOutlivesThem) {
  const std::atomic<bool> cancelled{false};
  engine::LanguageSampler sampler{cancelled};
  const auto page = test::text_page();
  const auto look = [&] {
    EXPECT_EQ(sampler.look(page, {"eng"}).scores.size(), 1U);
    return sampler.child_pids().at(0);
  };
  std::set<pid_t> processes;
  for (int n = 0; n < 2; ++n) {
    auto one = std::async(std::launch::async, look), other = std::async(std::launch::async, look);
    processes.insert({one.get(), other.get()});
  }
  EXPECT_EQ(processes.size(), 1U);
  EXPECT_GT(*processes.begin(), 0);
}

TEST(LanguageSampler, SeesTheSameInEachOfItsProcesses) {
  const std::atomic<bool> cancelled{false};
  engine::LanguageSampler sampler{cancelled, 3};
  const auto page = test::text_page();
  const auto look = [&] { return sampler.look(page, {"eng", "fra"}); };
  std::vector<std::future<LanguageSample>> looking;
  for (int n = 0; n < 6; ++n) looking.push_back(std::async(std::launch::async, look));
  const auto first = looking[0].get();
  ASSERT_FALSE(first.scores.empty());
  for (std::size_t n = 1; n < looking.size(); ++n) {
    const auto other = looking[n].get();
    ASSERT_EQ(other.scores.size(), first.scores.size());
    for (std::size_t score = 0; score < first.scores.size(); ++score) {
      EXPECT_EQ(other.scores[score].confidence, first.scores[score].confidence);
      EXPECT_EQ(other.scores[score].known, first.scores[score].known);
    }
  }
}

TEST(LanguageSampler, EndsItsProcessWhenNothingIsAskedForSomeTime) {
  const std::atomic<bool> cancelled{false};
  engine::LanguageSampler sampler{cancelled, 1, std::chrono::seconds{2}};
  const auto page = test::text_page();
  (void)sampler.look(page, {"eng"});
  const auto first = sampler.child_pids().at(0);
  ASSERT_GT(first, 1);
  EXPECT_TRUE(becomes_true([&] { return sampler.child_pids().empty(); }));
  EXPECT_NE(kill(first, 0), 0) << "it is still there";
  EXPECT_EQ(sampler.look(page, {"eng"}).scores.size(), 1U) << "another one is started";
}

/// What runs in place of pecia-tesseract.
class FakeSampler : public ::testing::Test {
 protected:
  FakeSampler() {
    if (const char* before = std::getenv("PECIA_LIBEXEC_DIR")) kept_ = before;
    setenv("PECIA_LIBEXEC_DIR", folder_.path().c_str(), 1);
  }
  ~FakeSampler() override {
    if (kept_)
      setenv("PECIA_LIBEXEC_DIR", kept_->c_str(), 1);
    else
      unsetenv("PECIA_LIBEXEC_DIR");
  }
  void becomes(const std::string& script) {
    const auto program = folder_.path() / "pecia-tesseract";
    std::ofstream{program} << "#!/bin/sh\n" << script << "\n";
    std::filesystem::permissions(program, std::filesystem::perms::owner_all);
  }

  const std::atomic<bool> cancelled_{false};
  engine::LanguageSampler sampler_{cancelled_};
  test::TempFolder folder_;

 private:
  std::optional<std::string> kept_;
};

TEST_F(FakeSampler, ThatDiesIsDoneWithout) {
  becomes("exit 1");
  EXPECT_TRUE(sampler_.look(test::text_page(), {"eng"}).scores.empty());
}

TEST_F(FakeSampler, ThatTakesTooLongIsEndedAndNotAskedAgain) {
  const auto started = folder_.path() / "started";
  becomes("echo >> " + started.string() + "; while :; do :; done");
  const auto seen = sampler_.look(test::text_page(), {"eng"}, 0.5);
  EXPECT_TRUE(seen.scores.empty());
  EXPECT_EQ(seen.cpu_s, 0.5) << "all that there was";
  EXPECT_TRUE(sampler_.child_pids().empty());
  EXPECT_EQ(std::filesystem::file_size(started), 1U) << "one line for each start";
}

TEST_F(FakeSampler, CostsAPageWhatItUsedSinceItGotThePage) {
  const auto started = folder_.path() / "started";
  // Its first start takes far more than the second start and the page together, under sanitizers too.
  becomes("[ -e " + started.string() + " ] || { n=0; while [ $n -lt 5000000 ]; do n=$((n+1)); done; }; echo >> " + started.string() +
          "; exec " PECIA_BIN_DIR "/pecia-tesseract \"$@\"");
  const auto first = sampler_.look(test::text_page(), {"eng"});
  ASSERT_EQ(first.scores.size(), 1U);
  const auto pid = sampler_.child_pids().at(0);
  ASSERT_GT(pid, 1);  // of -1, kill is for all
  ASSERT_EQ(kill(pid, SIGKILL), 0);
  const double most_cpu_s = 0.8 * first.cpu_s;
  const auto second = sampler_.look(test::text_page(), {"eng"}, most_cpu_s);
  EXPECT_EQ(second.scores.size(), 1U) << "its next process is asked, too";
  EXPECT_LT(second.cpu_s, most_cpu_s);
  EXPECT_EQ(std::filesystem::file_size(started), 2U) << "one line for each start";
}

TEST_F(FakeSampler, IsStartedForEachPageThatNoOtherIsFreeForUpToSoMany) {
  becomes("sleep 30");
  std::atomic<bool> stopped{false};
  engine::LanguageSampler sampler{stopped, 2};
  std::vector<std::future<void>> looking;
  for (int n = 0; n < 3; ++n)
    looking.push_back(std::async(std::launch::async, [&] { (void)sampler.look(test::text_page(), {"eng"}); }));
  EXPECT_TRUE(becomes_true([&] { return sampler.child_pids().size() == 2; }));
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  EXPECT_EQ(sampler.child_pids().size(), 2U);
  stopped = true;
  for (auto& one : looking) EXPECT_THROW(one.get(), Stopped);
}

TEST_F(FakeSampler, IsNotWaitedForByWhoIsToStop) {
  becomes("sleep 30");
  std::atomic<bool> stopped{false};
  engine::LanguageSampler sampler{stopped};
  auto looking = std::async(std::launch::async, [&] { (void)sampler.look(test::text_page(), {"eng"}); });
  EXPECT_TRUE(becomes_true([&] { return !sampler.child_pids().empty(); }));
  stopped = true;
  EXPECT_THROW(looking.get(), Stopped);
  EXPECT_THROW((void)sampler.look(test::text_page(), {"eng"}), Stopped);
}

}  // namespace language_sampler_test
}  // namespace pecia
