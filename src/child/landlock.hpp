#pragma once

#include <filesystem>
#include <vector>

namespace pecia::child {

/// The version of Landlock that this kernel speaks, 0 if it has none.
[[nodiscard]] int landlock_abi() noexcept;

enum class Access {
  read,   ///< files, and lists of folders
  run,    ///< also start programs
  write,  ///< also make, change, move and remove
};

/// Files, and folders with what is below them.
struct FileRule {
  std::filesystem::path path;
  Access access = Access::read;
};

/// Denies this thread, and what it will start, every file but what `rules` grant, and, where the kernel can, TCP
/// and signals and abstract sockets of other processes. Returns 0 or an errno.
[[nodiscard]] int restrict_files(const std::vector<FileRule>& rules, int abi) noexcept;

}  // namespace pecia::child
