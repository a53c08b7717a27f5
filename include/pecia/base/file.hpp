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
/// Writes all of `bytes`, over short writes and EINTR; throws `StorageError`, as all below.
void write_all(int fd, std::span<const std::byte> bytes, const std::filesystem::path& path);
/// fsync. One that failed is never tried again on the same descriptor: what it was to commit may be
/// gone from memory, and the next would succeed without it.
void sync_file(int fd, const std::filesystem::path& path);
/// fsync of a folder, so that names made or renamed in it survive a crash.
void sync_folder(const std::filesystem::path& folder);
/// What a crash of the machine leaves of a file that was replaced; a reader sees the old file or the
/// whole new one in any case.
enum class Durability {
  committed,  ///< the new file: fsync of the file and of its folder
  whole,      ///< the old file or the new one, whole: fsync of the file
  none,       ///< anything: no fsync
};
/// A new file with these contents, under a name that nobody looks for yet; its folder is not synced.
void write_whole(const std::filesystem::path& path, std::span<const std::byte> contents,
                 Durability durability = Durability::whole);
/// Writes `<path>.<pid>.part` and renames it to `path`.
void replace_file(const std::filesystem::path& path, std::span<const std::byte> contents,
                  Durability durability = Durability::committed);
void replace_file(const std::filesystem::path& path, std::string_view contents,
                  Durability durability = Durability::committed);
void rename_file(const std::filesystem::path& from, const std::filesystem::path& to);
/// False if it was not there.
bool remove_file(const std::filesystem::path& path);

}  // namespace pecia
