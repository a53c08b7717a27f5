#include "pecia/child/shared_memory.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <new>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::child {
namespace {

constexpr int wanted_seals = F_SEAL_SHRINK | F_SEAL_GROW;

void* map_own(int fd, std::size_t size) {
  void* address = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED) throw system_error(errno, "cannot map shared memory", "");
  return address;
}

/// That this process has no room is no fault of whoever sent it.
void* map_sent(int fd, std::size_t size) {
  void* address = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, fd, 0);
  if (address == MAP_FAILED && errno == ENOMEM) throw std::bad_alloc{};
  if (address == MAP_FAILED) throw system_error(errno, "cannot map shared memory", "");
  return address;
}

}  // namespace

SharedMemory SharedMemory::create(std::size_t size_bytes) {
  SharedMemory memory;
  memory.fd_.reset(::memfd_create("pecia", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory.fd_) throw system_error(errno, "cannot make shared memory", "");
  if (::ftruncate(memory.fd_.get(), static_cast<off_t>(size_bytes)) != 0)
    throw system_error(errno, fmt::format("cannot make {} bytes of shared memory", size_bytes), "");
  memory.size_ = size_bytes;
  memory.writable_ = true;
  if (size_bytes > 0) memory.address_ = map_own(memory.fd_.get(), size_bytes);
  return memory;
}

SharedMemory SharedMemory::map(UniqueFd fd, std::size_t size_bytes) {
  const int seals = ::fcntl(fd.get(), F_GET_SEALS);
  require(seals >= 0 && (seals & wanted_seals) == wanted_seals,
          "shared memory is not sealed against resizing (its owner could cut it off under us)");
  struct statfs system {};
  require(::fstatfs(fd.get(), &system) == 0 && system.f_type != HUGETLBFS_MAGIC,
          "shared memory is of huge pages (they may be missing when they are touched: SIGBUS)");
  struct stat status {};
  if (::fstat(fd.get(), &status) != 0) throw system_error(errno, "cannot look at shared memory", "");
  if (static_cast<std::size_t>(status.st_size) < size_bytes)
    throw Error{fmt::format("shared memory holds {} bytes where {} were promised", status.st_size, size_bytes)};
  SharedMemory memory;
  memory.size_ = size_bytes;
  if (size_bytes > 0) memory.address_ = map_sent(fd.get(), size_bytes);
  memory.fd_ = std::move(fd);
  return memory;
}

SharedMemory::SharedMemory(SharedMemory&& other) noexcept
    : fd_{std::move(other.fd_)},
      address_{std::exchange(other.address_, nullptr)},
      size_{std::exchange(other.size_, 0)},
      writable_{std::exchange(other.writable_, false)} {}

SharedMemory& SharedMemory::operator=(SharedMemory&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(address_, other.address_);
  std::swap(size_, other.size_);
  std::swap(writable_, other.writable_);
  return *this;
}

SharedMemory::~SharedMemory() {
  if (address_) ::munmap(address_, size_);
}

std::span<std::byte> SharedMemory::writable() {
  require(writable_, "shared memory was mapped for reading only");
  return {static_cast<std::byte*>(address_), size_};
}

std::span<const std::byte> SharedMemory::bytes() const noexcept {
  return {static_cast<const std::byte*>(address_), size_};
}

void SharedMemory::seal() {
  if (::fcntl(fd_.get(), F_ADD_SEALS, wanted_seals) != 0)
    throw system_error(errno, "cannot seal shared memory", "");
}

}  // namespace pecia::child
