#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace pecia::app {

/// `pecia find RUN REGEX` as asked for on the command line.
struct FindVerbOptions {
  std::filesystem::path run;  ///< or the job file that names it
  std::string pattern;
  std::vector<std::string> documents;  ///< globs; empty: all
  bool ignore_case = false;
  bool count = false;     ///< lines per document, in place of the lines
  std::uint64_t max = 0;  ///< lines to be shown; 0: all
  bool json = false;
};

/// Prints the lines of the pages' texts, as they were read, in which the pattern is found. 0 found, 1 not found, 2 anything
/// else: usage, a pattern that takes too long, a disk without room.
[[nodiscard]] int find_verb(const FindVerbOptions& options);

}  // namespace pecia::app
