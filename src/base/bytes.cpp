#include "pecia/base/bytes.hpp"

#include <fmt/format.h>

#include <limits>

namespace pecia {

ByteWriter& ByteWriter::put_text(std::string_view text) {
  require(text.size() <= std::numeric_limits<std::uint32_t>::max(), "a text is longer than 4 GiB");
  put(static_cast<std::uint32_t>(text.size()));
  return put_raw(std::as_bytes(std::span{text}));
}

ByteWriter& ByteWriter::put_raw(std::span<const std::byte> raw) {
  bytes_.insert(bytes_.end(), raw.begin(), raw.end());
  return *this;
}

std::string ByteReader::get_text() {
  const auto raw = get_raw(get<std::uint32_t>());
  return {reinterpret_cast<const char*>(raw.data()), raw.size()};
}

std::span<const std::byte> ByteReader::get_raw(std::size_t size) {
  need(size);
  const auto raw = bytes_.subspan(at_, size);
  at_ += size;
  return raw;
}

std::size_t ByteReader::get_count(std::size_t least_item_bytes) {
  const std::size_t count = get<std::uint32_t>();
  if (least_item_bytes > 0 && count > left() / least_item_bytes)
    throw Error{fmt::format("{}: claims {} items where {} bytes are left", what_, count, left())};
  return count;
}

void ByteReader::expect_end() const {
  if (left() != 0) throw Error{fmt::format("{}: {} bytes too many", what_, left())};
}

bool ByteReader::flag(std::uint8_t byte) const {
  if (byte > 1) [[unlikely]]
    throw Error{fmt::format("{}: {} stands where yes or no should", what_, byte)};
  return byte == 1;
}

void ByteReader::need(std::size_t size) const {
  if (size > left()) [[unlikely]]
    throw Error{fmt::format("{}: ends after {} bytes, {} more are needed", what_, bytes_.size(),
                            size - left())};
}

}  // namespace pecia
