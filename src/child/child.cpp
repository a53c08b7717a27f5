#include "pecia/child/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "frames.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

extern char** environ;

namespace pecia::child {
namespace {

constexpr int child_socket_fd = 3;
constexpr double most_cpu_s = 1e9;  ///< as good as no limit, and a number that every limit takes
/// For a child that has closed its socket to end by itself, on a machine that is busy.
constexpr std::chrono::seconds goodbye_patience{2};
/// Last words of a child that are kept for messages.
constexpr std::size_t last_words_bytes = 2048;
constexpr std::size_t quoted_words_bytes = 300;
constexpr std::size_t printed_bytes = 16384;  ///< that wait to be asked for
void check(int error_number, std::string_view what, std::string_view path) {
  if (error_number != 0) throw system_error(error_number, what, path);
}

/// posix_spawn's two objects, freed whatever happens.
class SpawnPlan {
 public:
  SpawnPlan() {
    check(posix_spawn_file_actions_init(&actions_), "posix_spawn_file_actions_init", "");
    check(posix_spawnattr_init(&attributes_), "posix_spawnattr_init", "");
  }
  ~SpawnPlan() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  /// Standard input empty, output and error into `words`, the socket as descriptor 3, nothing else.
  void connect(int socket, int words) {
    check(posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0), "addopen", "");
    // The socket first goes out of the way of 1 to 3, which it might itself occupy.
    check(posix_spawn_file_actions_adddup2(&actions_, words, STDERR_FILENO), "adddup2", "");
    check(posix_spawn_file_actions_adddup2(&actions_, words, STDOUT_FILENO), "adddup2", "");
    check(posix_spawn_file_actions_adddup2(&actions_, socket, child_socket_fd), "adddup2", "");
#ifdef PECIA_HAVE_ADDCLOSEFROM  // else Parent closes them
    check(posix_spawn_file_actions_addclosefrom_np(&actions_, child_socket_fd + 1), "addclosefrom", "");
#endif
  }
  /// INT, TERM and USR1 stay blocked until the child ignores them; all others are as at login.
  void shield_from_signals() {
    sigset_t blocked, defaults;
    sigemptyset(&blocked);
    for (const int number : {SIGINT, SIGTERM, SIGUSR1}) sigaddset(&blocked, number);
    sigfillset(&defaults);
    check(posix_spawnattr_setsigmask(&attributes_, &blocked), "setsigmask", "");
    check(posix_spawnattr_setsigdefault(&attributes_, &defaults), "setsigdefault", "");
    check(posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF), "setflags", "");
  }
  pid_t spawn(const std::filesystem::path& executable, char* const* arguments, char* const* environment) {
    pid_t pid = -1;
    const int failed = posix_spawn(&pid, executable.c_str(), &actions_, &attributes_, arguments, environment);
    check(failed, "cannot start", printable(executable.native()));
    return pid;
  }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

/// NULL-terminated, as exec wants it; the strings outlive it.
std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

std::vector<std::string> environment_with(const std::vector<std::pair<std::string, std::string>>& added) {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry; ++entry) {
    const std::string_view text{*entry};
    const auto key = text.substr(0, text.find('='));
    if (std::ranges::none_of(added, [&](const auto& a) { return a.first == key; })) environment.emplace_back(text);
  }
  for (const auto& [key, value] : added) environment.push_back(key + "=" + value);
  return environment;
}

void set_limits(pid_t pid, const Limits& limits) {
  const auto set = [&](auto resource, rlim_t soft, rlim_t hard) {
    const rlimit limit{soft, hard};
    ::prlimit(pid, resource, &limit, nullptr);  // a child that has ended already needs none
  };
  if (limits.file_bytes > 0) set(RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes);
  if (limits.cpu_s > 0) set(RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 5);
#ifndef PECIA_SANITIZED  // sanitizers reserve terabytes, and set the core limit: they end if we come in between
  set(RLIMIT_CORE, 0, 0);
  if (limits.memory_bytes > 0) set(RLIMIT_AS, limits.memory_bytes, limits.memory_bytes);
#endif
}

}  // namespace

struct Child::State {
  State(UniqueFd socket_, UniqueFd words_, std::uint64_t max_message_bytes)
      : socket{std::move(socket_), max_message_bytes}, words{std::move(words_)} {}
  ~State() { reap(); }

