#include "private_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <ctime>
#include <string>
#include <string_view>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::page {
namespace {

namespace fs = std::filesystem;
constexpr std::string_view random_part = "XXXXXX";  ///< of mkdtemp
/// A younger one may not be locked yet.
constexpr std::time_t young_s = 60;

/// What the names begin with of the folders that this machine makes.
std::string prefix() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) throw system_error(errno, "cannot tell the name of", "this machine");
  return fmt::format("pecia-office-{}-", host.data());
}

UniqueFd locked(const fs::path& folder) {
  UniqueFd opened{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)};
  if (opened && ::flock(opened.get(), LOCK_EX | LOCK_NB) != 0) opened.reset();
  return opened;
}

void remove_folder(const fs::path& folder) {
  std::error_code ignored;
  fs::remove_all(folder, ignored);
}

void remove_what_was_left(const fs::path& temporary, std::string_view start) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator{temporary, ignored}) {
    const auto name = entry.path().filename().native();
    if (!name.starts_with(start) || name.size() != start.size() + random_part.size()) continue;
    struct stat status {};
    const bool ours = ::lstat(entry.path().c_str(), &status) == 0 && S_ISDIR(status.st_mode) && status.st_uid == ::getuid();
    if (!ours || std::time(nullptr) - status.st_mtime < young_s) continue;
    if (const auto lock = locked(entry.path())) remove_folder(entry.path());
  }
}

}  // namespace

PrivateFolder::PrivateFolder() {
  std::error_code failed;
  const auto temporary = fs::temp_directory_path(failed);
  if (failed) throw Error{"there is no folder for temporary files (TMPDIR): " + failed.message()};
  const auto start = prefix();
  remove_what_was_left(temporary, start);
  auto name = (temporary / fmt::format("{}{}", start, random_part)).native();
  if (::mkdtemp(name.data()) == nullptr) throw system_error(errno, "cannot make a folder in", printable(temporary.native()));
  path_ = name;
  lock_ = locked(path_);  // without one on file systems that have no locks
}

PrivateFolder::~PrivateFolder() { remove(); }

void PrivateFolder::remove() noexcept { remove_folder(path_); }

}  // namespace pecia::page
