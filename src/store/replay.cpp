#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "journal.hpp"
#include "pecia/base/error.hpp"
#include "segment_format.hpp"

// Reading journal segments.
namespace pecia::store {
namespace {

using segment::checksum;
using segment::frame_bytes;
using segment::header_bytes;
using segment::key_bytes;
using segment::Kind;
using segment::least_outcome_bytes;
using segment::magic;
using segment::outcomes_only_version;
using segment::segment_version;
using segment::start_bytes;

/// The version of the segment.
std::uint32_t check_header(std::span<const std::byte> file, Replay& replay) {
  ByteReader in{file.first(header_bytes)};
  const auto text = in.get_raw(magic.size());
  const auto version = in.get<std::uint32_t>();
  replay.made_as.epoch = in.get<std::uint32_t>();
  replay.made_as.rank = in.get<std::uint32_t>();
  replay.made_as.number = in.get<std::uint32_t>();
  if (std::memcmp(text.data(), magic.data(), magic.size()) != 0) {
    replay.problem = "it is no journal segment";
  } else if (in.get<std::uint32_t>() != checksum(file.first(header_bytes - 4))) {
    replay.problem = "its header is damaged";
  } else if (version < outcomes_only_version || version > segment_version) {
    replay.problem = "written by another version of pecia";
    replay.other_version = true;
  }
  return version;
}

/// Whether a payload of this size can be of this kind.
bool fits(std::uint16_t kind, std::size_t size) {
  switch (static_cast<Kind>(kind)) {
    case Kind::outcome: return size >= least_outcome_bytes;
    case Kind::started: return size == start_bytes;
    case Kind::released: return size >= 4 && (size - 4) % key_bytes == 0;
  }
  return false;
}

/// Whether a whole record that matches its checksum begins anywhere in there. It tells damage,
/// which may have cost committed records, from a torn tail, which nothing follows.
bool holds_record(std::span<const std::byte> bytes) {
  for (; bytes.size() > frame_bytes; bytes = bytes.subspan(1)) {
    ByteReader in{bytes};
    const auto size = in.get<std::uint32_t>();
    if (!fits(in.get<std::uint16_t>(), size)) continue;
    const auto crc = in.get<std::uint32_t>();
    if (size <= in.left() && crc == checksum(in.get_raw(size))) return true;
  }
  return false;
}

PageKey get_key(ByteReader& in) {
  PageKey key;
  key.document.value = in.get<std::uint64_t>();
  key.revision = in.get<std::uint32_t>();
  key.page = in.get<std::uint32_t>();
  return key;
}

InFlightPage decode_start(std::span<const std::byte> payload) {
  ByteReader in{payload, "start of a page"};
  InFlightPage page;
  page.key = get_key(in);
  page.generation = in.get<std::uint32_t>();
  page.alone = in.get<bool>();
  in.expect_end();
  return page;
}

std::vector<PageKey> decode_release(std::span<const std::byte> payload) {
  ByteReader in{payload, "release of pages"};
  std::vector<PageKey> keys(in.get_count(key_bytes));
  for (auto& key : keys) key = get_key(in);
  in.expect_end();
  return keys;
}

bool all_zero(std::span<const std::byte> bytes) {
  return std::ranges::all_of(bytes, [](std::byte b) { return b == std::byte{0}; });
}

using UseRecord = std::function<void(Record&&, std::uint64_t, std::uint32_t)>;

/// The records of a segment, one behind the other.
class Replayer {
 public:
  Replayer(std::span<const std::byte> file, const UseRecord& use, OpenPages* open)
      : file_{file}, use_{use}, open_{open} {}

  Replay operator()() {
    // Never synced: a lost node may leave a length without its bytes.
    const bool no_header = file_.size() < header_bytes || all_zero(file_.first(header_bytes));
    if (no_header && !holds_record(file_)) {
      replay_.torn_bytes = file_.size();
      return std::move(replay_);
    }
    outcomes_only_ = check_header(file_, replay_) == outcomes_only_version;
    if (!replay_.problem.empty()) return std::move(replay_);
    at_ = header_bytes;
    while (at_ < file_.size() && next()) ++number_;
    if (!replay_.problem.empty() || at_ == file_.size()) return std::move(replay_);
    if (holds_record(file_.subspan(at_ + 1)))
      fail("is damaged and more follows it");
    else
      replay_.torn_bytes = file_.size() - at_;
    return std::move(replay_);
  }

 private:
  /// False where the records end: at damage, which is then named, or at what may be a torn tail.
  bool next() {
    const auto rest = file_.subspan(at_);
    if (rest.size() < frame_bytes || all_zero(rest.first(frame_bytes))) return false;  // a torn tail may be zeros
    ByteReader frame{rest};
    const auto size = frame.get<std::uint32_t>();
    const auto kind = frame.get<std::uint16_t>();
    const auto crc = frame.get<std::uint32_t>();
    if (size > frame.left()) return false;
    const auto payload = frame.get_raw(size);
    const bool known = fits(kind, size) && (kind == static_cast<std::uint16_t>(Kind::outcome) || !outcomes_only_);
    if (crc != checksum(payload) || !known) {
      if (frame.left() > 0) fail("is damaged and more follows it");
      return false;
    }
    try {
      take(static_cast<Kind>(kind), payload);
    } catch (const Error& error) {
      fail(fmt::format("makes no sense: {}", error.what()));
      return false;
    }
    at_ += frame_bytes + size;
    return true;
  }

  void take(Kind kind, std::span<const std::byte> payload) {
    if (kind == Kind::started) {
      const auto page = decode_start(payload);
      if (open_) open_->start(page);
    } else if (kind == Kind::released) {
      const auto keys = decode_release(payload);
      if (!open_) return;
      for (const auto& key : keys) open_->end(key);
      if (keys.empty()) open_->told_to_stop = true;
    } else {
      auto record = decode_record(payload);
      if (open_) open_->end(record.key);
      use_(std::move(record), at_ + frame_bytes, static_cast<std::uint32_t>(payload.size()));
      ++replay_.records;
    }
  }

  void fail(std::string_view what) { replay_.problem = fmt::format("record {} (byte {}) {}", number_, at_, what); }

  std::span<const std::byte> file_;
  const UseRecord& use_;
  OpenPages* open_;
  bool outcomes_only_ = false;
  std::size_t at_ = 0;
  std::uint64_t number_ = 1;  ///< of the record at `at_`
  Replay replay_;
};

}  // namespace

Record decode_record(std::span<const std::byte> payload) {
  ByteReader in{payload, "record"};
  Record record;
  record.key = get_key(in);
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

Replay replay_segment(const std::filesystem::path& path, const UseRecord& use, OpenPages* open) {
  const auto contents = read_file(path);
  return Replayer{std::as_bytes(std::span{contents}), use, open}();
}

Record read_record(const std::filesystem::path& path, std::uint64_t at, std::uint32_t size) {
  const auto fd = open_for_reading(path);
  Bytes frame(frame_bytes + size);
  std::size_t got = 0;
  while (got < frame.size()) {
    const auto count = ::pread(fd.get(), frame.data() + got, frame.size() - got, static_cast<off_t>(at - frame_bytes + got));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) throw storage_error(count < 0 ? errno : EIO, "cannot read a record of", path.string());
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
