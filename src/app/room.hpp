#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace pecia::app {

/// What so many pages will take on disk: journal and shard side by side, and the index.
/// `journal_bytes_per_page`: as measured on pages of the run; 0: not known yet, dense pages are assumed.
[[nodiscard]] std::uint64_t room_needed_bytes(std::uint64_t pages, std::uint64_t journal_bytes_per_page);

struct FreeRoom {
  bool known = false;
  std::uint64_t bytes = 0;
  bool no_more_files = false;  ///< the file system has no inode left
};
[[nodiscard]] FreeRoom free_room(const std::filesystem::path& folder);

/// "about 12 MiB in /run (3 MiB free)"
[[nodiscard]] std::string room_text(const std::filesystem::path& folder, std::uint64_t needed_bytes);

}  // namespace pecia::app