  FrameSocket socket;
  std::chrono::milliseconds send_wait{};
  UniqueFd words;  ///< what it prints
  std::string last_words;
  std::string printed;  ///< and not yet asked for
  pid_t pid = -1;
  bool reaped = false;
  bool killed_by_us = false;
  bool status_known = false;
  int wait_status = 0;

  static void append(std::string& kept, std::string_view more, std::size_t most_bytes) {
    kept.append(more);
    if (kept.size() > most_bytes) kept.erase(0, kept.size() - most_bytes);
  }

  /// Keeps the end of what it printed; a child that prints much is never held up by us.
  void read_words() {
    std::array<char, 4096> buffer;
    for (int n = 0; n < 256; ++n) {
      const auto got = ::read(words.get(), buffer.data(), buffer.size());
      if (got <= 0) return;
      append(last_words, {buffer.data(), static_cast<std::size_t>(got)}, last_words_bytes);
      append(printed, {buffer.data(), static_cast<std::size_t>(got)}, printed_bytes);
    }
  }

  /// Ends it if it still runs, exactly once: the pid may belong to another process afterwards.
  void reap(std::chrono::milliseconds patience = goodbye_patience) {
    if (reaped || pid < 0) return;
    reaped = true;
    pid_t done = ::waitpid(pid, &wait_status, WNOHANG);
    // A child that has closed its socket is about to end by itself; its own status says more.
    const auto until = std::chrono::steady_clock::now() + patience;
    while (done == 0 && socket.problem() == end_of_file && std::chrono::steady_clock::now() < until) {
      ::usleep(1000);
      read_words();
      done = ::waitpid(pid, &wait_status, WNOHANG);
    }
    bool killed = false;
    if (done == 0) {
      killed = ::kill(pid, SIGKILL) == 0;
      do done = ::waitpid(pid, &wait_status, 0);
      while (done < 0 && errno == EINTR);
    }
    status_known = done == pid;
    // It may have ended by itself before our signal came.
    killed_by_us = killed && status_known && WIFSIGNALED(wait_status) && WTERMSIG(wait_status) == SIGKILL;
  }

  [[nodiscard]] std::string how_it_ended() const {
    if (killed_by_us) return "ended by pecia";
    if (!status_known) return "ended, and how is not known (SIGCHLD is ignored here)";
    if (!WIFSIGNALED(wait_status)) return fmt::format("exited with status {}", WEXITSTATUS(wait_status));
    const int number = WTERMSIG(wait_status);
    return fmt::format("killed by signal {} ({})", number, ::strsignal(number));
  }
};

Child::Child(const Program& program) {
  std::array<int, 2> sockets{}, pipe{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets.data()) != 0)
    throw system_error(errno, "cannot make a socket for", program.executable.native());
  UniqueFd ours{sockets[0]}, theirs{sockets[1]};
  if (::pipe2(pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0)
    throw system_error(errno, "cannot make a pipe for", program.executable.native());
  UniqueFd words_out{pipe[0]}, words_in{pipe[1]};

  // dup2 onto itself would leave CLOEXEC set; descriptors 0 to 3 of ours may be free. Move away.
  UniqueFd far_socket{::fcntl(theirs.get(), F_DUPFD_CLOEXEC, 16)};
  UniqueFd far_words{::fcntl(words_in.get(), F_DUPFD_CLOEXEC, 16)};
  if (!far_socket || !far_words) throw system_error(errno, "cannot start", program.executable.native());
  SpawnPlan plan;
  plan.connect(far_socket.get(), far_words.get());
  plan.shield_from_signals();
  std::vector<std::string> arguments{program.executable.native()};
  arguments.insert(arguments.end(), program.arguments.begin(), program.arguments.end());
  auto environment = environment_with(program.environment);
  state_ = std::make_unique<State>(std::move(ours), std::move(words_out), program.limits.message_bytes);
  state_->send_wait = std::chrono::milliseconds{static_cast<std::int64_t>(program.limits.send_wait_s * 1000)};
  state_->pid = plan.spawn(program.executable, pointers(arguments).data(), pointers(environment).data());
  set_limits(state_->pid, program.limits);
}

Child::~Child() = default;
Child::Child(Child&&) noexcept = default;
Child& Child::operator=(Child&&) noexcept = default;

