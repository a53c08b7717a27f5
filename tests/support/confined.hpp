#pragma once

#include <linux/seccomp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

namespace pecia::test {

/// Whether this kernel has all that a sandbox takes, by its own word: what the code under test says of it proves nothing.
inline bool kernel_confines() {
  constexpr long landlock_create_ruleset = 444, asks_for_version = 1;
  const std::uint32_t action = SECCOMP_RET_ERRNO;
  return ::syscall(landlock_create_ruleset, nullptr, 0, asks_for_version) > 0 &&
         ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

/// Kills one process. Never by kill alone in a test: of a child that is gone, whose number is -1, that kills all there are.
inline void end_process(pid_t pid) {
  if (pid <= 1) throw std::runtime_error{"there is no such process to end"};
  ::kill(pid, SIGKILL);
}

/// proc_pid_stat(5): 'T' of a process that is stopped; '?' where it is not there.
inline char state_of(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/stat"};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto name_ends = text.rfind(')');
  return name_ends == std::string::npos || name_ends + 2 >= text.size() ? '?' : text[name_ends + 2];
}

/// Stops one process, and waits until it is: the signal alone lets it go on with what it is just being sent.
inline void stop_process(pid_t pid) {
  if (pid <= 1 || ::kill(pid, SIGSTOP) != 0) throw std::runtime_error{"there is no such process to stop"};
  while (state_of(pid) != 'T') {
    if (state_of(pid) == '?' || state_of(pid) == 'Z') throw std::runtime_error{"the process ended before it stopped"};
    ::usleep(1000);
  }
}

/// What /proc says of a process, as far as it tells of a sandbox: "NoNewPrivs 1, Seccomp 2".
inline std::string confinement_of(pid_t pid) {
  std::ifstream in{"/proc/" + std::to_string(pid) + "/status"};
  std::string privileges, filter;
  for (std::string key, value; in >> key && std::getline(in, value);) {
    if (key == "NoNewPrivs:") privileges = value.substr(value.find_first_not_of(" \t"));
    if (key == "Seccomp:") filter = value.substr(value.find_first_not_of(" \t"));
  }
  return "NoNewPrivs " + privileges + ", Seccomp " + filter;
}

/// What `PROGRAM --sandbox FILE` says.
inline std::string sandbox_of(const std::filesystem::path& program, const std::filesystem::path& file) {
  FILE* pipe = ::popen(("'" + program.string() + "' --sandbox '" + file.string() + "' 2>&1").c_str(), "r");
  std::string text;
  std::array<char, 4096> buffer{};
  while (const auto got = std::fread(buffer.data(), 1, buffer.size(), pipe)) text.append(buffer.data(), got);
  ::pclose(pipe);
  return text;
}

}  // namespace pecia::test
