#include "journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "pecia/base/error.hpp"
#include "pecia/base/text.hpp"

namespace pecia::store {
namespace {

constexpr std::string_view magic = "PECIASEG";
constexpr std::uint32_t segment_version = 1;
constexpr std::uint16_t record_version = 1;
constexpr std::size_t header_bytes = 8 + 4 * 4 + 4;  ///< magic, version, epoch, rank, number, CRC
constexpr std::size_t frame_bytes = 4 + 2 + 4;       ///< length, version, CRC
constexpr std::size_t least_payload = 8 + 6 * 4 + 8;  ///< key and order
constexpr mode_t file_mode = 0666;

unsigned checksum(std::span<const std::byte> bytes) {
  return crc32c({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

Bytes header_of(std::uint32_t epoch, std::uint32_t rank, std::uint32_t number) {
  ByteWriter out;
  out.put_raw(std::as_bytes(std::span{magic})).put(segment_version).put(epoch).put(rank).put(number);
  out.put(checksum(out.bytes()));
  return std::move(out).bytes();
}

void check_header(std::span<const std::byte> file, Replay& replay) {
  ByteReader in{file.first(header_bytes)};
  const auto text = in.get_raw(magic.size());
  const auto version = in.get<std::uint32_t>();
  (void)in.get_raw(3 * sizeof(std::uint32_t));
  if (std::memcmp(text.data(), magic.data(), magic.size()) != 0) {
    replay.problem = "it is no journal segment";
  } else if (in.get<std::uint32_t>() != checksum(file.first(header_bytes - 4))) {
    replay.problem = "its header is damaged";
  } else if (version != segment_version) {
    replay.problem = "written by another version of pecia";
    replay.other_version = true;
  }
}

/// Whether a whole record that matches its checksum begins anywhere in there. It tells damage,
/// which may have cost committed records, from a torn tail, which nothing follows.
bool holds_record(std::span<const std::byte> bytes) {
  for (; bytes.size() >= frame_bytes + least_payload; bytes = bytes.subspan(1)) {
    ByteReader in{bytes};
    const auto size = in.get<std::uint32_t>();
    if (in.get<std::uint16_t>() != record_version) continue;
    const auto crc = in.get<std::uint32_t>();
    if (size >= least_payload && size <= in.left() && crc == checksum(in.get_raw(size)))
      return true;
  }
  return false;
}

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

std::string segment_name(std::uint32_t epoch, std::uint32_t rank, std::uint32_t number) {
  return fmt::format("{:06}-{:05}-{:05}.seg", epoch, rank, number);
}

Bytes encode(const Record& record) {
  ByteWriter out;
  out.put(record.key.document.value).put(record.key.revision).put(record.key.page);
  const auto& order = record.order;
  out.put(order.generation).put(order.attempt).put(order.epoch).put(order.rank).put(order.sequence);
  result::encode(out, record.outcome);
  return std::move(out).bytes();
}

Record decode_record(std::span<const std::byte> payload) {
  ByteReader in{payload, "record"};
  Record record;
  record.key.document.value = in.get<std::uint64_t>();
  record.key.revision = in.get<std::uint32_t>();
  record.key.page = in.get<std::uint32_t>();
  record.order.generation = in.get<std::uint32_t>();
  record.order.attempt = in.get<std::uint32_t>();
  record.order.epoch = in.get<std::uint32_t>();
  record.order.rank = in.get<std::uint32_t>();
  record.order.sequence = in.get<std::uint64_t>();
  record.outcome = result::decode_outcome(in);
  record.order.state = record.outcome.state;
  in.expect_end();
  return record;
}

SegmentWriter::SegmentWriter(const std::filesystem::path& folder, std::uint32_t epoch, std::uint32_t rank,
                             std::uint32_t number)
    : path_{folder / segment_name(epoch, rank, number)},
      fd_{::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, file_mode)} {
  if (!fd_) throw system_error(errno, "cannot make the journal segment", path_.string());
  write_all(fd_.get(), header_of(epoch, rank, number), path_);
  sync_folder(folder);
}

void SegmentWriter::append(const Record& record) {
  const auto payload = encode(record);
  ByteWriter frame;
  frame.put(static_cast<std::uint32_t>(payload.size())).put(record_version).put(checksum(payload)).put_raw(payload);
  write_all(fd_.get(), frame.bytes(), path_);
  ++records_;
}

void SegmentWriter::sync() { sync_file(fd_.get(), path_); }

Replay replay_segment(const std::filesystem::path& path,
                      const std::function<void(Record&&, std::uint64_t, std::uint32_t)>& use) {
  const auto contents = read_file(path);
  const auto file = std::as_bytes(std::span{contents});
  Replay replay;
  // Never synced: a lost node may leave a length without its bytes.
  const bool no_header = file.size() < header_bytes || all_zero(file.first(header_bytes));
  if (no_header && !holds_record(file)) {
    replay.torn_bytes = file.size();
    return replay;
  }
  check_header(file, replay);
  if (!replay.problem.empty()) return replay;
  std::size_t at = header_bytes;
  while (at < file.size()) {
    const auto rest = file.subspan(at);
    if (rest.size() < frame_bytes || all_zero(rest.first(frame_bytes))) break;  // a torn tail may be zeros
    ByteReader frame{rest};
    const auto size = frame.get<std::uint32_t>();
    const auto version = frame.get<std::uint16_t>();
    const auto crc = frame.get<std::uint32_t>();
    if (size > frame.left()) break;
    const auto payload = frame.get_raw(size);
    const bool last = frame.left() == 0;
    if (crc != checksum(payload) || version != record_version) {
      if (last) break;
      replay.problem = fmt::format("record {} (byte {}) is damaged and more follows it", replay.records + 1, at);
      return replay;
    }
    try {
      use(decode_record(payload), at + frame_bytes, size);
    } catch (const Error& error) {
      replay.problem = fmt::format("record {} (byte {}) makes no sense: {}", replay.records + 1, at, error.what());
      return replay;
    }
    ++replay.records;
    at += frame_bytes + size;
  }
  if (at < file.size() && holds_record(file.subspan(at + 1)))
    replay.problem =
        fmt::format("record {} (byte {}) is damaged and more follows it", replay.records + 1, at);
  else
    replay.torn_bytes = file.size() - at;
  return replay;
}

Record read_record(const std::filesystem::path& path, std::uint64_t at, std::uint32_t size) {
  const auto fd = open_for_reading(path);
  Bytes frame(frame_bytes + size);
  std::size_t got = 0;
  while (got < frame.size()) {
    const auto count = ::pread(fd.get(), frame.data() + got, frame.size() - got, static_cast<off_t>(at - frame_bytes + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw system_error(count < 0 ? errno : EIO, "cannot read a record of", path.string());
    got += static_cast<std::size_t>(count);
  }
  ByteReader in{frame};
  (void)in.get_raw(4 + 2);
  const auto crc = in.get<std::uint32_t>();
  const auto payload = in.get_raw(size);
  require(crc == checksum(payload), fmt::format("a record of {} does not match its checksum", path.string()));
  return decode_record(payload);
}

}  // namespace pecia::store
