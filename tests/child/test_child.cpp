// The child of the tests: does what its first argument says. Speaks room child's protocol where the
// case wants that, and misbehaves where it does not.
#include <dirent.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/child/child.hpp"
#include "pecia/child/shared_memory.hpp"

namespace {

using namespace pecia;

std::string open_descriptors() {
  std::string list;
  DIR* dir = ::opendir("/proc/self/fd");
  const auto own = std::to_string(::dirfd(dir));
  while (const auto* entry = ::readdir(dir)) {
    if (entry->d_name[0] != '.' && own != entry->d_name) list += std::string{entry->d_name} + " ";
  }
  ::closedir(dir);
  return list;
}

void say(child::Parent& parent, std::string_view text) { parent.send(std::as_bytes(std::span{text})); }

void echo(child::Parent& parent) {
  while (auto packet = parent.receive()) {
    std::vector<int> fds;
    for (const auto& fd : packet->fds) fds.push_back(fd.get());
    parent.send(packet->bytes, fds);
  }
}

bool raw(const void* data, std::size_t size) { return ::write(3, data, size) == static_cast<ssize_t>(size); }

void claim(unsigned length) {
  const unsigned header[2] = {length, 0};
  raw(header, sizeof header);
}

/// One byte, and four descriptors that no header has announced.
bool raw_with_descriptors() {
  char byte = 'x';
  iovec part{&byte, 1};
  const std::array<int, 4> fds{0, 0, 0, 0};
  alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof fds)> control{};
  msghdr message{};
  message.msg_iov = &part;
  message.msg_iovlen = 1;
  message.msg_control = control.data();
  message.msg_controllen = control.size();
  cmsghdr* rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof fds);
  std::memcpy(CMSG_DATA(rights), fds.data(), sizeof fds);
  return ::sendmsg(3, &message, MSG_NOSIGNAL) == 1;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what{argc > 1 ? argv[1] : ""};
  if (what == "garbage") {
    const unsigned claims[2] = {0xFFFFFFFF, 77};
    raw(claims, sizeof claims);
    ::pause();
  }
  if (what == "half") {
    claim(100);
    raw("too short", 9);
    return 0;
  }
  if (what == "pour") {
    const std::vector<char> chunk(1 << 16);
    claim(512 << 16);
    for (int n = 0; n < 512; ++n) raw(chunk.data(), chunk.size());
    ::pause();
  }
  if (what == "hoard") {
    claim(32 << 20);
    for (int n = 0; n < 100 && raw_with_descriptors(); ++n) continue;
    ::pause();
  }
  if (what == "goodbye") {
    ::close(3);
    ::usleep(50'000);
    std::fprintf(stderr, "words after the socket\n");
    return 5;
  }
  if (what == "unread") {
    pollfd socket{3, POLLIN, 0};
    ::poll(&socket, 1, -1);
    return 7;
  }
  child::Parent parent;
  if (what == "echo") echo(parent);
  if (what == "descriptors") {
    say(parent, open_descriptors());
    echo(parent);
  }
  if (what == "environment") {
    const char* value = std::getenv("PECIA_TEST_VALUE");
    say(parent, value ? value : "(unset)");
    echo(parent);
  }
  if (what == "abort") std::abort();
  if (what == "status") return 7;
  if (what == "words") {
    std::fprintf(stderr, "the last words of a child\n");
    return 1;
  }
  if (what == "flood") {
    for (int n = 0; n < 200'000; ++n) std::printf("a line of many, number %d\n", n);
    std::fflush(stdout);
    say(parent, "done");
    echo(parent);
  }
  if (what == "spin") {
    volatile unsigned long count = 0;
    while (true) count = count + 1;
  }
  if (what == "allocate") {
    (void)parent.receive();  // by now its limits are set
    void* much = std::malloc(std::size_t{4} << 30);
    say(parent, much ? "given" : "refused");
    std::free(much);
    echo(parent);
  }
  if (what == "segfault") std::raise(SIGSEGV);
  if (what == "hang") {
    say(parent, "hanging");
    while (true) ::pause();
  }
  return 0;
}
