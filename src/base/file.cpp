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
  if (!fd) throw storage_error(errno, "cannot open", shown(path));
  return fd;
}

std::string read_file(const std::filesystem::path& path) {
  const auto fd = open_for_reading(path);
  std::string contents;
  std::array<char, 1 << 16> buffer;
  while (true) {
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw storage_error(errno, "cannot read", shown(path));
    if (got == 0) return contents;
    contents.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path) {
  while (!bytes.empty()) {
    const auto written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) throw storage_error(written < 0 ? errno : EIO, "cannot write", shown(path));
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

void sync_file(int fd, const std::filesystem::path& path) {
  if (fsync_over_signals(fd) != 0) throw storage_error(errno, "cannot commit to disk", shown(path));
}

void sync_folder(const std::filesystem::path& folder) {
  const UniqueFd fd{::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)};
  if (!fd) throw storage_error(errno, "cannot open folder", shown(folder));
  // Some network file systems refuse to sync a folder; names are durable there by themselves.
  if (fsync_over_signals(fd.get()) != 0 && errno != EINVAL && errno != ENOTSUP)
    throw storage_error(errno, "cannot commit folder to disk", shown(folder));
}

void write_whole(const std::filesystem::path& path, std::span<const std::byte> contents, Durability durability) {
  const UniqueFd fd{::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, file_mode)};
  if (!fd) throw storage_error(errno, "cannot create", shown(path));
  write_all(fd.get(), contents, path);
  if (durability != Durability::none) sync_file(fd.get(), path);
}

void replace_file(const std::filesystem::path& path, std::span<const std::byte> contents,
                  Durability durability) {
  auto part = path;
  part += fmt::format(".{}.part", getpid());
  try {
    write_whole(part, contents, durability);
    rename_file(part, path);
  } catch (...) {
    ::unlink(part.c_str());
    throw;
  }
  if (durability == Durability::committed)
    sync_folder(path.has_parent_path() ? path.parent_path() : std::filesystem::path{"."});
}

void replace_file(const std::filesystem::path& path, std::string_view contents, Durability durability) {
  replace_file(path, std::as_bytes(std::span{contents}), durability);
}

void rename_file(const std::filesystem::path& from, const std::filesystem::path& to) {
  if (::rename(from.c_str(), to.c_str()) != 0) throw storage_error(errno, "cannot rename into place", shown(to));
}

bool remove_file(const std::filesystem::path& path) {
  if (::unlink(path.c_str()) == 0) return true;
  if (errno != ENOENT) throw storage_error(errno, "cannot delete", shown(path));
  return false;
}

}  // namespace pecia
