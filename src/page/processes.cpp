#include "processes.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>

namespace pecia::page {
namespace {

namespace fs = std::filesystem;

constexpr int look_every_us = 10'000;

/// Of all its threads: what one of them has started is a child of that thread alone (proc(5)).
void append_children(const fs::path& proc, pid_t of, std::vector<pid_t>& all) {
  std::error_code gone;
  for (fs::directory_iterator thread{proc / std::to_string(of) / "task", gone}, end;
       !gone && thread != end; thread.increment(gone)) {
    std::ifstream in{thread->path() / "children"};
    for (pid_t pid = 0; in >> pid && pid > 1;) all.push_back(pid);
  }
}

/// proc_pid_stat(5): after the name, which is in parentheses and may hold anything, the state is
/// field 3, and utime, stime, cutime, cstime are fields 14 to 17.
double cpu_s(pid_t pid) {
  std::ifstream in{fmt::format("/proc/{}/stat", pid)};
  const std::string text{std::istreambuf_iterator<char>{in}, {}};
  const auto name_ends = text.rfind(')');
  if (name_ends == std::string::npos) return 0;
  std::istringstream fields{text.substr(name_ends + 1)};
  std::string passed_over;
  for (int field = 3; field < 14; ++field) fields >> passed_over;
  double ticks = 0;
  for (int field = 14; field <= 17; ++field) {
    double value = 0;
    if (fields >> value) ticks += value;
  }
  return ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

}  // namespace

std::vector<pid_t> descendants(const fs::path& proc) {
  std::vector<pid_t> all;
  append_children(proc, ::getpid(), all);
  for (std::size_t n = 0; n < all.size(); ++n) append_children(proc, all[n], all);
  return all;
}

double cpu_of_descendants_s(const std::vector<pid_t>& descendants) {
  rusage used{};
  ::getrusage(RUSAGE_CHILDREN, &used);
  double sum_s = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 1e-6 * static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
  for (const auto pid : descendants) sum_s += cpu_s(pid);
  return sum_s;
}

void end_with_group(pid_t leader) {
  if (leader <= 1) return;
  ::kill(-leader, SIGKILL);
  ::kill(leader, SIGKILL);
}

void end_descendants(std::chrono::milliseconds patience, const fs::path& proc) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (std::chrono::steady_clock::now() < until) {
    // Those that are started meanwhile, and those whose parents have ended, are seen by the next
    // turn.
    for (const auto pid : descendants(proc)) ::kill(pid, SIGKILL);
    while (true) {
      const auto ended = ::waitpid(-1, nullptr, WNOHANG);
      if (ended < 0 && errno == ECHILD) return;
      if (ended <= 0) break;
    }
    ::usleep(look_every_us);
  }
}

}  // namespace pecia::page
