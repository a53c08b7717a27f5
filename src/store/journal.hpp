#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pecia/base/file.hpp"
#include "pecia/store/in_flight.hpp"
#include "pecia/store/record.hpp"

// Segments of journal/; docs/formats.md defines every byte.
namespace pecia::store {

/// "000003-00001-00002.seg": epoch, rank, number.
[[nodiscard]] std::string segment_name(std::uint32_t epoch, std::uint32_t rank, std::uint32_t number);
struct SegmentName {
  std::uint32_t epoch = 0, rank = 0, number = 0;
};
/// Nothing for a name that `segment_name` does not make.
[[nodiscard]] std::optional<SegmentName> parse_segment_name(std::string_view name);

[[nodiscard]] Bytes encode(const Record& record);
/// Throws `Error` on anything `encode` does not write.
[[nodiscard]] Record decode_record(std::span<const std::byte> payload);

/// Pages that were started, until an outcome or a release follows.
class OpenPages {
 public:
  /// False: it was open already, and nothing about it is new.
  bool start(const InFlightPage& page);
  /// False: it was not open.
  bool end(const PageKey& key) { return pages_.erase(key) > 0; }
  [[nodiscard]] bool empty() const noexcept { return pages_.empty(); }
  /// Its rank was told to stop, so that it lived on when another had died.
  bool told_to_stop = false;
  [[nodiscard]] std::vector<InFlightPage> list() const;
  [[nodiscard]] std::vector<PageKey> keys() const;

 private:
  std::map<PageKey, InFlightPage> pages_;
};

/// A segment being written: made fresh (O_EXCL), appended to by its maker alone. Failures are
/// `StorageError`s; after one, nothing more may be done with it.
class SegmentWriter {
 public:
  SegmentWriter(const std::filesystem::path& folder, std::uint32_t epoch, std::uint32_t rank, std::uint32_t number);

  /// An outcome as `encode` gives it.
  void append(std::span<const std::byte> outcome);
  void started(const InFlightPage& page);
  void released(std::span<const PageKey> pages);
  /// fsync of the file, and the first time of its name: what was appended is committed.
  void sync();
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
  /// Outcomes appended.
  [[nodiscard]] std::uint64_t records() const noexcept { return records_; }

 private:
  void write(std::uint16_t kind, std::span<const std::byte> payload);

  std::filesystem::path path_;
  UniqueFd fd_;
  bool name_committed_ = false;
  std::uint64_t records_ = 0;
};

/// How a segment ended.
struct Replay {
  std::uint64_t records = 0;     ///< outcomes
  std::uint64_t torn_bytes = 0;  ///< behind the last whole record: a write that was cut off
  std::string problem;           ///< damage that is no torn tail; empty if sound
  bool other_version = false;    ///< the problem: no damage, but another pecia's file
  SegmentName made_as;           ///< as its header says
};
/// Calls `use` for each whole outcome with the place of its payload in the file; starts and releases
/// change `open`, if it is given. Throws `Error` only if the file cannot be read.
Replay replay_segment(const std::filesystem::path& path,
                      const std::function<void(Record&& record, std::uint64_t at, std::uint32_t size)>& use,
                      OpenPages* open = nullptr);
/// One record by its place; throws `Error` if it is damaged.
[[nodiscard]] Record read_record(const std::filesystem::path& path, std::uint64_t at, std::uint32_t size);

}  // namespace pecia::store
