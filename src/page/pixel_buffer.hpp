#pragma once

#include <algorithm>
#include <cstddef>
#include <initializer_list>
#include <optional>

#include "pecia/child/shared_memory.hpp"

// Inside pecia-page only.
namespace pecia::page {

/// The bytes of a raster, zero at first, in shared memory: a page that is ready is sent as it is,
/// and never lies in memory twice. Copies are deep.
class PixelBuffer {
 public:
  PixelBuffer() = default;
  /// Throws std::bad_alloc.
  explicit PixelBuffer(std::size_t size_bytes);
  PixelBuffer(std::initializer_list<std::byte> bytes) : PixelBuffer{bytes.size()} {
    std::ranges::copy(bytes, data());
  }
  PixelBuffer(const PixelBuffer& other) : PixelBuffer{other.size()} {
    std::copy(other.begin(), other.end(), data());
  }
  PixelBuffer(PixelBuffer&& other) noexcept;
  PixelBuffer& operator=(PixelBuffer other) noexcept;
  ~PixelBuffer() = default;

  [[nodiscard]] std::byte* data() noexcept { return data_; }
  [[nodiscard]] const std::byte* data() const noexcept { return data_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::byte* begin() noexcept { return data_; }
  [[nodiscard]] std::byte* end() noexcept { return data_ + size_; }
  [[nodiscard]] const std::byte* begin() const noexcept { return data_; }
  [[nodiscard]] const std::byte* end() const noexcept { return data_ + size_; }
  [[nodiscard]] std::byte& operator[](std::size_t n) noexcept { return data_[n]; }
  [[nodiscard]] const std::byte& operator[](std::size_t n) const noexcept { return data_[n]; }
  friend bool operator==(const PixelBuffer& a, const PixelBuffer& b) {
    return std::equal(a.begin(), a.end(), b.begin(), b.end());
  }

  /// Keeps the first `size_bytes`, at most as many as there are, and gives the rest back.
  void shrink(std::size_t size_bytes) noexcept;
  /// The memory behind, sealed, to be sent; the buffer is empty afterwards.
  [[nodiscard]] child::SharedMemory release();

 private:
  std::optional<child::SharedMemory> memory_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace pecia::page
