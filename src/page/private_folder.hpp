#pragma once

#include <filesystem>

#include "pecia/base/file.hpp"

namespace pecia::page {

/// A folder of this process alone, below TMPDIR, removed with all that is in it. One that was left behind, by a
/// process that was killed with its whole job, is removed by the next on the same machine that makes one: of a TMPDIR
/// that machines share, nobody else knows who is still at work.
class PrivateFolder {
 public:
  /// Throws `Error`.
  PrivateFolder();
  ~PrivateFolder();
  PrivateFolder(const PrivateFolder&) = delete;
  PrivateFolder& operator=(const PrivateFolder&) = delete;
  /// Before its time.
  void remove() noexcept;
  [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

 private:
  std::filesystem::path path_;
  UniqueFd lock_;  ///< of the folder, held while it is in use
};

}  // namespace pecia::page
