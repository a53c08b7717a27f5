#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "pecia/app/job.hpp"
#include "pecia/corpus/manifest.hpp"

namespace pecia::app {

/// The pages that "3-5,8" names, ascending, each once. Throws `UsageError`.
struct PageRange {
  std::uint32_t first = 1, last = 0;
};
[[nodiscard]] std::vector<PageRange> parse_pages(const std::string& text);

/// A file that is to be read.
struct NamedFile {
  std::filesystem::path named;       ///< as on the command line
  std::uint32_t document = 0;        ///< position in the manifest
  std::vector<std::uint32_t> pages;  ///< ascending; 0 for a file that cannot be read as a whole
  std::string problem;               ///< there are no pages to read: why
};

/// Files outside a run, as documents of a manifest of their own, in the order of the command line.
/// Paths are relative to `root` where they lie below it, as rules want them, and absolute
/// elsewhere.
struct NamedFiles {
  std::filesystem::path root;
  corpus::Manifest manifest;
  std::vector<NamedFile> files;
};

/// Counts the pages of each file, through `pecia-page`. `pages`: of each file; empty: all. A file
/// that is named twice is read once.
[[nodiscard]] NamedFiles look_into(const std::vector<std::filesystem::path>& named,
                                   const std::vector<PageRange>& pages, const Job& job);

}  // namespace pecia::app
