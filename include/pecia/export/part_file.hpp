#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "pecia/base/file.hpp"

namespace pecia::exporting {

/// A file that is written in pieces under a hidden name beside its place, and renamed into it when
/// it is whole. Not synced to disk: an export can be made again, and a sync per document would take
/// longer than the export.
class PartFile {
 public:
  /// Makes the folder, too. Throws `Error`.
  explicit PartFile(const std::filesystem::path& file);
  /// Removes what was not finished.
  ~PartFile();
  PartFile(const PartFile&) = delete;
  PartFile& operator=(const PartFile&) = delete;

  void append(std::string_view text);
  /// For somebody else to write to, in place of `append`.
  [[nodiscard]] int fd() const noexcept { return fd_.get(); }
  void finish();

 private:
  void flush();

  std::filesystem::path file_, part_;
  UniqueFd fd_;
  std::string buffer_;
};

}  // namespace pecia::exporting
