#include "pecia/child/sandbox.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "landlock.hpp"
#include "pecia/base/file.hpp"
#include "pecia/base/text.hpp"
#include "system_calls.hpp"

namespace pecia::child {
namespace {

void give_up_new_privileges(Confinement& confinement) {
  // There is no limit on the number of processes (RLIMIT_NPROC) beside what follows: it counts all processes of the
  // user, those of every rank on the node.
  confinement.no_new_privileges = ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
  if (!confinement.no_new_privileges)
    confinement.missing.push_back(fmt::format("no_new_privs: {}, and without it neither seccomp nor Landlock", std::strerror(errno)));
}

void confine_files(const std::vector<FileRule>& rules, Confinement& confinement) {
  const int abi = landlock_abi();
  if (abi == 0) {
    confinement.missing.emplace_back(
        "Landlock: this kernel has none, so that every file of the user can be read (Linux 5.13 or later has it; where "
        "/sys/kernel/security/lsm does not name landlock, it is switched on by lsm=landlock,... at boot)");
    return;
  }
  if (const int failed = restrict_files(rules, abi); failed != 0)
    confinement.missing.push_back(fmt::format("Landlock: {}, so that every file of the user can be read. Does a container forbid it?",
                                              std::strerror(failed)));
  else
    confinement.landlock_abi = abi;
}

void confine_calls(int failed, Confinement& confinement) {
  confinement.system_calls = failed == 0;
  if (failed != 0)
    confinement.missing.push_back(fmt::format("seccomp: {}, so that a process that a document has taken over can start programs and "
                                              "open connections. Has the kernel CONFIG_SECCOMP_FILTER, or does a container forbid it?",
                                              std::strerror(failed)));
}

}  // namespace

std::string Confinement::held() const {
  std::vector<std::string> parts;
  if (no_new_privileges) parts.emplace_back("no_new_privs");
  if (system_calls) parts.emplace_back("seccomp");
  if (landlock_abi > 0) parts.push_back(fmt::format("Landlock ABI {}", landlock_abi));
  return parts.empty() ? "nothing" : fmt::format("{}", fmt::join(parts, ", "));
}

Confinement confine(const Sandbox& sandbox) {
  Confinement confinement;
  give_up_new_privileges(confinement);
#ifdef PECIA_SANITIZED
  confinement.missing.emplace_back("seccomp and Landlock: this pecia is built with a sanitizer, which needs what they take away");
  return confinement;
#endif
  if (!confinement.no_new_privileges) return confinement;
  std::vector<FileRule> rules;
  for (const auto& path : sandbox.readable) rules.push_back({path, Access::read});
  confine_files(rules, confinement);  // first: its system calls are none of those that are left
  confine_calls(restrict_system_calls(), confinement);
  return confinement;
}

Confinement confine_program(const ProgramSandbox& sandbox) {
  Confinement confinement;
  give_up_new_privileges(confinement);
  if (!confinement.no_new_privileges) return confinement;
  std::vector<FileRule> rules;
  for (const auto& path : sandbox.readable) rules.push_back({path, Access::run});
  for (const auto& path : sandbox.writable) rules.push_back({path, Access::write});
  confine_files(rules, confinement);
  confine_calls(restrict_connections(), confinement);
  return confinement;
}

int tell_of(const Confinement& confinement, std::span<const std::string> files) {
  fmt::print("{}\n", confinement.held());
  for (const auto& missing : confinement.missing) fmt::print("without {}\n", missing);
  for (const auto& file : files) {
    const UniqueFd opened{::open(file.c_str(), O_RDONLY | O_CLOEXEC)};
    fmt::print("{}: {}\n", printable(file), opened ? "can be read" : std::strerror(errno));
  }
  return confinement.missing.empty() ? 0 : 1;
}

}  // namespace pecia::child
