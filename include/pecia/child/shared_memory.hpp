#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "pecia/base/file.hpp"

namespace pecia::child {

/// Memory behind a descriptor (memfd), to be handed to another process without copying.
class SharedMemory {
 public:
  /// Fresh, zeroed, writable. Throws `Error` (no memory, no descriptors).
  static SharedMemory create(std::size_t size_bytes);
  /// Maps what another process sent, read-only. Throws `Error` unless the descriptor is a memfd
  /// sealed against shrinking and growing, not of huge pages, that holds at least `size_bytes` (else
  /// its owner could cut it off under us: SIGBUS); std::bad_alloc where this process has no room for it.
  static SharedMemory map(UniqueFd fd, std::size_t size_bytes);

  SharedMemory(SharedMemory&&) noexcept;
  SharedMemory& operator=(SharedMemory&&) noexcept;
  ~SharedMemory();

  [[nodiscard]] std::span<std::byte> writable();
  [[nodiscard]] std::span<const std::byte> bytes() const noexcept;
  /// Seals against resizing; to be called before the descriptor is sent.
  void seal();
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }

 private:
  SharedMemory() = default;
  UniqueFd fd_;
  void* address_ = nullptr;
  std::size_t size_ = 0;
  bool writable_ = false;
};

}  // namespace pecia::child
