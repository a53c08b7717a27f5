#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fcntl.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <optional>
#include <thread>

#include "pecia/base/error.hpp"
#include "pecia/base/file.hpp"
#include "pecia/store/run.hpp"
#include "store/made_records.hpp"
#include "support/temp_folder.hpp"

extern char** environ;

namespace pecia::store {
namespace lock_test {

/// A variable of the environment, as long as this lives.
class Environment {
 public:
  Environment(const char* name, const char* value) : name_{name} {
    if (const char* before = std::getenv(name)) before_ = before;
    ::setenv(name, value, 1);
  }
  ~Environment() {
    if (before_)
      ::setenv(name_, before_->c_str(), 1);
    else
      ::unsetenv(name_);
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  const char* name_;
  std::optional<std::string> before_;
};

/// Another process that holds the lock.
class HolderProcess {
 public:
  explicit HolderProcess(const RunPaths& run, std::string option = "") {
    std::array<int, 2> in{}, out{};
    EXPECT_EQ(::pipe2(in.data(), O_CLOEXEC), 0);
    EXPECT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, out[1], STDOUT_FILENO);
    std::string program = PECIA_LOCK_HOLDER, folder = run.root.string();
    std::array<char*, 4> arguments{program.data(), folder.data(),
                                   option.empty() ? nullptr : option.data(), nullptr};
    EXPECT_EQ(posix_spawn(&pid_, program.c_str(), &actions, nullptr, arguments.data(), environ), 0);
    posix_spawn_file_actions_destroy(&actions);
    ::close(in[0]);
    ::close(out[1]);
    in_.reset(in[1]);
    std::array<char, 8> word{};
    EXPECT_GT(::read(out[0], word.data(), 4), 0);
    held_ = std::string_view{word.data(), 4} == "held";
    ::close(out[0]);
  }
  ~HolderProcess() { kill(); }
  HolderProcess(const HolderProcess&) = delete;
  HolderProcess& operator=(const HolderProcess&) = delete;

