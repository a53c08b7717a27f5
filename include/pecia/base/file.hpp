#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "pecia/base/bytes.hpp"

namespace pecia {

/// Owns a file descriptor.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_{fd} {}
  ~UniqueFd() { reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  [[nodiscard]] int get() const noexcept { return fd_; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset(int fd = -1) noexcept;

 private:
  int fd_ = -1;
};

/// Opens for reading with O_CLOEXEC; throws `Error` with path and cause.
[[nodiscard]] UniqueFd open_for_reading(const std::filesystem::path& path);
/// The whole file; throws `Error`.
[[nodiscard]] std::string read_file(const std::filesystem::path& path);
/// Writes all of `bytes`, over short writes and EINTR; throws `Error`.
void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path);
/// fsync; throws `Error`. A failed fsync is never tried again on the same descriptor.
void sync_file(int fd, const std::filesystem::path& path);
/// fsync of a folder, so that names made or renamed in it survive a crash.
void sync_folder(const std::filesystem::path& folder);
/// Makes the folder and those above it that are missing, each fsynced in its parent; throws `Error`.
void create_folders(const std::filesystem::path& folder);
/// Writes `<path>.part`, fsyncs it, renames it to `path` and fsyncs the folder: a reader sees the
/// old file or the whole new one.
void replace_file(const std::filesystem::path& path, std::string_view contents);

}  // namespace pecia
