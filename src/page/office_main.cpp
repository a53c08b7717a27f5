#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "converter.hpp"
#include "office.hpp"
#include "pecia/base/error.hpp"
#include "pecia/base/version.hpp"
#include "pecia/child/child.hpp"
#include "private_folder.hpp"
#include "processes.hpp"

namespace {

using namespace pecia;
using namespace pecia::page;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int socket_fd = 3;  ///< of child::Parent
constexpr int look_every_ms = 50;
constexpr std::chrono::milliseconds measure_every{500};
/// Of one conversion. A file alone may have 1 GiB, as any that a child writes.
constexpr std::uintmax_t most_bytes = std::uintmax_t{4} << 30;
constexpr std::size_t most_files = 20'000;
constexpr std::size_t most_processes = 128;
/// A disk with less is full.
constexpr off_t some_room_bytes = off_t{16} << 20;

/// The document gets a name of ours: LibreOffice takes names alone, and the archive's are none of its business.
void copy(int document, const fs::path& to) {
  const UniqueFd out{::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!out) throw system_error(errno, "cannot write", to.native());
  struct stat status {};
  if (::fstat(document, &status) != 0) throw system_error(errno, "cannot look at the document for", to.native());
  off_t at = 0;
  while (at < status.st_size) {
    const auto sent = ::sendfile(out.get(), document, &at, static_cast<std::size_t>(status.st_size - at));
    if (sent < 0 && errno != EINTR) throw system_error(errno, "cannot copy the document to", to.native());
    if (sent == 0) break;  // it was cut off meanwhile
  }
}

/// Bytes of the files below `folder`, as long as there are not more files than a conversion makes.
std::optional<std::uintmax_t> bytes_below(const fs::path& folder) {
  std::uintmax_t sum = 0;
  std::size_t files = 0;
  std::error_code failed;
  for (fs::recursive_directory_iterator at{folder, fs::directory_options::skip_permission_denied, failed}, end; !failed && at != end;
       at.increment(failed)) {
    if (++files > most_files) return std::nullopt;
    struct stat status {};
    if (::lstat(at->path().c_str(), &status) == 0 && S_ISREG(status.st_mode)) sum += static_cast<std::uintmax_t>(status.st_size);
  }
  return sum;
}

/// What LibreOffice takes beyond what it may, if it does.
std::optional<office::Done> excess(const office::Order& order, const fs::path& folder) {
  const auto processes = descendants();
  if (const double cpu_s = cpu_of_descendants_s(processes); cpu_s >= order.cpu_s)
    return office::Done{Reason::timeout, fmt::format("LibreOffice took more than {:.0f} s of CPU time to convert it", order.cpu_s), {}};
  if (processes.size() > most_processes)
    return office::Done{Reason::too_large, fmt::format("LibreOffice started more than {} processes to convert it", most_processes), {}};
  const auto bytes = bytes_below(folder);
  if (!bytes) return office::Done{Reason::too_large, fmt::format("LibreOffice made more than {} files to convert it", most_files), {}};
  if (*bytes > most_bytes)
    return office::Done{Reason::too_large, fmt::format("LibreOffice wrote more than {} GiB to convert it", most_bytes >> 30), {}};
  return std::nullopt;
}

bool rank_is_gone() {
  pollfd socket{socket_fd, POLLIN | POLLRDHUP, 0};
  return ::poll(&socket, 1, look_every_ms) > 0;  // nothing is said to us meanwhile: it has closed its end
}

/// Whoever waits for the conversion: the rank, and the guard that stands between.
bool is_wanted(pid_t guard) { return !rank_is_gone() && ::getppid() == guard; }

/// Its wait status, or what is to be said of it where it does not end by itself.
std::variant<int, office::Done> wait_for(const Converter& converter, const office::Order& order, const fs::path& folder, pid_t guard) {
  const auto began = Clock::now();
  auto looked = began;
  while (true) {
    if (const auto status = converter.ended()) return *status;
    const auto now = Clock::now();
    const double passed_s = std::chrono::duration<double>(now - began).count();
    if (passed_s > order.wall_s)
      return office::Done{Reason::timeout, fmt::format("LibreOffice did not convert it within {:.3g} s (and took {:.1f} s of CPU time)",
                                                       order.wall_s, cpu_of_descendants_s(descendants())), {}};
    if (now - looked >= measure_every) {
      if (auto done = excess(order, folder)) return std::move(*done);
      looked = now;
    }
    if (!is_wanted(guard)) return office::Done{Reason::timeout, "nobody waits for it any more", {}};
  }
}

/// Whether the file system of `folder`, or a quota, is at its end. Nothing is opened that LibreOffice has made: it may
/// be a link that leads out of the folder, or a pipe that nobody reads.
bool is_full(const fs::path& folder) {
  const auto at_its_end = [] { return errno == ENOSPC || errno == EDQUOT; };
  const UniqueFd probe{::open((folder / "probe").c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
  if (!probe && at_its_end()) return true;
  if (probe && ::fallocate(probe.get(), 0, 0, some_room_bytes) != 0 && at_its_end()) return true;
  struct statvfs disk {};
  return ::statvfs(folder.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < static_cast<std::uint64_t>(some_room_bytes);
}

/// Why there is no PDF of the document: what is here is at fault, or else the document.
office::Done without_pdf(int wait_status, const fs::path& folder) {
  const auto how = WIFSIGNALED(wait_status) ? fmt::format("was killed by signal {}", WTERMSIG(wait_status))
                                            : fmt::format("exited with status {}", WEXITSTATUS(wait_status));
  if (is_full(folder))
    return {Reason::io_error, fmt::format("LibreOffice made no PDF of it (it {}): the disk of temporary files is full, or a quota is. "
                                          "Make room there, or let TMPDIR name a larger one", how), {}};
  // As a shell and a dynamic linker end that find no program or no library, or may not open it.
  if (WIFEXITED(wait_status) && (WEXITSTATUS(wait_status) == 126 || WEXITSTATUS(wait_status) == 127))
    return {Reason::needs_libreoffice, fmt::format("it does not start here: it {}", how), {}};
  return {Reason::unreadable, fmt::format("LibreOffice made no PDF of it: it {}. Is the document damaged, or locked by a password?", how), {}};
}

/// The folder for the PDF, which stays this one if LibreOffice puts another in its place.
UniqueFd out_in(const fs::path& folder) {
  const auto path = folder / "out";
  fs::create_directory(path);
  UniqueFd out{::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (!out) throw system_error(errno, "cannot open", path.native());
  return out;
}

/// The PDF, whose name is gone with the folder.
UniqueFd pdf_in(const UniqueFd& out) {
  return UniqueFd{::openat(out.get(), "document.pdf", O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)};
}

office::Done convert(const office::Order& order, int document, const fs::path& folder, pid_t guard, UniqueFd& pdf) {
  const auto copied = folder / fmt::format("document.{}", corpus::name(order.format));
  const auto out = out_in(folder);
  copy(document, copied);
  std::variant<int, office::Done> ended;
  std::vector<std::string> not_confined;
  {
    const Converter converter{order, folder, copied};
    not_confined = converter.not_confined();
    ended = wait_for(converter, order, folder, guard);
  }
  if (auto* done = std::get_if<office::Done>(&ended)) return std::move(*done);
  if (cpu_of_descendants_s({}) >= order.cpu_s)  // it was ended by its own limit before it was measured
    return {Reason::timeout, fmt::format("LibreOffice took more than {:.0f} s of CPU time to convert it", order.cpu_s), {}};
  pdf = pdf_in(out);
  struct stat status {};
  if (pdf && ::fstat(pdf.get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0)
    return {Reason::none, "", std::move(not_confined)};
  pdf.reset();
  return without_pdf(std::get<int>(ended), folder);
}

/// The conversion, in a process of its own below the guard.
void work(child::Parent& parent, const office::Order& order, int document, PrivateFolder& folder, pid_t guard) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  UniqueFd pdf;
  office::Done done;
  try {
    done = convert(order, document, folder.path(), guard, pdf);
  } catch (const std::exception& error) {
    done = {Reason::io_error, fmt::format("it could not be converted to PDF: {}", error.what()), {}};
  }
  folder.remove();
  if (::getppid() != guard) return;
  const int fd = pdf.get();
  parent.send(office::encode(done), pdf ? std::span{&fd, 1} : std::span<const int>{});
}

/// Two processes, each of which clears away what LibreOffice leaves if the other is killed: the one that the rank
/// knows, and the one that works.
int serve() {
  child::Parent parent;
  // Not killed with the rank but told by its socket, so that nothing is left behind.
  ::prctl(PR_SET_PDEATHSIG, 0);
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  const auto packet = parent.receive();
  if (!packet) return 0;
  const auto order = office::decode_order(packet->bytes);
  require(packet->fds.size() == 1, "a document came without its descriptor");
  PrivateFolder folder;
  const auto guard = ::getpid();
  const auto worker = ::fork();
  if (worker < 0) throw system_error(errno, "cannot start", "another process");
  if (worker == 0) {
    work(parent, order, packet->fds[0].get(), folder, guard);
    return 0;
  }
  int status = 0;
  while (::waitpid(worker, &status, 0) < 0 && errno == EINTR) continue;
  end_descendants();
  if (WIFEXITED(status)) return WEXITSTATUS(status);
  throw Error{fmt::format("the process that waits for LibreOffice was killed by signal {}", WTERMSIG(status))};
}

/// For a person: what of its sandbox LibreOffice is kept in on this machine. In a copy of this process, which can then
/// still remove the folder.
int tell_of_sandbox(std::span<const std::string> files) {
  const auto program = find_libreoffice().value_or("/usr/bin/soffice");
  const PrivateFolder folder;
  const auto confined = ::fork();
  if (confined < 0) throw system_error(errno, "cannot start", "another process");
  if (confined == 0) {
    const int status = child::tell_of(child::confine_program(libreoffice_sandbox(program, folder.path())), files);
    std::fflush(nullptr);
    ::_exit(status);
  }
  int status = 0;
  while (::waitpid(confined, &status, 0) < 0 && errno == EINTR) continue;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}

}  // namespace

/// Lets LibreOffice make a PDF of one document, for the rank that started it. Arguments: none; or --version,
/// --sandbox FILE... for a person.
int main(int argc, char** argv) {
  try {
    if (argc == 2 && std::string_view{argv[1]} == "--version") {
      fmt::print("pecia-office {}\n", version());
      return 0;
    }
    if (argc >= 2 && std::string_view{argv[1]} == "--sandbox") {
      const std::vector<std::string> files{argv + 2, argv + argc};
      return tell_of_sandbox(files);
    }
    return serve();
  } catch (const UsageError& error) {
    fmt::print(stderr, "pecia-office: {}\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    fmt::print(stderr, "pecia-office: {}\n", error.what());
    return 1;
  }
}
