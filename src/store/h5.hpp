#pragma once

#include <hdf5.h>

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "pecia/base/error.hpp"

// The edge to HDF5's C API: handles that close themselves, error codes that throw.
namespace pecia::store::h5 {

/// Throws `Error` with HDF5's own words if `code` is negative; else returns it.
template <class T>
T check(T code, std::string_view what, Here where = Here::now());
[[noreturn]] void fail(std::string_view what, Here where);
template <class T>
T check(T code, std::string_view what, Here where) {
  if (code < 0) fail(what, where);
  return code;
}

/// Owns an HDF5 identifier of any kind.
class Handle {
 public:
  Handle() = default;
  /// Throws `Error` if `id` is negative.
  Handle(hid_t id, std::string_view what, Here where = Here::now()) : id_{check(id, what, where)} {}
  ~Handle() {
    if (id_ >= 0) H5Idec_ref(id_);
  }
  Handle(Handle&& other) noexcept : id_{std::exchange(other.id_, -1)} {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    return *this;
  }
  [[nodiscard]] hid_t get() const noexcept { return id_; }
  [[nodiscard]] hid_t release() noexcept { return std::exchange(id_, -1); }

 private:
  hid_t id_ = -1;
};

/// Turns off HDF5's printing of errors.
void set_up();

[[nodiscard]] Handle open_file(const std::filesystem::path& path);

/// An enumeration type of one byte with these names for 0, 1, 2, ...
[[nodiscard]] Handle enum_type(std::span<const std::string_view> names);
[[nodiscard]] Handle utf8_type();

/// Writes a one-dimensional dataset; compressed in chunks of `chunk` elements unless empty or 0.
void write(hid_t file, const char* name, hid_t type, const void* data, std::size_t count, std::size_t chunk);
/// A one-dimensional dataset that stays open, for many small reads or writes.
class Dataset {
 public:
  Dataset(hid_t file, const char* name);
  /// Makes one of `count` elements, as `write` would; nothing is in it yet.
  Dataset(hid_t file, const char* name, hid_t type, std::uint64_t count, std::size_t chunk);
  void write(hid_t type, std::uint64_t begin, std::uint64_t count, const void* data) const;
  /// What is in no whole chunk yet reaches the file now, where it can be asked whether that worked.
  void flush() const;
  /// Elements [begin, end) into a vector; throws `Error` if they are not all there.
  template <class T>
  [[nodiscard]] std::vector<T> read(hid_t type, std::uint64_t begin, std::uint64_t end) const {
    expect_readable(begin, end, sizeof(T));
    std::vector<T> data(end - begin);
    read_into(type, begin, end, data.data());
    return data;
  }
  [[nodiscard]] std::uint64_t size() const noexcept { return size_; }
  /// Throws `Error` unless these elements are within it.
  void check_range(std::uint64_t begin, std::uint64_t end) const;

  /// As `read`, into a vector that is used again.
  template <class T>
  void read(hid_t type, std::uint64_t begin, std::uint64_t end, std::vector<T>& data) const {
    expect_readable(begin, end, sizeof(T));
    data.assign(end - begin, T{});  // members that the file lacks are left as they are
    read_into(type, begin, end, data.data());
  }
  /// As `read`, of elements whose size in memory only the caller knows.
  void read_bytes(hid_t type, std::uint64_t begin, std::uint64_t end, std::size_t element_bytes, std::vector<char>& data) const {
    expect_readable(begin, end, element_bytes);
    data.assign((end - begin) * element_bytes, 0);
    read_into(type, begin, end, data.data());
  }
  /// Whether the elements of the dataset are these, bit by bit. Bounded memory.
  template <class T>
  [[nodiscard]] bool equals(hid_t type, std::span<const T> data) const {
    return size_ == data.size() && equals(type, data.data(), sizeof(T));
  }

 private:
  [[nodiscard]] bool equals(hid_t type, const void* data, std::size_t element_bytes) const;
  /// That they may be there, before memory is taken for them: a damaged file can claim any number.
  void expect_readable(std::uint64_t begin, std::uint64_t end, std::size_t element_bytes) const;
  void read_into(hid_t type, std::uint64_t begin, std::uint64_t end, void* data) const;

  std::string name_;
  Handle dataset_;
  std::uint64_t size_ = 0;
};

/// A whole dataset of `utf8_type`.
[[nodiscard]] std::vector<std::string> read_texts(hid_t file, const char* name);
void write_texts(hid_t file, const char* name, std::span<const std::string> texts);
[[nodiscard]] bool has(hid_t file, const char* name);

void write_attribute(hid_t object, const char* name, std::string_view text);
void write_attribute(hid_t object, const char* name, std::int64_t number);
[[nodiscard]] bool has_attribute(hid_t object, const char* name);
[[nodiscard]] std::int64_t read_attribute(hid_t object, const char* name);
/// Empty where there is none.
[[nodiscard]] std::string read_text_attribute(hid_t object, const char* name);

}  // namespace pecia::store::h5
