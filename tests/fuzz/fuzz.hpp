#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string_view>

#include "support/temp_folder.hpp"

/// libFuzzer's own mutation, for mutators that mend checksums afterwards.
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

namespace pecia::fuzz {

/// A folder for the files under test, in memory where the system has such: thousands are written a second.
inline const std::filesystem::path& scratch() {
  static const test::TempFolder folder = [] {
    if (std::filesystem::is_directory("/dev/shm")) ::setenv("TMPDIR", "/dev/shm", 1);
    return test::TempFolder{};
  }();
  return folder.path();
}

inline std::string_view text_of(std::span<const std::uint8_t> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

inline void put_file(const std::filesystem::path& path, std::string_view contents) {
  std::FILE* file = std::fopen(path.c_str(), "wb");
  if (!file || std::fwrite(contents.data(), 1, contents.size(), file) != contents.size() || std::fclose(file) != 0)
    std::abort();
}

/// What must hold whatever the bytes; a finding where it does not.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "does not hold: %s\n", what);
  std::abort();
}

}  // namespace pecia::fuzz
