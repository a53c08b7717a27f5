// A process that tries what a sandboxed one is refused, and says of each call how it went. Arguments: a
// folder that can be written, a file that can be read, a folder that stays readable, and "confined", "program" (as
// LibreOffice is) or "free".
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include "child/forbidden_calls.hpp"
#include "pecia/child/child.hpp"
#include "pecia/child/sandbox.hpp"
#include "pecia/child/shared_memory.hpp"

namespace {

using namespace pecia;

/// "refused", or how else it went: a line for each.
std::string tried(const std::vector<test::ForbiddenCall>& calls) {
  std::string lines;
  for (const auto& forbidden : calls) {
    errno = 0;
    const long result = forbidden.call();
    const bool refused = result < 0 && std::ranges::count(forbidden.refusals, errno) > 0;
    lines += fmt::format("{}\t{}\t{}\t{}\n", forbidden.name, refused ? "refused" : "permitted",
                         forbidden.anybodys ? "anybody's" : "not everybody's", result < 0 ? std::strerror(errno) : "done");
  }
  return lines;
}

/// What must go on working; the first thing that does not, or "all".
std::string working(const std::string& readable) {
  try {
    auto memory = child::SharedMemory::create(std::size_t{8} << 20);
    memory.writable()[0] = std::byte{1};
    memory.seal();
    int from_thread = 0;
    std::thread{[&] { from_thread = 7; }}.join();
    if (from_thread != 7) return "a thread";
    if (::prctl(PR_SET_NAME, "name") != 0) return "a name";
    std::ifstream in{readable + "/file"};
    std::string text;
    if (!std::getline(in, text) || text != "to be read") return "reading a file that is allowed";
    if (std::distance(std::filesystem::directory_iterator{readable}, {}) != 1) return "listing a folder that is allowed";
    if (::setenv("TZ", "UTC", 1) != 0 || std::malloc(std::size_t{64} << 20) == nullptr) return "memory";
    return "all";
  } catch (const std::exception& error) {
    return error.what();
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  child::Parent parent;
  const std::string how{argv[4]};
  child::Confinement confinement;
  if (how == "confined") confinement = child::confine({{argv[3], "/no/such/folder"}});
  if (how == "program") confinement = child::confine_program({{argv[3]}, {}});
  const auto say = [&](const std::string& text) { parent.send(std::as_bytes(std::span{text})); };
  say(confinement.missing.empty() ? confinement.held() : "missing: " + confinement.missing.front());
  while (const auto asked = parent.receive()) {
    const std::string what{reinterpret_cast<const char*>(asked->bytes.data()), asked->bytes.size()};
    if (what == "try") say(tried(test::forbidden_calls(argv[1], argv[2])));
    if (what == "try as a program") say(tried(test::forbidden_to_programs()));
    if (what == "work") say(working(argv[3]));
    if (what == "abort") std::abort();
    if (what == "spin") {
      volatile unsigned long count = 0;
      while (true) count = count + 1;
    }
  }
  return 0;
}
