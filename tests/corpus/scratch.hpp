#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace pecia::corpus {

/// A fresh folder, removed with what is in it.
class Scratch {
 public:
  Scratch() {
    auto pattern = (std::filesystem::temp_directory_path() / "pecia-corpus-XXXXXX").string();
    if (!::mkdtemp(pattern.data())) throw std::runtime_error{"no temporary folder"};
    folder_ = std::filesystem::canonical(pattern);
    std::filesystem::permissions(folder_, std::filesystem::perms{0755});  // for AsNobody
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }

  /// Writes a file, and the folders above it; gives its path.
  std::filesystem::path write(std::string_view name, std::string_view contents = "x") const {
    const auto path = folder_ / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream{path, std::ios::binary} << contents;
    if (!std::filesystem::exists(path)) throw std::runtime_error{"cannot write " + path.string()};
    return path;
  }

 private:
  std::filesystem::path folder_;
};

/// Permissions do not stop root: for the life of this, root is somebody else.
class AsNobody {
 public:
  AsNobody() : root_{::geteuid() == 0} {
    if (root_ && ::seteuid(65534) != 0) root_ = false;
  }
  ~AsNobody() {
    if (root_ && ::seteuid(0) != 0) std::abort();
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

  [[nodiscard]] bool stopped_by_permissions() const { return ::geteuid() != 0; }

 private:
  bool root_;
};

/// The message with which `call` throws an `Exception`, or empty.
template <class Exception, class Call>
std::string message_of(Call&& call) {
  try {
    call();
  } catch (const Exception& error) {
    return error.what();
  }
  return {};
}

}  // namespace pecia::corpus
