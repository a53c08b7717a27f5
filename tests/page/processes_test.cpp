// What is found and ended of the processes that LibreOffice starts.
#include "processes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <functional>
#include <thread>

#include "support/confined.hpp"

namespace pecia::page {
namespace processes_test {

using namespace std::chrono_literals;

/// Waits to be killed, and ends soon after the test if it never is.
[[noreturn]] void waits() {
  ::alarm(30);
  while (true) ::pause();
}

pid_t in_a_copy(const std::function<void()>& act) {
  const auto pid = ::fork();
  if (pid == 0) {
    act();
    ::_exit(0);
  }
  return pid;
}

/// Its exit status; -1 if it was killed, or had not ended in time and is killed.
int status_of(pid_t pid, std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  int status = -1;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > until) test::end_process(pid);
    std::this_thread::sleep_for(5ms);
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(Processes, ThoseThatAThreadHasStartedDescendToo) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const auto child = in_a_copy([&] {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    std::thread other{[&] {
      const auto started = in_a_copy(waits);
      (void)!::write(pipe[1], &started, sizeof started);
      ::waitpid(started, nullptr, 0);
    }};
    other.join();
  });
  pid_t of_thread = -1;
  ASSERT_EQ(::read(pipe[0], &of_thread, sizeof of_thread), static_cast<ssize_t>(sizeof of_thread));
  const auto found = descendants();
  test::end_process(of_thread);
  EXPECT_EQ(status_of(child, 5s), 0);
  for (const int fd : pipe) ::close(fd);
  if (std::ranges::find(found, child) == found.end())
    GTEST_SKIP() << "this /proc tells of no children";
  EXPECT_THAT(found, testing::Contains(of_thread));
}

TEST(Processes, AreEndedInWhateverSession) {
  const auto child = in_a_copy([] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    in_a_copy([] {
      ::setsid();
      in_a_copy(waits);
      waits();
    });
    std::this_thread::sleep_for(50ms);
    end_descendants();
    ::_exit(::waitpid(-1, nullptr, WNOHANG) < 0 ? 7 : 1);
  });
  EXPECT_EQ(status_of(child, 30s), 7);
}

TEST(Processes, WhereProcDoesNotTellWaitingEndsAll) {
  const auto child = in_a_copy([] {
    in_a_copy(waits);
    end_descendants(100ms, "/no/such/proc");
    ::_exit(7);
  });
  EXPECT_EQ(status_of(child, 5s), 7) << "it waits for ever";
}

TEST(Processes, WhereProcDoesNotTellAGroupIsEnded) {
  const auto child = in_a_copy([] {
    ::prctl(PR_SET_CHILD_SUBREAPER, 1);
    const auto leader = in_a_copy([] {
      ::setpgid(0, 0);
      in_a_copy(waits);
      waits();
    });
    std::this_thread::sleep_for(50ms);
    end_with_group(leader);
    end_descendants(5s, "/no/such/proc");
    ::_exit(::waitpid(-1, nullptr, WNOHANG) < 0 ? 7 : 1);
  });
  EXPECT_EQ(status_of(child, 10s), 7);
}

}  // namespace processes_test
}  // namespace pecia::page
