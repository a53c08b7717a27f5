// The child of the tests: does what its first argument says. Speaks room child's protocol where the
// case wants that, and misbehaves where it does not.
#include <dirent.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
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

void raw(const void* data, std::size_t size) { (void)!::write(3, data, size); }

}  // namespace

int main(int argc, char** argv) {
  const std::string_view what{argc > 1 ? argv[1] : ""};
  if (what == "garbage") {
    const unsigned claims[2] = {0xFFFFFFFF, 77};
    raw(claims, sizeof claims);
    ::pause();
  }
  if (what == "half") {
    const unsigned header[2] = {100, 0};
    raw(header, sizeof header);
    raw("too short", 9);
    return 0;
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
  if (what == "hang") {
    say(parent, "hanging");
    while (true) ::pause();
  }
  return 0;
}
