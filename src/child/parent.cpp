#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "frames.hpp"
#include "pecia/base/error.hpp"
#include "pecia/child/child.hpp"

namespace pecia::child {
namespace {

constexpr int inherited_socket = 3;
constexpr std::chrono::hours for_ever{24 * 365};

void ignore_launchers_signals() {
  sigset_t shielded;
  sigemptyset(&shielded);
  for (const int number : {SIGINT, SIGTERM, SIGUSR1}) {
    ::signal(number, SIG_IGN);  // mpirun and Slurm send them to the whole process group
    sigaddset(&shielded, number);
  }
  ::sigprocmask(SIG_UNBLOCK, &shielded, nullptr);
}

/// What the spawning process had open without O_CLOEXEC, where posix_spawn cannot close it itself
/// (glibc before 2.34).
void close_inherited_descriptors() {
#ifndef PECIA_HAVE_ADDCLOSEFROM
  std::vector<int> inherited;
  for (const auto& entry : std::filesystem::directory_iterator{"/proc/self/fd"}) {
    const int fd = std::atoi(entry.path().filename().c_str());
    if (fd > inherited_socket) inherited.push_back(fd);
  }
  for (const int fd : inherited) ::close(fd);  // the folder's own is closed by now: EBADF
#endif
}

/// A machine short of memory is to end this process first, and its page alone fails.
void offer_to_oom_killer() {
  const UniqueFd file{::open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC)};
  if (file) (void)!::write(file.get(), "1000", 4);
}

}  // namespace

struct Parent::State {
  FrameSocket socket;
};

Parent::Parent() {
  ignore_launchers_signals();
  ucred peer{};
  socklen_t size = sizeof peer;
  if (::getsockopt(inherited_socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
    throw UsageError{"this program is started by pecia and does nothing by itself"};
  ::fcntl(inherited_socket, F_SETFD, FD_CLOEXEC);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != peer.pid) ::_exit(0);  // it died before the line above
  close_inherited_descriptors();
  offer_to_oom_killer();
  state_ = std::make_unique<State>(State{FrameSocket{UniqueFd{inherited_socket}, std::uint64_t{256} << 20}});
}

Parent::~Parent() = default;

std::optional<Packet> Parent::receive() {
  Packet packet;
  if (state_->socket.receive(for_ever, packet) != FrameSocket::Status::message) return std::nullopt;
  return packet;
}

void Parent::send(std::span<const std::byte> bytes, std::span<const int> fds) {
  require(state_->socket.send(bytes, fds, for_ever), "the program that started this one is gone");
}

}  // namespace pecia::child
