#include "landlock.hpp"

#include <fcntl.h>
#include <linux/landlock.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>

#include "pecia/base/file.hpp"

namespace pecia::child {
namespace {

// The headers may be older than the kernel, so what came after their first version is said here
// (Documentation/userspace-api/landlock.rst of Linux). System call numbers are the same everywhere.
constexpr long create_ruleset_call = 444, add_rule_call = 445, restrict_self_call = 446;
/// From this version on, what there is besides; the first has 13 rights over files.
constexpr int refer_abi = 2, truncate_abi = 3, network_abi = 4, ioctl_abi = 5, scope_abi = 6;
constexpr std::uint64_t first_files = (std::uint64_t{1} << 13) - 1;
constexpr std::uint64_t refer = std::uint64_t{1} << 13, truncate = std::uint64_t{1} << 14,
                        ioctl_of_devices = std::uint64_t{1} << 15;
constexpr std::uint64_t bind_and_connect_tcp = 3;
constexpr std::uint64_t abstract_sockets_and_signals = 3;

/// landlock_ruleset_attr as of version 6. A kernel that knows less of it takes it while the rest is 0.
struct Ruleset {
  std::uint64_t files = 0;
  std::uint64_t network = 0;
  std::uint64_t scoped = 0;
};

Ruleset everything(int abi) {
  Ruleset all;
  all.files = first_files;
  if (abi >= refer_abi) all.files |= refer;
  if (abi >= truncate_abi) all.files |= truncate;
  if (abi >= ioctl_abi) all.files |= ioctl_of_devices;
  if (abi >= network_abi) all.network = bind_and_connect_tcp;
  if (abi >= scope_abi) all.scoped = abstract_sockets_and_signals;
  return all;
}

/// Of a file, and of a folder.
std::uint64_t rights(Access access, bool folder, int abi) {
  constexpr std::uint64_t read = LANDLOCK_ACCESS_FS_READ_FILE, list = LANDLOCK_ACCESS_FS_READ_DIR;
  switch (access) {
    case Access::read: return read | (folder ? list : 0);
    case Access::run: return read | LANDLOCK_ACCESS_FS_EXECUTE | (folder ? list : 0);
    case Access::write: break;
  }
  if (!folder) return read | LANDLOCK_ACCESS_FS_WRITE_FILE | (abi >= truncate_abi ? truncate : 0);
  return everything(abi).files & ~std::uint64_t{LANDLOCK_ACCESS_FS_EXECUTE};
}

/// Nothing where the file is not there; else 0 or an errno.
int allow(int ruleset, const FileRule& rule, int abi) {
  const UniqueFd file{::open(rule.path.c_str(), O_PATH | O_CLOEXEC)};
  struct stat status {};
  if (!file || ::fstat(file.get(), &status) != 0) return 0;
  landlock_path_beneath_attr below{};
  below.parent_fd = file.get();
  below.allowed_access = rights(rule.access, S_ISDIR(status.st_mode), abi);
  return ::syscall(add_rule_call, ruleset, LANDLOCK_RULE_PATH_BENEATH, &below, 0) == 0 ? 0 : errno;
}

}  // namespace

int landlock_abi() noexcept {
  const auto version = ::syscall(create_ruleset_call, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  return version > 0 ? static_cast<int>(version) : 0;
}

int restrict_files(const std::vector<FileRule>& rules, int abi) noexcept {
  const auto denied = everything(abi);
  const UniqueFd ruleset{static_cast<int>(::syscall(create_ruleset_call, &denied, sizeof denied, 0))};
  if (!ruleset) return errno;
  for (const auto& rule : rules) {
    if (const int failed = allow(ruleset.get(), rule, abi); failed != 0) return failed;
  }
  return ::syscall(restrict_self_call, ruleset.get(), 0) == 0 ? 0 : errno;
}

}  // namespace pecia::child