bool Child::send(std::span<const std::byte> bytes, std::span<const int> fds) {
  return !state_->reaped && state_->socket.send(bytes, fds, state_->send_wait);
}

Child::Received Child::receive(std::chrono::milliseconds max_wait) {
  Received received;
  state_->read_words();
  switch (state_->socket.receive(max_wait, received.packet)) {
    case FrameSocket::Status::message: received.status = Status::message; break;
    case FrameSocket::Status::timeout: received.status = Status::timeout; break;
    case FrameSocket::Status::end: received.status = Status::gone; break;
  }
  return received;
}

pid_t Child::pid() const noexcept { return state_->pid; }

int Child::fd() const noexcept { return state_->socket.fd(); }

double Child::cpu_s() const noexcept {
  clockid_t clock{};
  timespec time{};
  if (state_->reaped || ::clock_getcpuclockid(state_->pid, &clock) != 0 || ::clock_gettime(clock, &time) != 0)
    return -1;
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

void Child::allow_cpu(double more_s) noexcept {
  const double used_s = cpu_s();
  rlimit limit{};
  if (used_s < 0 || ::prlimit(state_->pid, RLIMIT_CPU, nullptr, &limit) != 0) return;
  limit.rlim_cur = std::min(limit.rlim_max, static_cast<rlim_t>(std::ceil(std::clamp(used_s + more_s, used_s, most_cpu_s))));
  ::prlimit(state_->pid, RLIMIT_CPU, &limit, nullptr);
}

std::vector<std::string> Child::printed_lines() {
  state_->read_words();
  std::vector<std::string> lines;
  auto& text = state_->printed;
  for (auto end = text.find('\n'); end != std::string::npos; end = text.find('\n')) {
    lines.push_back(printable(to_utf8(std::string_view{text}.substr(0, end))));
    text.erase(0, end + 1);
  }
  return lines;
}

void Child::hang_up(std::chrono::milliseconds patience) {
  ::shutdown(state_->socket.fd(), SHUT_RDWR);
  for (Packet unread; state_->socket.receive(std::chrono::milliseconds{0}, unread) == FrameSocket::Status::message;) continue;
  state_->reap(patience);
}

std::string Child::end() {
  state_->reap();
  state_->read_words();
  std::string text = state_->how_it_ended();
  const auto& problem = state_->socket.problem();
  if (!problem.empty() && problem != end_of_file) text += "; " + problem;
  std::string_view last{state_->last_words};
  while (!last.empty() && (last.back() == '\n' || last.back() == '\r')) last.remove_suffix(1);
  const auto words = printable(to_utf8(last));
  if (!words.empty())
    text += "; its last words: " + words.substr(words.size() - std::min(words.size(), quoted_words_bytes));
  return to_utf8(text);  // the cut may have fallen within a character
}

bool Child::ended_by_cpu_limit() const noexcept {
  return state_->status_known && !state_->killed_by_us && WIFSIGNALED(state_->wait_status) &&
         WTERMSIG(state_->wait_status) == SIGXCPU;
}

std::optional<int> Child::exit_status() const noexcept {
  if (!state_->status_known || !WIFEXITED(state_->wait_status)) return std::nullopt;
  return WEXITSTATUS(state_->wait_status);
}

std::filesystem::path find_program(std::string_view name) {
  namespace fs = std::filesystem;
  std::vector<fs::path> folders;
  if (const char* told = std::getenv("PECIA_LIBEXEC_DIR")) folders.emplace_back(told);
  std::error_code ignored;
  const auto own_folder = fs::read_symlink("/proc/self/exe", ignored).parent_path();
  folders.push_back(own_folder);
  folders.push_back(own_folder / ".." / "libexec" / "pecia");
  folders.push_back(own_folder / ".." / "bin");
  std::string looked;
  for (const auto& folder : folders) {
    const auto program = folder / name;
    if (::access(program.c_str(), X_OK) == 0) return program;
    looked.append(" ").append(folder.string());
  }
  throw Error{fmt::format("the program {} is not where pecia looks for it:{}. Install pecia whole (cmake "
                          "--install), or set PECIA_LIBEXEC_DIR to its folder",
                          name, looked)};
}

}  // namespace pecia::child
