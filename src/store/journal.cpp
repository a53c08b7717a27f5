#include "journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <utility>

#include "pecia/base/error.hpp"
#include "segment_format.hpp"

namespace pecia::store {
namespace {

using segment::checksum;
using segment::Kind;
using segment::magic;
using segment::segment_version;

constexpr mode_t segment_file_mode = 0666;

Bytes header_of(std::uint32_t epoch, std::uint32_t rank, std::uint32_t number) {
  ByteWriter out;
  out.put_raw(std::as_bytes(std::span{magic})).put(segment_version).put(epoch).put(rank).put(number);
  out.put(checksum(out.bytes()));
  return std::move(out).bytes();
}

void put(ByteWriter& out, const PageKey& key) { out.put(key.document.value).put(key.revision).put(key.page); }

}  // namespace

std::string segment_name(std::uint32_t epoch, std::uint32_t rank, std::uint32_t number) {
  return fmt::format("{:06}-{:05}-{:05}.seg", epoch, rank, number);
}

std::optional<SegmentName> parse_segment_name(std::string_view name) {
  SegmentName parsed;
  const auto* at = name.data();
  const auto* const end = at + name.size();
  for (auto* number : {&parsed.epoch, &parsed.rank, &parsed.number}) {
    const auto [after, failed] = std::from_chars(at, end, *number);
    if (failed != std::errc{} || after == end) return std::nullopt;
    at = after + 1;
  }
  if (segment_name(parsed.epoch, parsed.rank, parsed.number) != name) return std::nullopt;
  return parsed;
}

Bytes encode(const Record& record) {
  ByteWriter out;
  put(out, record.key);
  const auto& order = record.order;
  out.put(order.generation).put(order.attempt).put(order.epoch).put(order.rank).put(order.sequence);
  result::encode(out, record.outcome);
  return std::move(out).bytes();
}

SegmentWriter::SegmentWriter(const std::filesystem::path& folder, std::uint32_t epoch, std::uint32_t rank,
                             std::uint32_t number)
    : path_{folder / segment_name(epoch, rank, number)},
      fd_{::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, segment_file_mode)} {
  if (!fd_) throw storage_error(errno, "cannot make the journal segment", path_.string());
  try {
    write_all(fd_.get(), header_of(epoch, rank, number), path_);
  } catch (...) {
    ::unlink(path_.c_str());
    throw;
  }
}

void SegmentWriter::write(std::uint16_t kind, std::span<const std::byte> payload) {
  ByteWriter frame;
  frame.put(static_cast<std::uint32_t>(payload.size())).put(kind).put(checksum(payload)).put_raw(payload);
  write_all(fd_.get(), frame.bytes(), path_);
}

void SegmentWriter::append(std::span<const std::byte> outcome) {
  write(static_cast<std::uint16_t>(Kind::outcome), outcome);
  ++records_;
}

void SegmentWriter::started(const InFlightPage& page) {
  ByteWriter out;
  put(out, page.key);
  out.put(page.generation).put(page.alone);
  write(static_cast<std::uint16_t>(Kind::started), out.bytes());
}

void SegmentWriter::released(std::span<const PageKey> pages) {
  ByteWriter out;
  out.put(static_cast<std::uint32_t>(pages.size()));
  for (const auto& key : pages) put(out, key);
  write(static_cast<std::uint16_t>(Kind::released), out.bytes());
}

void SegmentWriter::sync() {
  sync_file(fd_.get(), path_);
  struct stat now {};
  if (::fstat(fd_.get(), &now) == 0 && now.st_nlink == 0)
    throw storage_error(ENOENT, "the journal segment was deleted while it was written:", path_.string());
  if (!std::exchange(name_committed_, true)) sync_folder(path_.parent_path());
}

bool OpenPages::start(const InFlightPage& page) {
  const auto [known, fresh] = pages_.try_emplace(page.key, page);
  if (!fresh && known->second == page) return false;
  known->second = page;
  return true;
}

std::vector<InFlightPage> OpenPages::list() const {
  std::vector<InFlightPage> list;
  for (const auto& [key, page] : pages_) list.push_back(page);
  return list;
}

std::vector<PageKey> OpenPages::keys() const {
  std::vector<PageKey> keys;
  for (const auto& [key, page] : pages_) keys.push_back(key);
  return keys;
}

}  // namespace pecia::store
