#include "pixel_buffer.hpp"

#include <unistd.h>

#include <new>
#include <utility>

#include "pecia/base/error.hpp"

namespace pecia::page {

PixelBuffer::PixelBuffer(std::size_t size_bytes) : size_{size_bytes} {
  try {
    memory_.emplace(child::SharedMemory::create(size_bytes));
  } catch (const Error&) {
    throw std::bad_alloc{};  // one page's failure, and not the process's
  }
  data_ = memory_->writable().data();
}

PixelBuffer::PixelBuffer(PixelBuffer&& other) noexcept
    : memory_{std::exchange(other.memory_, std::nullopt)},
      data_{std::exchange(other.data_, nullptr)},
      size_{std::exchange(other.size_, 0)} {}

PixelBuffer& PixelBuffer::operator=(PixelBuffer other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

void PixelBuffer::shrink(std::size_t size_bytes) noexcept {
  size_ = std::min(size_, size_bytes);
  // Should it fail, more memory is sent than has to be.
  if (memory_) (void)!::ftruncate(memory_->fd(), static_cast<off_t>(size_));
}

child::SharedMemory PixelBuffer::release() {
  if (!memory_) *this = PixelBuffer{0};
  memory_->seal();
  data_ = nullptr;
  size_ = 0;
  auto memory = std::move(*memory_);
  memory_.reset();
  return memory;
}

}  // namespace pecia::page
