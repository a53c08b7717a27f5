#include "converter.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <sstream>

#include "pecia/base/error.hpp"
#include "processes.hpp"

namespace pecia::page {
namespace {

namespace fs = std::filesystem;

std::string as_url(const fs::path& path) {
  std::string url = "file://";
  for (const char c : path.native()) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '/' || c == '-' || c == '_' || c == '.' || c == '~';
    url += plain ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return url;
}

/// A home of its own, no display and no session to talk to.
std::vector<std::string> environment_in(const fs::path& folder) {
  std::vector<std::string> all{"HOME=" + folder.native(),
                               "TMPDIR=" + folder.native(),
                               "XDG_CONFIG_HOME=" + folder.native(),
                               "XDG_CACHE_HOME=" + folder.native(),
                               "XDG_RUNTIME_DIR=" + folder.native(),
                               "SAL_USE_VCLPLUGIN=svp",
                               "LC_ALL=C.UTF-8"};
  for (const auto* name : {"PATH", "LD_LIBRARY_PATH", "FONTCONFIG_FILE", "FONTCONFIG_PATH"}) {
    if (const char* value = std::getenv(name)) all.push_back(std::string{name} + "=" + value);
  }
  return all;
}

std::vector<char*> pointers(std::vector<std::string>& words) {
  std::vector<char*> all;
  for (auto& word : words) all.push_back(word.data());
  all.push_back(nullptr);
  return all;
}

/// In the copy of this process that becomes LibreOffice: never returns. What it cannot give up is a
/// line each in `told`.
[[noreturn]] void become(const child::ProgramSandbox& sandbox, const fs::path& folder, rlim_t cpu_s,
                         int told, char* const* argv, char* const* envp) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) ::signal(number, SIG_DFL);
  const rlimit cpu{cpu_s, cpu_s};
  ::setrlimit(RLIMIT_CPU, &cpu);
  for (const auto& missing : child::confine_program(sandbox).missing)
    (void)!::write(told, (missing + "\n").data(), missing.size() + 1);
  (void)!::chdir(folder.c_str());
  ::execve(argv[0], argv, envp);
  fmt::print(stderr, "{}: {}\n", argv[0], std::strerror(errno));
  ::_exit(127);
}

/// Its lines, until it is closed.
std::vector<std::string> lines_of(int pipe) {
  std::string text;
  std::array<char, 1024> buffer{};
  for (ssize_t got = 0;
       (got = ::read(pipe, buffer.data(), buffer.size())) > 0 || (got < 0 && errno == EINTR);)
    text.append(buffer.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  std::istringstream in{text};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

}  // namespace

/// The system's programs, fonts and settings, and LibreOffice's own, wherever it was installed.
child::ProgramSandbox libreoffice_sandbox(const fs::path& program, const fs::path& folder) {
  child::ProgramSandbox sandbox;
  sandbox.readable = {"/usr",
                      "/bin",
                      "/sbin",
                      "/lib",
                      "/lib64",
                      "/etc",
                      "/opt",
                      "/proc",
                      "/sys",
                      "/var/cache/fontconfig",
                      "/var/lib/libreoffice",
                      "/var/spool/libreoffice",
                      "/dev/random",
                      "/dev/urandom"};
  std::error_code ignored;
  sandbox.readable.push_back(program.parent_path());
  const auto home = fs::canonical(program, ignored).parent_path();
  sandbox.readable.push_back(home.filename() == "program" ? home.parent_path()
                                                          : home);  // LibreOffice's own layout
  if (const char* libraries = std::getenv("LD_LIBRARY_PATH")) {
    std::istringstream folders{libraries};
    for (std::string one; std::getline(folders, one, ':');) {
      if (!one.empty()) sandbox.readable.emplace_back(one);
    }
  }
  sandbox.writable = {folder, "/dev/null", "/dev/zero"};
  return sandbox;
}

Converter::Converter(const office::Order& order, const fs::path& folder, const fs::path& document) {
  std::vector<std::string> arguments{order.program,
                                     "--headless",
                                     "--norestore",
                                     "--nolockcheck",
                                     "-env:UserInstallation=" + as_url(folder / "profile"),
                                     "--convert-to",
                                     "pdf",
                                     "--outdir",
                                     (folder / "out").native(),
                                     document.native()};
  auto environment = environment_in(folder);
  const auto sandbox = libreoffice_sandbox(order.program, folder);
  const auto argv = pointers(arguments);
  const auto envp = pointers(environment);
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0)
    throw system_error(errno, "cannot make a pipe for", order.program);
  UniqueFd hears{pipe[0]}, tells{pipe[1]};
  // This process has one thread, so that what follows in the copy may do anything.
  pid_ = ::fork();
  if (pid_ < 0) throw system_error(errno, "cannot start", order.program);
  if (pid_ == 0)
    become(sandbox, folder, static_cast<rlim_t>(order.cpu_s) + 1, tells.get(), argv.data(),
           envp.data());
  tells.reset();
  not_confined_ = lines_of(hears.get());
}

Converter::~Converter() {
  end_with_group(pid_);
  end_descendants();
}

std::optional<int> Converter::ended() const {
  siginfo_t info{};
  // Left a zombie, so that its number is nobody else's and what it used is counted once.
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
      info.si_pid != pid_)
    return std::nullopt;
  return info.si_code == CLD_EXITED ? info.si_status << 8 : info.si_status;  // as wait's
}

}  // namespace pecia::page
