#include "events.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <memory>

#include "rules.hpp"

namespace shim {
namespace {

std::string environment(const char* name) {
  const char* value = std::getenv(name);
  return value ? value : "";
}

struct Settings {
  std::string root = environment("PECIA_SHIM_ROOT");
  std::string log = environment("PECIA_SHIM_LOG");
  std::string keep = environment("PECIA_SHIM_KEEP");
  std::vector<Rule> rules = parse_rules(environment("PECIA_SHIM_RULES"));
};

Settings& settings() {
  static auto* is = std::make_unique<Settings>().release();  // threads may write while statics are destroyed
  return *is;
}

std::atomic<long long> clock_offset{0};

void stall(double seconds) {
  timespec left{static_cast<time_t>(seconds),
                static_cast<long>((seconds - static_cast<double>(static_cast<long>(seconds))) * 1e9)};
  while (::nanosleep(&left, &left) != 0 && errno == EINTR) {
  }
}

/// Field 6 of /proc/PID/stat; -1 if it is gone.
long session_of(const char* pid) {
  const auto path = std::string{"/proc/"} + pid + "/stat";
  std::FILE* file = std::fopen(path.c_str(), "re");
  if (!file) return -1;
  char text[1024] = {};
  const auto got = std::fread(text, 1, sizeof text - 1, file);
  std::fclose(file);
  const std::string stat{text, got};
  const auto name_end = stat.rfind(')');
  long parent = 0, group = 0, session = -1;
  char state = 0;
  if (name_end == std::string::npos ||
      std::sscanf(stat.c_str() + name_end + 1, " %c %ld %ld %ld", &state, &parent, &group, &session) != 4)
    return -1;
  return state == 'Z' ? -1 : session;
}

/// All but ourselves. Returns how many.
int kill_session_mates() {
  int killed = 0;
  const auto session = ::getsid(0);
  DIR* processes = ::opendir("/proc");
  if (!processes) return 0;
  while (const auto* entry = ::readdir(processes)) {
    const auto pid = std::atol(entry->d_name);
    if (pid <= 0 || pid == ::getpid() || session_of(entry->d_name) != session) continue;
    if (::kill(static_cast<pid_t>(pid), SIGKILL) == 0) ++killed;
  }
  ::closedir(processes);
  return killed;
}

}  // namespace

std::string below_root(const std::string& path) {
  const auto& root = settings().root;
  if (root.empty() || path.compare(0, root.size(), root) != 0) return {};
  if (path.size() == root.size()) return ".";
  return path[root.size()] == '/' ? path.substr(root.size() + 1) : std::string{};
}

std::string path_of(int fd) {
  if (settings().root.empty()) return {};
  char link[64], target[PATH_MAX];
  std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  const auto got = ::readlink(link, target, sizeof target);
  return got <= 0 ? std::string{} : std::string{target, static_cast<std::size_t>(got)};
}

std::string absolute(int folder, const char* path) {
  if (path[0] == '/') return path;
  if (folder != AT_FDCWD) return path_of(folder) + "/" + path;
  char here[PATH_MAX];
  return ::getcwd(here, sizeof here) ? std::string{here} + "/" + path : std::string{path};
}

void kill_us(bool session) {
  // Twice, for what was being started meanwhile.
  if (session && kill_session_mates() > 0) kill_session_mates();
  ::raise(SIGKILL);
  std::abort();
}

Verdict look_up(std::string_view op, const std::string& path, bool after) {
  Verdict verdict;
  const int error_before = errno;
  for (auto& rule : settings().rules) {
    if (!matches(rule, op, path, after)) continue;
    record("fired " + std::to_string(&rule - settings().rules.data()) + "\t" + std::string{op} + "\t" + path);
    switch (rule.act) {
      case Rule::Do::fail: verdict.error = rule.error; break;
      case Rule::Do::skip: verdict.skip = true; break;
      case Rule::Do::shorten: verdict.bytes = rule.bytes; break;
      case Rule::Do::stall: stall(rule.seconds); break;
      case Rule::Do::clock: clock_offset += static_cast<long long>(rule.seconds * 1e9); break;
      case Rule::Do::kill:
      case Rule::Do::kill_session: {
        const bool session = rule.act == Rule::Do::kill_session;
        if (rule.bytes == 0) kill_us(session);
        verdict.bytes = rule.bytes;
        (session ? verdict.kill_session : verdict.kill) = true;
      }
    }
  }
  errno = error_before;
  return verdict;
}

long long clock_offset_ns() { return clock_offset; }

bool recording() { return !settings().keep.empty(); }

void record(const std::string& line) {
  if (settings().log.empty()) return;
  const int error_before = errno;
  static const int log = ::open(settings().log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  const auto whole = line + "\n";
  if (log < 0 || ::write(log, whole.data(), whole.size()) != static_cast<ssize_t>(whole.size())) {
    std::fputs("shim: the log cannot be written\n", stderr);
    std::abort();
  }
  errno = error_before;
}

void keep(const std::string& path) {
  struct stat is {};
  if (!recording() || ::stat(path.c_str(), &is) != 0 || !S_ISREG(is.st_mode)) return;
  const int error_before = errno;
  const auto name = settings().keep + "/" + std::to_string(is.st_ino);
  if (::link(path.c_str(), name.c_str()) != 0 && errno != EEXIST && errno != ENOENT) {
    std::perror("shim: a file cannot be kept");
    std::abort();
  }
  errno = error_before;
}

}  // namespace shim
