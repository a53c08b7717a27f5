#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "pecia/base/file.hpp"
#include "pecia/store/run.hpp"

namespace pecia::exporting {

/// Makes the folder of an export. Throws `UsageError` where it cannot be written, and for a folder
/// of the run that is not there for exports.
void make_out_folder(const std::filesystem::path& out, const store::RunPaths& run);

/// Holds the folder for one export, by flock on a hidden file in it: two at once would lose each
/// other's entries in export.json. Whoever is killed holds it no longer.
class FolderLock {
 public:
  /// Throws `UsageError` that names the process which holds it. Warns where the file system knows
  /// no locks.
  explicit FolderLock(const std::filesystem::path& out);
  ~FolderLock();
  FolderLock(const FolderLock&) = delete;
  FolderLock& operator=(const FolderLock&) = delete;

  /// False: the file system knows no locks.
  [[nodiscard]] bool held() const noexcept { return static_cast<bool>(fd_); }

 private:
  std::filesystem::path file_;
  UniqueFd fd_;
};

/// Removes what killed exports left half-written, `.PID.N.part` and `.PID.N.pdf.part`: of the
/// folder alone, or with all below it. For who holds its lock: nobody else writes there.
void remove_parts(const std::filesystem::path& out, bool all_below);

/// A file of an earlier export that is there. Never one outside `out`: not through "..", nor through a link.
[[nodiscard]] std::optional<std::filesystem::path> earlier_file(const std::filesystem::path& out, const std::string& file);
/// Removes such a file.
void remove_earlier_file(const std::filesystem::path& out, const std::string& file);
/// Gives it another name, and removes folders that are empty then: only while nobody writes, who may be about to. Throws `Error`.
void rename_earlier_file(const std::filesystem::path& out, const std::string& file, const std::string& name);

}  // namespace pecia::exporting
