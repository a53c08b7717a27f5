#include "room.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

namespace pecia::app {
namespace {

/// Journal, shard and index together, per page of dense text with word boxes (docs/performance.md).
constexpr std::uint64_t dense_page_bytes = 40'000;
/// Shard and index are half of the journal (docs/performance.md).
constexpr double with_shard = 1.5;
constexpr double mib = 1024.0 * 1024.0;

}  // namespace

std::uint64_t room_needed_bytes(std::uint64_t pages, std::uint64_t journal_bytes_per_page) {
  if (journal_bytes_per_page == 0) return pages * dense_page_bytes;
  return static_cast<std::uint64_t>(with_shard * static_cast<double>(journal_bytes_per_page) * static_cast<double>(pages));
}

FreeRoom free_room(const std::filesystem::path& folder) {
  struct statvfs disk {};
  if (statvfs(folder.c_str(), &disk) != 0) return {};
  // Some file systems make inodes as they go and count none.
  return {true, std::uint64_t{disk.f_bavail} * disk.f_frsize, disk.f_files > 0 && disk.f_favail == 0};
}

std::string room_text(const std::filesystem::path& folder, std::uint64_t needed_bytes) {
  const auto room = free_room(folder);
  const auto free = !room.known ? std::string{"free space unknown"}
                    : room.no_more_files
                        ? std::string{"no more files can be made"}
                        : fmt::format("{:.1f} MiB free, quotas not counted", static_cast<double>(room.bytes) / mib);
  return fmt::format("about {:.1f} MiB in {} ({})", static_cast<double>(needed_bytes) / mib, folder.string(), free);
}

}  // namespace pecia::app
