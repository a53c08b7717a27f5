#include "out_folder.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <regex>
#include <system_error>

#include "pecia/base/error.hpp"
#include "pecia/base/log.hpp"
#include "pecia/base/text.hpp"

namespace pecia::exporting {
namespace {

namespace fs = std::filesystem;

constexpr auto lock_name = ".pecia-export.lock";
constexpr std::string_view exports_begin = "export";

/// RUN/export and the like are for exports; shards, journal and the rest are the run's own.
void refuse_the_runs_own(const fs::path& out, const store::RunPaths& run) {
  std::error_code unknown;
  const auto root = fs::weakly_canonical(fs::absolute(run.root), unknown);
  const auto place = fs::weakly_canonical(fs::absolute(out), unknown).lexically_relative(root);
  if (unknown || place.empty() || *place.begin() == "..") return;
  if (place.begin()->native().starts_with(exports_begin)) return;
  throw UsageError{
      fmt::format("{} is a folder of the run itself, where an export would stand among its "
                  "records. Choose another folder "
                  "(--out DIR); in the run only those whose names begin with \"export\"",
                  printable(out.native()))};
}

/// Who holds the lock, as it wrote itself.
std::string holder_of(int fd) {
  std::array<char, 300> text{};
  const auto count = ::pread(fd, text.data(), text.size(), 0);
  return count > 0 ? printable({text.data(), static_cast<std::size_t>(count)})
                   : std::string{"another process"};
}

/// The file under this name is still the one that was opened: whoever held it removes it.
bool is_still_there(int fd, const fs::path& file) {
  struct stat opened {};
  struct stat named {};
  return ::fstat(fd, &opened) == 0 && ::lstat(file.c_str(), &named) == 0 &&
         opened.st_dev == named.st_dev && opened.st_ino == named.st_ino;
}

void sign(int fd) {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '?';
  const auto text = fmt::format("process {} on {}", ::getpid(), host.data());
  // Who comes next wants to read it; without room on the disk it holds all the same.
  if (::ftruncate(fd, 0) != 0 || ::pwrite(fd, text.data(), text.size(), 0) < 0)
    log::debug("the lock of the export folder is not signed");
}

}  // namespace

void make_out_folder(const fs::path& out, const store::RunPaths& run) {
  if (out.empty()) throw UsageError{"no folder to export to. Name one: --out DIR"};
  refuse_the_runs_own(out, run);
  std::error_code failure;
  fs::create_directories(out, failure);
  if (!failure && !fs::is_directory(out))
    failure = std::make_error_code(std::errc::not_a_directory);
  if (!failure && ::access(out.c_str(), W_OK | X_OK) != 0)
    failure = {errno, std::generic_category()};
  if (failure)
    throw UsageError{fmt::format(
        "{}. Choose another folder: --out DIR",
        system_error(failure.value(), "cannot write to the export folder", printable(out.native()))
            .what())};
}

FolderLock::FolderLock(const fs::path& out) : file_{out / lock_name} {
  while (true) {
    fd_.reset(::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666));
    if (!fd_)
      throw storage_error(errno, "cannot open the lock of the export folder",
                          printable(file_.native()));
    if (::flock(fd_.get(), LOCK_EX | LOCK_NB) == 0) {
      if (is_still_there(fd_.get(), file_)) break;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EWOULDBLOCK)
      throw UsageError{
          fmt::format("another export is writing to {} ({}). Wait until it has ended, or choose "
                      "another folder: --out DIR",
                      printable(out.native()), holder_of(fd_.get()))};
    log::warning(
        "the file system of {} knows no locks: see to it that no other export writes there at the "
        "same time",
        printable(out.native()));
    ::unlink(file_.c_str());
    fd_.reset();
    return;
  }
  sign(fd_.get());
}

FolderLock::~FolderLock() {
  if (fd_) ::unlink(file_.c_str());
}

void remove_parts(const fs::path& out, bool all_below) {
  static const std::regex part{R"(\.[0-9]+\.[0-9]+(\.pdf)?\.part)"};
  std::vector<fs::path> parts;
  std::error_code failure;
  fs::recursive_directory_iterator entry{out, fs::directory_options::skip_permission_denied,
                                         failure};
  for (; !failure && entry != fs::recursive_directory_iterator{}; entry.increment(failure)) {
    if (!all_below) entry.disable_recursion_pending();
    std::error_code unknown;
    if (entry->symlink_status(unknown).type() != fs::file_type::regular) continue;
    if (std::regex_match(entry->path().filename().native(), part)) parts.push_back(entry->path());
  }
  for (const auto& left : parts) ::unlink(left.c_str());
}

std::optional<fs::path> earlier_file(const fs::path& out, const std::string& file) {
  const fs::path below{file};
  if (below.is_absolute() || below.filename() == "..") return std::nullopt;
  auto folder = out;
  std::error_code unknown;
  for (const auto& name : below.parent_path()) {
    if (name == "..") return std::nullopt;
    folder /= name;
    if (fs::symlink_status(folder, unknown).type() != fs::file_type::directory) return std::nullopt;
  }
  auto path = folder / below.filename();
  if (fs::symlink_status(path, unknown).type() != fs::file_type::regular) return std::nullopt;
  return path;
}

void remove_earlier_file(const fs::path& out, const std::string& file) {
  if (const auto path = earlier_file(out, file)) ::unlink(path->c_str());
}

void rename_earlier_file(const fs::path& out, const std::string& file, const std::string& name) {
  const auto path = earlier_file(out, file);
  if (!path) return;
  std::error_code failure;
  fs::create_directories((out / name).parent_path(), failure);
  if (!failure) fs::rename(*path, out / name, failure);
  if (failure)
    throw storage_error(failure.value(), "cannot rename to what its document is called now", printable(path->native()));
  // A folder that is left empty could stand where a file must be.
  for (auto empty = fs::path{file}.parent_path(); !empty.empty() && ::rmdir((out / empty).c_str()) == 0;)
    empty = empty.parent_path();
}

}  // namespace pecia::exporting
