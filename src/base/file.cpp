#include "pecia/base/file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia {
namespace {

constexpr mode_t file_mode = 0666;  // the umask decides, so that group-readable runs stay so
constexpr mode_t folder_mode = 0777;

/// A signal may end the wait for the disk (Lustre): nothing has failed, and errors stay to be told.
int fsync_over_signals(int fd) {
  int failed = 0;
  do failed = ::fsync(fd);
  while (failed != 0 && errno == EINTR);
  return failed;
}

std::string shown(const std::filesystem::path& path) { return printable(path.native()); }

}  // namespace

void UniqueFd::reset(int fd) noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

UniqueFd open_for_reading(const std::filesystem::path& path) {
  UniqueFd fd{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY)};
  if (!fd) throw system_error(errno, "cannot open", shown(path));
  return fd;
}

std::string read_file(const std::filesystem::path& path) {
  const auto fd = open_for_reading(path);
  std::string contents;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(errno, "cannot read", shown(path));
    if (got == 0) return contents;
    contents.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw system_error(errno, "cannot write", shown(path));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void sync_file(int fd, const std::filesystem::path& path) {
  if (fsync_over_signals(fd) != 0) throw system_error(errno, "cannot commit to disk", shown(path));
}

void sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) throw system_error(errno, "cannot open folder", shown(folder));
  // Some network file systems refuse to sync a folder; names are durable there by themselves.
  if (fsync_over_signals(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    throw system_error(errno, "cannot commit folder to disk", shown(folder));
}

void create_folders(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (folder.empty() || std::filesystem::is_directory(folder, ignored)) return;
  const auto parent = folder.parent_path();
  create_folders(parent);
  if (::mkdir(folder.c_str(), folder_mode) != 0 && errno != EEXIST)
    throw system_error(errno, "cannot make the folder", shown(folder));
  sync_folder(parent.empty() ? "." : parent);
}

void replace_file(const std::filesystem::path& path, std::string_view contents) {
  auto part = path;
  part += fmt::format(".{}.part", getpid());
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."};
  UniqueFd fd{::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode)};
  if (!fd) throw system_error(errno, "cannot create", shown(part));
  try {
    write_all(fd.get(), std::as_bytes(std::span{contents}), part);
    sync_file(fd.get(), part);
    fd.reset();
    if (::rename(part.c_str(), path.c_str()) != 0)
      throw system_error(errno, "cannot rename into place", shown(path));
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
  sync_folder(folder);
}

}  // namespace pecia
