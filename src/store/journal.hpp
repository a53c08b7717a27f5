#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>

#include "pecia/base/file.hpp"
#include "pecia/store/record.hpp"

// Segments of journal/; docs/formats.md defines every byte.
namespace pecia::store {

/// "000003-00001-00002.seg": epoch, rank, number.
[[nodiscard]] std::string segment_name(std::uint32_t epoch, std::uint32_t rank, std::uint32_t number);

[[nodiscard]] Bytes encode(const Record& record);
/// Throws `Error` on anything `encode` does not write.
[[nodiscard]] Record decode_record(std::span<const std::byte> payload);

/// A segment being written: made fresh (O_EXCL), appended to by its maker alone.
class SegmentWriter {
 public:
  SegmentWriter(const std::filesystem::path& folder, std::uint32_t epoch, std::uint32_t rank, std::uint32_t number);

  void append(const Record& record);
  /// fsync: what was appended is committed.
  void sync();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

 private:
  std::filesystem::path path_;
  UniqueFd fd_;
  std::uint64_t records_ = 0;
};

/// How a segment ended.
struct Replay {
  std::uint64_t records = 0;
  std::uint64_t torn_bytes = 0;  ///< behind the last whole record: a write that was cut off
  std::string problem;           ///< damage that is no torn tail; empty if sound
  bool other_version = false;    ///< the problem: no damage, but another pecia's file
};
/// Calls `use` for each whole record with the place of its payload in the file. Throws `Error` only if
/// the file cannot be read.
Replay replay_segment(const std::filesystem::path& path,
                      const std::function<void(Record&& record, std::uint64_t at, std::uint32_t size)>& use);
/// One record by its place; throws `Error` if it is damaged.
[[nodiscard]] Record read_record(const std::filesystem::path& path, std::uint64_t at, std::uint32_t size);

}  // namespace pecia::store