  void kill() {
    if (pid_ < 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }
  [[nodiscard]] bool held() const { return held_; }
  [[nodiscard]] pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  UniqueFd in_;
  bool held_ = false;
};

class LockTest : public ::testing::Test {
 protected:
  void replace_in_lock(const std::string& what, const std::string& by) {
    auto text = read_file(run_.lock());
    text.replace(text.find(what), what.size(), by);
    std::ofstream{run_.lock()} << text;
  }
  test::TempFolder folder_;
  RunPaths run_ = test::made_run(folder_.path(), 1, 1);
};

TEST_F(LockTest, IsFreeAgainAfterItsHolder) {
  { const RunLock lock{run_, {}}; EXPECT_TRUE(read_holder(run_)); }
  EXPECT_FALSE(read_holder(run_));
  const RunLock again{run_, {}};
  EXPECT_FALSE(again.taken_over());
}

TEST_F(LockTest, OfALivingHolderIsRefusedWithItsName) {
  const HolderProcess holder{run_};
  ASSERT_TRUE(holder.held());
  try {
    const RunLock lock{run_, {}};
    FAIL() << "two hold the run";
  } catch (const UsageError& error) {
    EXPECT_NE(std::string{error.what()}.find("pid " + std::to_string(holder.pid())), std::string::npos) << error.what();
  }
}

TEST_F(LockTest, OfAKilledHolderIsTakenOver) {
  HolderProcess holder{run_};
  ASSERT_TRUE(holder.held());
  holder.kill();
  const RunLock lock{run_, {}};
  EXPECT_TRUE(lock.taken_over());
  EXPECT_EQ(read_holder(run_)->pid, ::getpid());
}

TEST_F(LockTest, OfAKilledHolderThatNobodyHasWaitedForIsTakenOver) {
  const HolderProcess holder{run_};
  ASSERT_TRUE(holder.held());
  ::kill(holder.pid(), SIGKILL);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(holder.pid()), &ended, WEXITED | WNOWAIT), 0);
  const RunLock lock{run_, {}};
  EXPECT_TRUE(lock.taken_over());
}

TEST_F(LockTest, OfAPidThatIsUsedAgainIsTakenOver) {
  HolderProcess holder{run_};
  const auto held = *read_holder(run_);
  replace_in_lock("\"pid_start\": " + std::to_string(held.pid_start), "\"pid_start\": 1");
  const RunLock lock{run_, {}};
  EXPECT_TRUE(lock.taken_over());
}

TEST_F(LockTest, OfAnotherMachineIsTakenOverOnlyWhenItsCounterStands) {
  { const HolderProcess holder{run_};
    replace_in_lock(read_holder(run_)->boot_id, "another-machine"); }
  int asked = 0;
  LockSettings settings;
  settings.takeover_s = 1.5;
  settings.waiting = [&](const std::string&) { return ++asked > 0; };
  const RunLock lock{run_, settings};
  EXPECT_TRUE(lock.taken_over());
  EXPECT_GE(asked, 1);
}

TEST_F(LockTest, OfTheRunThatThisOneWasCopiedFromIsTakenOverThoughItsHolderLives) {
  const HolderProcess holder{run_};
  const RunPaths copy{folder_.path() / "copy"};
  create_run_directory(copy);
  std::filesystem::copy_file(run_.lock(), copy.lock());
  LockSettings settings;
  settings.takeover_s = 1.5;
  const RunLock lock{copy, settings};
  EXPECT_TRUE(lock.taken_over());
}

TEST_F(LockTest, NumbersThatDoNotFitMakeItUnreadable) {
  const HolderProcess holder{run_};
  const auto pid = read_holder(run_)->pid;
  replace_in_lock("\"pid\": " + std::to_string(pid), "\"pid\": 1e300");
  EXPECT_FALSE(read_holder(run_));
}

TEST_F(LockTest, WaitingCanBeStopped) {
  { const HolderProcess holder{run_};
    replace_in_lock(read_holder(run_)->boot_id, "another-machine"); }
  LockSettings settings;
  settings.waiting = [](const std::string&) { return false; };
  EXPECT_THROW((RunLock{run_, settings}), Stopped);
}

TEST_F(LockTest, CanBeBrokenWhereItCannotBeRead) {
  replace_file(run_.lock(), "");  // its maker was killed before it wrote it
  LockSettings breaking;
  breaking.break_lock = true;
  breaking.waiting = [](const std::string&) { return false; };
  const RunLock lock{run_, breaking};
  EXPECT_EQ(read_holder(run_)->pid, ::getpid());
}

TEST_F(LockTest, CanBeBrokenAndTheLoserNotices) {
  LockSettings quick;
  quick.renew_s = 1;  // and not while the other is writing its lock: both are this process, and the disk may take its time
  const RunLock first{run_, quick};
  {
    LockSettings breaking;
    breaking.break_lock = true;
    const RunLock second{run_, breaking};
    EXPECT_TRUE(second.taken_over());
    for (int n = 0; n < 3000 && !first.lost(); ++n) std::this_thread::sleep_for(std::chrono::milliseconds{20});
    EXPECT_TRUE(first.lost());
  }
}

TEST_F(LockTest, CanBeBrokenThoughItsHolderIsJustRenewingIt) {
  const HolderProcess holder{run_};
  ASSERT_TRUE(holder.held());
  const auto counter = read_holder(run_)->counter;
  auto renewed = read_file(run_.lock());
  std::jthread renewing{[&](const std::stop_token& stop) {
    for (auto n = counter; n < counter + 2; ++n) {
      while (!stop.stop_requested() && read_holder(run_).value_or(Holder{}).pid != ::getpid())
        std::this_thread::sleep_for(std::chrono::milliseconds{5});
      if (stop.stop_requested()) return;
      const auto before = fmt::format("\"counter\": {}", n), after = fmt::format("\"counter\": {}", n + 1);
      renewed.replace(renewed.find(before), before.size(), after);
      replace_file(run_.lock(), renewed);
    }
  }};
  LockSettings breaking;
  breaking.break_lock = true;
  breaking.settle_s = 1;
  const RunLock lock{run_, breaking};
  EXPECT_TRUE(lock.taken_over());
}

TEST_F(LockTest, OfALivingStepOfTheSameSlurmJobIsRefused) {
  const Environment job{"SLURM_JOB_ID", "7"};
  std::optional<HolderProcess> holder;
  {
    const Environment step{"SLURM_STEP_ID", "0"};
    holder.emplace(run_);
  }
  ASSERT_TRUE(holder->held());
  const Environment step{"SLURM_STEP_ID", "1"};
  EXPECT_THROW((RunLock{run_, {}}), UsageError);
}

TEST_F(LockTest, OfTheSameSlurmJobIsTakenAtOnceFromAnEarlierStepOrRestartOnly) {
  const Environment job{"SLURM_JOB_ID", "7"}, step{"SLURM_STEP_ID", "10"},
      restart{"SLURM_RESTART_COUNT", "1"};
  {
    const HolderProcess holder{run_};
    replace_in_lock(read_holder(run_)->boot_id, "another-machine");
  }
  const auto gives_up_waiting = [&] {
    LockSettings settings;
    settings.waiting = [](const std::string&) { return false; };
    try {
      const RunLock lock{run_, settings};
      return false;
    } catch (const Stopped&) {
      return true;
    }
  };
  const auto lock_file = read_file(run_.lock());
  const auto with = [&](const char* now_step, const char* now_restart) {
    replace_file(run_.lock(), lock_file);
    const Environment s{"SLURM_STEP_ID", now_step}, r{"SLURM_RESTART_COUNT", now_restart};
    return gives_up_waiting();
  };
  EXPECT_TRUE(with("9", "1")) << "the holder is a later step";
  EXPECT_TRUE(with("10", "1"));
  EXPECT_TRUE(with("11", "0")) << "the holder is a later restart";
  EXPECT_TRUE(with("", "1")) << "the batch step runs beside the others";
  EXPECT_FALSE(with("11", "1"));
  EXPECT_FALSE(with("0", "2"));
}

TEST_F(LockTest, ThatIsGoneIsLostAndNotMadeAgain) {
  LockSettings quick;
  quick.renew_s = 0.02;
  const RunLock lock{run_, quick};
  for (int n = 0; n < 3000 && !lock.lost(); ++n) {
    std::filesystem::remove(run_.lock());  // again: it may just have been renewing it
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  }
  EXPECT_TRUE(lock.lost());
  std::filesystem::remove(run_.lock());
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  EXPECT_FALSE(std::filesystem::exists(run_.lock()));
}

TEST_F(LockTest, OfARunWhoseMountVanishesForAWhileIsKept) {
  LockSettings quick;
  quick.renew_s = 0.02;
  const RunLock lock{run_, quick};
  const auto away = folder_.path() / "away";
  std::filesystem::rename(run_.root, away);
  std::this_thread::sleep_for(std::chrono::milliseconds{200});
  std::filesystem::rename(away, run_.root);
  const auto counter = read_holder(run_)->counter;
  for (int n = 0; n < 3000 && read_holder(run_)->counter == counter; ++n)
    std::this_thread::sleep_for(std::chrono::milliseconds{10});
  EXPECT_NE(read_holder(run_)->counter, counter);
  EXPECT_FALSE(lock.lost());
}

TEST_F(LockTest, BrokenByTwoAtOnceIsHadByOne) {
  { const HolderProcess holder{run_}; }
  std::array<std::unique_ptr<HolderProcess>, 2> holders;
  {
    std::vector<std::jthread> threads;
    for (auto& holder : holders)
      threads.emplace_back([&] { holder = std::make_unique<HolderProcess>(run_, "--break-lock"); });
  }
  EXPECT_NE(holders[0]->held(), holders[1]->held());
}

TEST_F(LockTest, IsHadByOneOfManyWhoStartAtOnce) {
  std::vector<std::unique_ptr<HolderProcess>> holders(4);
  {
    std::vector<std::jthread> threads;
    for (auto& holder : holders) threads.emplace_back([&] { holder = std::make_unique<HolderProcess>(run_); });
  }
  int held = 0;
  for (const auto& holder : holders) held += holder->held() ? 1 : 0;
  EXPECT_EQ(held, 1);
}

}  // namespace lock_test
}  // namespace pecia::store
