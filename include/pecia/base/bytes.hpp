#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "pecia/base/error.hpp"

namespace pecia {

using Bytes = std::vector<std::byte>;

/// Appends values in little-endian order: the encoding of messages, child protocols and journals.
class ByteWriter {
 public:
  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  ByteWriter& put(T value) {
    static_assert(sizeof(T) <= 8);
    const auto at = bytes_.size();
    bytes_.resize(at + sizeof(T));
    std::memcpy(bytes_.data() + at, &value, sizeof(T));
    return *this;
  }
  /// Length (u32), then the bytes.
  ByteWriter& put_text(std::string_view text);
  ByteWriter& put_raw(std::span<const std::byte> raw);

  [[nodiscard]] const Bytes& bytes() const& { return bytes_; }
  [[nodiscard]] Bytes bytes() && { return std::move(bytes_); }
  [[nodiscard]] std::size_t size() const noexcept { return bytes_.size(); }

 private:
  Bytes bytes_;
};
static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "pecia's files and messages");

/// Reads what `ByteWriter` wrote. Whatever the bytes, it never reads past them: it throws `Error`
/// ("<what>: ends after N bytes").
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes, std::string_view what = "message")
      : bytes_{bytes}, what_{what} {}

  template <class T>
    requires std::is_arithmetic_v<T> || std::is_enum_v<T>
  [[nodiscard]] T get() {
    need(sizeof(T));
    T value;
    if constexpr (std::is_same_v<T, bool>) {  // any other byte in a bool is undefined
      value = flag(static_cast<std::uint8_t>(bytes_[at_]));
    } else {
      std::memcpy(&value, bytes_.data() + at_, sizeof(T));
    }
    at_ += sizeof(T);
    return value;
  }
  [[nodiscard]] std::string get_text();
  [[nodiscard]] std::span<const std::byte> get_raw(std::size_t size);
  /// A count (u32) of items of at least `least_item_bytes` each, refused if they cannot be there.
  [[nodiscard]] std::size_t get_count(std::size_t least_item_bytes);

  [[nodiscard]] std::size_t left() const noexcept { return bytes_.size() - at_; }
  /// Throws unless all was read.
  void expect_end() const;

 private:
  void need(std::size_t size) const;
  [[nodiscard]] bool flag(std::uint8_t byte) const;

  std::span<const std::byte> bytes_;
  std::size_t at_ = 0;
  std::string what_;
};

}  // namespace pecia
