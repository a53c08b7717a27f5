#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "pecia/corpus/priority.hpp"

namespace pecia::corpus {

/// What a list of documents says of one.
struct ListEntry {
  std::string path;
  std::optional<Priority> priority;
};

/// Format: docs/formats.md, "Lists of a corpus". Throws `Error` if the file cannot be read,
/// `UsageError` for a word after a tab that is no priority.
[[nodiscard]] std::vector<ListEntry> read_list(const std::filesystem::path& list);

}  // namespace pecia::corpus
