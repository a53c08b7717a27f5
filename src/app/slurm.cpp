#include "slurm.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <vector>

#include "pecia/base/file.hpp"

namespace pecia::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds slurm_patience{5};

/// Standard output and error together, up to the deadline; the program is ended then. Empty if there is
/// no such program.
std::string output_of(const std::vector<std::string>& command, Clock::time_point deadline) {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return {};
  const UniqueFd from{ends[0]};
  UniqueFd to{ends[1]};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, to.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, to.get(), STDERR_FILENO);
  std::vector<char*> arguments;
  for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  pid_t pid = 0;
  const bool started = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  if (!started) return {};
  to.reset();
  std::string text;
  bool ended = false;
  while (!ended) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
    pollfd readable{from.get(), POLLIN, 0};
    const int ready = left <= 0 ? 0 : ::poll(&readable, 1, static_cast<int>(left));
    if (ready < 0 && errno == EINTR) continue;
    if (ready <= 0) break;
    char buffer[4096];
    const auto got = ::read(from.get(), buffer, sizeof buffer);
    ended = got <= 0;
    if (!ended) text.append(buffer, static_cast<std::size_t>(got));
  }
  if (!ended) ::kill(pid, SIGKILL);
  while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
  }
  return ended ? text : std::string{};
}

}  // namespace

std::optional<report::SlurmJob> ask_slurm(const std::string& job) {
  // It was read from a file: nothing but a number goes onto a command line.
  if (job.empty() || !std::ranges::all_of(job, [](char c) { return c >= '0' && c <= '9'; })) return std::nullopt;
  const auto deadline = Clock::now() + slurm_patience;
  const auto said = output_of({"scontrol", "-o", "show", "job", job}, deadline);
  if (auto known = report::parse_scontrol(said)) return known;
  if (said.find("Invalid job id") != std::string::npos) return report::SlurmJob{job, {}, {}, {}, {}};
  return report::parse_squeue(output_of({"squeue", "-h", "-j", job, "-o", "%i|%T|%r|%N"}, deadline));
}

}  // namespace pecia::app
