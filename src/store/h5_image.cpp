#include "h5_image.hpp"

#include <cstdlib>
#include <cstring>

namespace pecia::store::h5 {
namespace {

constexpr std::size_t grows_by_bytes = std::size_t{1} << 20;
/// A name that no file can have: HDF5 looks whether there is one.
constexpr const char* no_file = "/dev/null/in-memory";
/// Of a superblock of version 2 or 3: behind signature, versions, sizes, base and extension address.
constexpr std::size_t end_of_file_at = 28;

}  // namespace

/// What HDF5's core driver keeps a file in. It is ours once HDF5 would free it.
struct NewFile::Memory {
  void* bytes = nullptr;
  std::size_t size = 0;  ///< allocated

  Memory() = default;
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;
  ~Memory() { std::free(bytes); }

  static void* allocate(std::size_t size, H5FD_file_image_op_t, void* memory) {
    return static_cast<Memory*>(memory)->resized(nullptr, size);
  }
  static void* copy(void* to, const void* from, std::size_t size, H5FD_file_image_op_t, void*) {
    return std::memcpy(to, from, size);
  }
  static void* reallocate(void* bytes, std::size_t size, H5FD_file_image_op_t, void* memory) {
    return static_cast<Memory*>(memory)->resized(bytes, size);
  }
  static herr_t release(void* bytes, H5FD_file_image_op_t, void* memory) {
    static_cast<Memory*>(memory)->bytes = bytes;
    return 0;
  }
  static void* same(void* memory) { return memory; }
  static herr_t keep(void*) { return 0; }

 private:
  void* resized(void* old, std::size_t new_size) {
    void* const grown = std::realloc(old, new_size);
    if (grown) size = new_size;
    return grown;
  }
};

NewFile::NewFile() : memory_{std::make_unique<Memory>()} {
  set_up();
  const Handle access{H5Pcreate(H5P_FILE_ACCESS), "cannot make properties"};
  check(H5Pset_libver_bounds(access.get(), H5F_LIBVER_V110, H5F_LIBVER_LATEST), "cannot set the file version");
  check(H5Pset_fapl_core(access.get(), grows_by_bytes, false), "cannot make a file in memory");
  H5FD_file_image_callbacks_t callbacks{Memory::allocate, Memory::copy, Memory::reallocate, Memory::release,
                                        Memory::same,     Memory::keep, memory_.get()};
  check(H5Pset_file_image_callbacks(access.get(), &callbacks), "cannot make a file in memory");
  file_ = {H5Fcreate(no_file, H5F_ACC_TRUNC, H5P_DEFAULT, access.get()), "cannot make a file in memory"};
}

NewFile::~NewFile() = default;

std::span<const std::byte> NewFile::close() {
  check(H5Fclose(file_.release()), "cannot complete a file in memory");
  const std::span<const std::byte> all{static_cast<const std::byte*>(memory_->bytes), memory_->size};
  std::uint64_t size = 0;
  require(memory_->bytes != nullptr && all.size() >= end_of_file_at + sizeof size, "HDF5 kept no file in memory");
  std::memcpy(&size, all.data() + end_of_file_at, sizeof size);
  require(size <= all.size(), "HDF5 did not keep all of a file in memory");
  return all.first(size);
}

}  // namespace pecia::store::h5
